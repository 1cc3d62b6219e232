#ifndef CTRAINING_H
#define CTRAINING_H

#include <stddef.h>
#include <stdint.h>

// The parts of training that are not products of plain matrices, vectorised. Every sum has one order that no variant
// changes, and multiply-adds are written as such, so all variants give the same bits.
//
// Values lie channel last: [samples][height][width][channels], so that lanes are channels and a layer sees a matrix of
// `rows` places by `channels`. Kernels read whole vectors: behind each array that is read there is room for CT_LANES
// more floats, and arrays with one value a channel are filled up with zeros to a multiple of CT_LANES.
#define CT_LANES 16

// Where a convolution finds its inputs: tap k of place p is x[places[p] + taps[k]].
typedef struct {
  const float *x;
  const ptrdiff_t *places;  // [count]
  size_t count;
  const ptrdiff_t *taps;  // [depth]
  size_t depth;
} ct_windows;

// A slide of windows over images of [height][width][channels]; the padding needs no memory.
typedef struct {
  size_t samples, height, width, channels;
  size_t out_height, out_width;
  size_t window_height, window_width, vertical_stride, horizontal_stride;
  size_t top, left;
  int32_t counts_padding;
} ct_pool;

// How images are put into larger ones: source row h goes to row top + h * vertical_step, and so on; what falls outside
// is left out.
typedef struct {
  size_t samples, height, width, channels;
  size_t to_height, to_width;
  ptrdiff_t top, left, vertical_step, horizontal_step;
} ct_placement;

// What an optimizer does to `count` values. `keep` is null or has all ones where a value may change, 0 elsewhere.
typedef struct {
  size_t count;
  const float *gradient;
  const uint32_t *keep;
  float l1, l2, rate;
} ct_step;

// The kernels of one variant.
typedef struct {
  // y[i] += x[i]
  void (*add)(const float *x, size_t count, float *y);
  // y[i] *= x[i]
  void (*multiply)(const float *x, size_t count, float *y);
  // y[i] = max(x[i], 0); NaN stays NaN. x may be y.
  void (*relu)(const float *x, size_t count, float *y);
  // dx[i] = y[i] > 0 ? dy[i] : 0. dx may be dy.
  void (*relu_backward)(const float *y, const float *dy, size_t count, float *dx);
  // sums[c] = the sum of x[row][c] over rows
  void (*sum_rows)(const float *x, size_t rows, size_t channels, double *sums);
  // sums[c] and squares[c]: of x[row][c] - origin[c]
  void (*moments)(const float *x, size_t rows, size_t channels, const float *origin, double *sums, double *squares);
  // y = (x - mean) * scale + shift, by channel
  void (*normalize)(const float *x, size_t rows, size_t channels, const float *mean, const float *scale,
                    const float *shift, float *y);
  // sums[c] = sum of dy, products[c] = sum of dy * (x - mean)
  void (*normalize_sums)(const float *x, const float *dy, size_t rows, size_t channels, const float *mean,
                         double *sums, double *products);
  // dx = (dy - a) * scale - (x - mean) * b, by channel. dx may be dy.
  void (*normalize_backward)(const float *x, const float *dy, size_t rows, size_t channels, const float *mean,
                             const float *scale, const float *a, const float *b, float *dx);
  // The largest value of each window and the number of its tap; of equals the first; a NaN wins.
  void (*max_pool)(const ct_pool *pool, const float *x, float *y, int32_t *taps);
  // dx += dy at the places of the largest values
  void (*max_pool_backward)(const ct_pool *pool, const float *dy, const int32_t *taps, float *dx);
  void (*average_pool)(const ct_pool *pool, const float *x, float *y);
  // dx += dy / values of the window
  void (*average_pool_backward)(const ct_pool *pool, const float *dy, float *dx);
  // Images into zero-filled larger ones.
  void (*place)(const ct_placement *placement, const float *x, float *y);
  // [rows][columns] -> [columns][rows]
  void (*transpose)(const float *x, size_t rows, size_t columns, float *y);
  // y[p * stride + o] = bias[o] + sum over k of x[tap k of place p] * weights[k][o] for o in 0..<outputs, of at most
  // 4 * CT_LANES; weights are `width` apart, a multiple of CT_LANES. With a null bias the chains go on from y.
  void (*convolve)(const ct_windows *windows, const float *weights, size_t width, size_t outputs, const float *bias,
                   float *y, size_t stride);
  // weights[k][o] += sum over places of x[tap k of place p] * dy[p * stride + o]
  void (*correlate)(const ct_windows *windows, const float *dy, size_t stride, size_t width, float *weights);
  // y[places[p] + taps[k]] += columns[p * width + k]; taps follow each other in runs of `run`.
  void (*scatter)(const ct_windows *windows, size_t run, const float *columns, size_t width, float *y);
  // y[p * stride + c] = bias[c] + sum over k of x[tap k of place p, c] * weights[k * width + c]
  void (*convolve_channels)(const ct_windows *windows, const float *weights, size_t width, size_t channels,
                            const float *bias, float *y, size_t stride);
  // weights[k * width + c] += sum over places of x[tap k of place p, c] * dy[p * stride + c]
  void (*correlate_channels)(const ct_windows *windows, const float *dy, size_t stride, size_t width, size_t channels,
                             float *weights);
  // v = momentum * v + g; w -= rate * (nesterov ? g + momentum * v : v). A null v is plain descent.
  void (*descend)(const ct_step *step, float momentum, int32_t nesterov, float *v, float *w);
  // Adam's step. l2 is part of the gradient; w is first multiplied by `shrink`.
  void (*adapt)(const ct_step *step, float beta1, float beta2, float correction, float epsilon, float shrink, float *m,
                float *v, float *w);
} ct_kernels;

extern const ct_kernels ct_baseline;
// AVX2 and FMA.
extern const ct_kernels ct_v3;
// AVX-512.
extern const ct_kernels ct_v4;

#endif
