// Bodies of the convolution kernels, compiled once for each variant and tile.
#ifndef CK_CONVOLUTION_H
#define CK_CONVOLUTION_H

#include "images.h"

#pragma STDC FP_CONTRACT OFF

#define CK_UNROLL _Pragma("clang loop unroll(full)")

enum { most_sums = 16 };

// Takes the last steps of a group of nodes, `summand` being the place of what is added, notes lanes that are not finite, and makes -0 to +0.
CK_INLINE void finish(const ck_convolution *c, size_t channel, size_t summand, floats *sum, ints *nonfinite) {
  if (c->scale) *sum = __builtin_elementwise_fma(*sum, SPLAT(c->scale[channel]), SPLAT(c->shift[channel]));
  *nonfinite |= ((ints)*sum & 0x7fffffff) >= 0x7f800000;
  if (c->summand) {
    *sum = *sum + LOAD(c->summand + summand);
    *nonfinite |= ((ints)*sum & 0x7fffffff) >= 0x7f800000;
  }
  *sum = c->relu ? (floats)((ints)*sum & (*sum > 0)) : *sum + 0.0f;
}

// One tile: `tall` channels from `channel` on by rows by columns of places, whose sums stay in registers over all taps.
// Each tap has `tall` weights. `step` is a constant for the compiler where windows of neighbours lie side by side. Sums
// that do not start or end here wait in `unfinished`.
CK_INLINE void convolve_tile(const ck_convolution *c, size_t step, size_t top, size_t left, size_t channel,
                             const uint32_t *offsets, size_t taps, const float *weights, size_t tall, size_t rows,
                             size_t columns, int starts, int ends, floats *unfinished) {
  const float *x = c->inputs + top * c->input_row + left * step;
  size_t down = c->input_row;
  floats sums[most_sums];
  CK_UNROLL for (size_t t = 0; t < tall; t++) {
    floats first = SPLAT(c->bias ? c->bias[channel + t] : 0.0f);
    CK_UNROLL for (size_t p = 0; p < rows * columns; p++)
      sums[t * rows * columns + p] = starts ? first : unfinished[t * rows * columns + p];
  }
  for (size_t k = 0; k < taps; k++) {
    const float *window = x + offsets[k];
    CK_UNROLL for (size_t r = 0; r < rows; r++) {
      CK_UNROLL for (size_t p = 0; p < columns; p++) {
        floats value = LOAD(window + r * down + p * step);
        CK_UNROLL for (size_t t = 0; t < tall; t++) {
          floats *sum = &sums[(t * rows + r) * columns + p];
          *sum = __builtin_elementwise_fma(SPLAT(weights[k * tall + t]), value, *sum);
        }
      }
    }
  }
  if (!ends) {
    CK_UNROLL for (size_t i = 0; i < tall * rows * columns; i++) unfinished[i] = sums[i];
    return;
  }
  ints nonfinite = *(const ints *)c->nonfinite;
  CK_UNROLL for (size_t t = 0; t < tall; t++) {
    CK_UNROLL for (size_t r = 0; r < rows; r++) {
      float *y = c->outputs + (channel + t) * c->output_channel + (top + r) * c->output_row + left * image_lanes;
      size_t summand = (channel + t) * c->summand_channel + (top + r) * c->summand_row + left * image_lanes;
      CK_UNROLL for (size_t p = 0; p < columns; p++) {
        floats *sum = &sums[(t * rows + r) * columns + p];
        finish(c, channel + t, summand + p * image_lanes, sum, &nonfinite);
        *(floats *)(y + p * image_lanes) = *sum;
      }
    }
  }
  *(ints *)c->nonfinite = nonfinite;
}

// Where the tile at `start` begins: earlier where it would leave the image. It then computes some places twice, which
// is cheaper than kernels of every size for the rest.
#define CK_CLAMP(start, size, total) ((start) + (size) <= (total) ? (start) : (total) - (size))

// Places outermost, so that their windows stay in the second-level cache for all channels; then chunks of taps, whose
// part of the windows stays in the first-level cache.
CK_INLINE void convolve_sparse(const ck_convolution *c, size_t step, const uint32_t *starts, const uint32_t *offsets,
                               const float *values, size_t chunks, float *unfinished, size_t rows, size_t columns) {
  for (size_t top = 0; top < c->height; top += rows)
    for (size_t left = 0; left < c->width; left += columns)
      for (size_t chunk = 0; chunk < chunks; chunk++)
        for (size_t channel = 0; channel < c->channels; channel++) {
          const uint32_t *run = starts + chunk * c->channels + channel;
          convolve_tile(c, step, CK_CLAMP(top, rows, c->height), CK_CLAMP(left, columns, c->width), channel,
                        offsets + run[0], run[1] - run[0], values + run[0], 1, rows, columns, chunk == 0,
                        chunk + 1 == chunks, (floats *)unfinished + channel * rows * columns);
        }
}

CK_INLINE void convolve_dense(const ck_convolution *c, size_t step, const uint32_t *offsets, const float *weights,
                              size_t taps, size_t tall, size_t rows, size_t columns) {
  for (size_t top = 0; top < c->height; top += rows)
    for (size_t left = 0; left < c->width; left += columns)
      for (size_t channel = 0; channel < c->channels; channel += tall)
        convolve_tile(c, step, CK_CLAMP(top, rows, c->height), CK_CLAMP(left, columns, c->width),
                      CK_CLAMP(channel, tall, c->channels), offsets, taps, weights + channel * taps, tall, rows,
                      columns, 1, 1, NULL);
}

// The tile that needs the fewest cycles: a tap takes one for each sum, but four at least (the latency of a
// multiply-add), and about one more for itself.
static inline ck_tile cheapest(const ck_tile *tiles, size_t count, size_t channels, size_t height, size_t width) {
  ck_tile best = {1, 1, 1};
  size_t lowest = SIZE_MAX;
  for (size_t i = 0; i < count; i++) {
    ck_tile t = tiles[i];
    if (t.channels > channels || t.rows > height || t.columns > width) continue;
    size_t number = ((channels + t.channels - 1) / t.channels) * ((height + t.rows - 1) / t.rows) *
                    ((width + t.columns - 1) / t.columns);
    size_t sums = (size_t)t.channels * t.rows * t.columns;
    size_t cost = number * ((sums < 4 ? 4 : sums) + 1);
    if (cost < lowest) {
      lowest = cost;
      best = t;
    }
  }
  return best;
}

#endif
