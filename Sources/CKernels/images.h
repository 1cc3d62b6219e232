// Bodies of the kernels for images and for functions of one value, compiled once for each variant.
//
// An image is [channels][rows][places][16 lanes], 16 samples side by side, in memory that may have a border of zeros around
// each channel. Strides are in floats.
#ifndef CK_IMAGES_H
#define CK_IMAGES_H

#include "score.h"

#pragma STDC FP_CONTRACT OFF

enum { image_lanes = vector_lanes };

// A macro, because a function that returns a vector has another convention in each variant.
#define LOAD(x) (*(const floats *)(x))

// Notes lanes that are not finite, takes the last step of a node, makes -0 to +0, and stores.
CK_INLINE void finish(const ck_convolution *c, size_t channel, const floats *sums, float *y, ints *nonfinite) {
  floats sum = *sums;
  if (c->scale) sum = __builtin_elementwise_fma(sum, SPLAT(c->scale[channel]), SPLAT(c->shift[channel]));
  *nonfinite |= ((ints)sum & 0x7fffffff) >= 0x7f800000;
  *(floats *)y = c->relu ? (floats)((ints)sum & (sum > 0)) : sum + 0.0f;
}

// `count` neighbouring places of one output channel, whose sums stay in registers.
CK_INLINE void sparse_places(const ck_convolution *c, const float *x, size_t step, float *y, size_t channel,
                             uint32_t start, uint32_t end, const uint32_t *offsets, const float *values, size_t count,
                             ints *nonfinite) {
  floats sums[16];
  floats first = c->bias ? SPLAT(c->bias[channel]) : SPLAT(0.0f);
  for (size_t t = 0; t < count; t++) sums[t] = first;
  for (uint32_t k = start; k < end; k++) {
    const float *from = x + offsets[k];
    floats w = SPLAT(values[k]);
    for (size_t t = 0; t < count; t++) sums[t] = __builtin_elementwise_fma(w, LOAD(from + t * step), sums[t]);
  }
  for (size_t t = 0; t < count; t++)
    finish(c, channel, &sums[t], y + t * image_lanes, nonfinite);
}

// All output channels over one stretch of a row before the next stretch, so that its inputs stay in the cache.
CK_INLINE void sparse_stretch(const ck_convolution *c, const float *x, size_t step, float *y, const uint32_t *starts,
                              const uint32_t *offsets, const float *values, size_t count, ints *nonfinite) {
  for (size_t o = 0; o < c->channels; o++)
    sparse_places(c, x, step, y + o * c->output_channel, o, starts[o], starts[o + 1], offsets, values, count, nonfinite);
}

CK_INLINE void convolve_sparse(const ck_convolution *c, const uint32_t *starts, const uint32_t *offsets,
                               const float *values, size_t step, size_t widest) {
  ints nonfinite = *(const ints *)c->nonfinite;
  for (size_t row = 0; row < c->height; row++) {
    size_t place = 0;
    while (place < c->width) {
      const float *x = c->inputs + row * c->input_row + place * step;
      float *y = c->outputs + row * c->output_row + place * image_lanes;
      size_t left = c->width - place;
      size_t count = left >= 16 && widest >= 16 ? 16 : left >= 8 && widest >= 8 ? 8 : left >= 4 ? 4 : left >= 2 ? 2 : 1;
      // The count has to be a constant for the sums to stay in registers.
      if (count == 16) sparse_stretch(c, x, step, y, starts, offsets, values, widest >= 16 ? 16 : 1, &nonfinite);
      else if (count == 8) sparse_stretch(c, x, step, y, starts, offsets, values, widest >= 8 ? 8 : 1, &nonfinite);
      else if (count == 4) sparse_stretch(c, x, step, y, starts, offsets, values, 4, &nonfinite);
      else if (count == 2) sparse_stretch(c, x, step, y, starts, offsets, values, 2, &nonfinite);
      else sparse_stretch(c, x, step, y, starts, offsets, values, 1, &nonfinite);
      place += count;
    }
  }
  *(ints *)c->nonfinite = nonfinite;
}

// `height` output channels by `count` neighbouring places.
CK_INLINE void dense_places(const ck_convolution *c, const float *x, size_t step, float *y, size_t channel,
                            const uint32_t *offsets, const float *weights, size_t taps, size_t height, size_t count,
                            ints *nonfinite) {
  floats sums[8][8];
  for (size_t h = 0; h < height; h++)
    for (size_t t = 0; t < count; t++) sums[h][t] = c->bias ? SPLAT(c->bias[channel + h]) : SPLAT(0.0f);
  const float *w = weights + channel * taps;
  for (size_t k = 0; k < taps; k++) {
    const float *from = x + offsets[k];
    floats inputs[8];
    for (size_t t = 0; t < count; t++) inputs[t] = LOAD(from + t * step);
    for (size_t h = 0; h < height; h++) {
      floats weight = SPLAT(w[h * taps + k]);
      for (size_t t = 0; t < count; t++) sums[h][t] = __builtin_elementwise_fma(weight, inputs[t], sums[h][t]);
    }
  }
  for (size_t h = 0; h < height; h++)
    for (size_t t = 0; t < count; t++)
      finish(c, channel + h, &sums[h][t], y + (channel + h) * c->output_channel + t * image_lanes, nonfinite);
}

CK_INLINE void dense_stretch(const ck_convolution *c, const float *x, size_t step, float *y, const uint32_t *offsets,
                             const float *weights, size_t taps, size_t height, size_t count, ints *nonfinite) {
  size_t o = 0;
  for (; o + height <= c->channels; o += height)
    dense_places(c, x, step, y, o, offsets, weights, taps, height, count, nonfinite);
  if (height > 2)
    for (; o + 2 <= c->channels; o += 2) dense_places(c, x, step, y, o, offsets, weights, taps, 2, count, nonfinite);
  for (; o < c->channels; o++) dense_places(c, x, step, y, o, offsets, weights, taps, 1, count, nonfinite);
}

CK_INLINE void convolve_dense(const ck_convolution *c, const uint32_t *offsets, const float *weights, size_t taps,
                              size_t step, size_t height, size_t widest) {
  ints nonfinite = *(const ints *)c->nonfinite;
  for (size_t row = 0; row < c->height; row++) {
    size_t place = 0;
    while (place < c->width) {
      const float *x = c->inputs + row * c->input_row + place * step;
      float *y = c->outputs + row * c->output_row + place * image_lanes;
      size_t left = c->width - place;
      size_t count = left >= 4 && widest >= 4 ? 4 : left >= 2 ? 2 : 1;
      if (count == 4) dense_stretch(c, x, step, y, offsets, weights, taps, height, widest >= 4 ? 4 : 1, &nonfinite);
      else if (count == 2) dense_stretch(c, x, step, y, offsets, weights, taps, height, 2, &nonfinite);
      else dense_stretch(c, x, step, y, offsets, weights, taps, height, 1, &nonfinite);
      place += count;
    }
  }
  *(ints *)c->nonfinite = nonfinite;
}

CK_INLINE void pool(const ck_pool *p) {
  for (size_t c = 0; c < p->channels; c++) {
    for (size_t oy = 0; oy < p->output_height; oy++) {
      ptrdiff_t top = (ptrdiff_t)(oy * p->vertical_stride) - (ptrdiff_t)p->top;
      size_t y0 = top < 0 ? 0 : (size_t)top;
      size_t y1 = (size_t)(top + (ptrdiff_t)p->window_height);
      if (y1 > p->height) y1 = p->height;
      for (size_t ox = 0; ox < p->output_width; ox++) {
        ptrdiff_t left = (ptrdiff_t)(ox * p->horizontal_stride) - (ptrdiff_t)p->left;
        size_t x0 = left < 0 ? 0 : (size_t)left;
        size_t x1 = (size_t)(left + (ptrdiff_t)p->window_width);
        if (x1 > p->width) x1 = p->width;
        const float *in = p->inputs + c * p->input_channel;
        floats result = p->average ? SPLAT(0.0f) : LOAD(in + y0 * p->input_row + x0 * image_lanes);
        for (size_t y = y0; y < y1; y++)
          for (size_t x = x0; x < x1; x++) {
            floats value = LOAD(in + y * p->input_row + x * image_lanes);
            if (p->average) result = result + value;
            else result = (floats)(((ints)value & (value > result)) | ((ints)result & ~(value > result)));
          }
        if (p->average) {
          size_t count = p->counts_padding ? p->window_height * p->window_width : (y1 - y0) * (x1 - x0);
          result = result / SPLAT((float)count) + 0.0f;
          *(ints *)p->nonfinite |= ((ints)result & 0x7fffffff) >= 0x7f800000;
        }
        *(floats *)(p->outputs + c * p->output_channel + oy * p->output_row + ox * image_lanes) = result;
      }
    }
  }
}

CK_INLINE double hyperbolic_tangent(double x) {
  static const double series[8] = {-929569.0 / 638512875, 21844.0 / 6081075, -1382.0 / 155925, 62.0 / 2835,
                                   -17.0 / 315,           2.0 / 15,          -1.0 / 3,         1.0};
  double square = x * x;
  double sum = series[0];
  for (int i = 1; i < 8; i++) sum = __builtin_fma(sum, square, series[i]);
  double magnitude = x < 0 ? -x : x;
  double large = 1 - 2 / (exponential(2 * magnitude) + 1);
  double y = magnitude < 0.25 ? x * sum : x < 0 ? -large : large;
  return x != x ? x : y;
}

// `cycle` vectors hold the lanes of one place or feature.
CK_INLINE void map(int32_t kind, float a, float b, const float *x, float *y, size_t count, int32_t *nonfinite,
                   size_t cycle) {
  for (size_t i = 0; i < count; i += vector_lanes) {
    floats in = LOAD(x + i);
    floats out = in;
    switch (kind) {
      case CK_RELU: out = (floats)((ints)in & (in > 0)); break;
      case CK_LEAKY_RELU: {
        floats small = SPLAT(a) * in;
        out = (floats)(((ints)in & (in > 0)) | ((ints)small & ~(in > 0))) + 0.0f;
        break;
      }
      case CK_CLIP: {
        floats low = SPLAT(a), high = SPLAT(b);
        out = (floats)(((ints)in & (in > low)) | ((ints)low & ~(in > low)));
        out = (floats)(((ints)out & (out < high)) | ((ints)high & ~(out < high))) + 0.0f;
        break;
      }
      case CK_SIGMOID:
        for (size_t l = 0; l < vector_lanes; l++) out[l] = (float)(1 / (1 + exponential(-(double)in[l])));
        break;
      case CK_TANH:
        for (size_t l = 0; l < vector_lanes; l++) out[l] = (float)hyperbolic_tangent((double)in[l]) + 0.0f;
        break;
      case CK_AFFINE: out = __builtin_elementwise_fma(in, SPLAT(a), SPLAT(b)) + 0.0f; break;
      default: break;
    }
    ints *flags = (ints *)nonfinite + i / vector_lanes % cycle;
    *flags |= ((ints)in & 0x7fffffff) >= 0x7f800000;
    *flags |= ((ints)out & 0x7fffffff) >= 0x7f800000;
    *(floats *)(y + i) = out;
  }
}

CK_INLINE void add(const float *x, float *y, size_t count, int32_t *nonfinite, size_t cycle) {
  for (size_t i = 0; i < count; i += vector_lanes) {
    floats sum = LOAD(y + i) + LOAD(x + i) + 0.0f;
    ((ints *)nonfinite)[i / vector_lanes % cycle] |= ((ints)sum & 0x7fffffff) >= 0x7f800000;
    *(floats *)(y + i) = sum;
  }
}

CK_INLINE void softmax(const float *x, float *y, size_t classes, int32_t logarithmic) {
  double highest[CK_LANES], sum[CK_LANES];
  for (size_t l = 0; l < CK_LANES; l++) {
    highest[l] = x[l];
    sum[l] = 0;
  }
  for (size_t c = 1; c < classes; c++)
    for (size_t l = 0; l < CK_LANES; l++) {
      double z = x[c * CK_LANES + l];
      highest[l] = z > highest[l] ? z : highest[l];
    }
  for (size_t c = 0; c < classes; c++)
    for (size_t l = 0; l < CK_LANES; l++) sum[l] = sum[l] + exponential((double)x[c * CK_LANES + l] - highest[l]);
  for (size_t c = 0; c < classes; c++)
    for (size_t l = 0; l < CK_LANES; l++) {
      double d = (double)x[c * CK_LANES + l] - highest[l];
      double value = logarithmic ? d - logarithm(sum[l]) : exponential(d) / sum[l];
      y[c * CK_LANES + l] = (float)value + 0.0f;
    }
}

#endif
