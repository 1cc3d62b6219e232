#include "CKernels.h"
#include "layers.h"
#include "images.h"
#include "score.h"

#pragma STDC FP_CONTRACT OFF

// Named variants and a choice at run time, not target_clones: each can be tested on one machine, has its own tile, and
// needs no resolver, which ThreadSanitizer crashes in and static C libraries lack.
#define CK_DEFINE(variant, target, height, width, tall, wide, places)                                                                    \
  target void ck_sparse_##variant(const ck_pass *pass, const uint32_t *starts, const uint32_t *rows,                 \
                                  const float *values) {                                                             \
    sparse(pass, starts, rows, values);                                                                              \
  }                                                                                                                  \
  target void ck_dense_##variant(const ck_pass *pass, const float *weights, size_t stride, size_t features) {        \
    dense(pass, weights, stride, features, height, width);                                                           \
  }                                                                                                                  \
  target void ck_expand_##variant(const uint8_t *bytes, float scale, size_t count, float *values) {                  \
    expand(bytes, scale, count, values);                                                                             \
  }                                                                                                                  \
  target size_t ck_score_##variant(const float *logits, size_t classes, const uint8_t *labels, size_t count,         \
                                   double *loss) {                                                                   \
    return score(logits, classes, labels, count, loss);                                                              \
  }                                                                                                                  \
  target void ck_exp_##variant(const double *x, double *y, size_t count) {                                           \
    for (size_t i = 0; i < count; i++) y[i] = exponential(x[i]);                                                     \
  }                                                                                                                  \
  target void ck_log_##variant(const double *x, double *y, size_t count) {                                           \
    for (size_t i = 0; i < count; i++) y[i] = logarithm(x[i]);                                                       \
  }                                                                                                                  \
  target void ck_tanh_##variant(const double *x, double *y, size_t count) {                                          \
    for (size_t i = 0; i < count; i++) y[i] = hyperbolic_tangent(x[i]);                                              \
  }                                                                                                                  \
  target void ck_sigmoid_##variant(const double *x, double *y, size_t count) {                                       \
    for (size_t i = 0; i < count; i++) y[i] = 1 / (1 + exponential(-x[i]));                                          \
  }                                                                                                                  \
  target void ck_convolve_sparse_##variant(const ck_convolution *c, const uint32_t *starts, const uint32_t *offsets, \
                                           const float *values) {                                                    \
    if (c->input_place == image_lanes) convolve_sparse(c, starts, offsets, values, image_lanes, places);             \
    else convolve_sparse(c, starts, offsets, values, c->input_place, places);                                        \
  }                                                                                                                  \
  target void ck_convolve_dense_##variant(const ck_convolution *c, const uint32_t *offsets, const float *weights,    \
                                          size_t taps) {                                                             \
    if (c->input_place == image_lanes) convolve_dense(c, offsets, weights, taps, image_lanes, tall, wide);           \
    else convolve_dense(c, offsets, weights, taps, c->input_place, tall, wide);                                      \
  }                                                                                                                  \
  target void ck_pool_##variant(const ck_pool *p) { pool(p); }                                                       \
  target void ck_map_##variant(int32_t kind, float a, float b, const float *x, float *y, size_t count,               \
                               int32_t *nonfinite, size_t cycle) {                                                   \
    switch (kind) {                                                                                                  \
      case CK_RELU: map(CK_RELU, a, b, x, y, count, nonfinite, cycle); break;                                        \
      case CK_LEAKY_RELU: map(CK_LEAKY_RELU, a, b, x, y, count, nonfinite, cycle); break;                            \
      case CK_CLIP: map(CK_CLIP, a, b, x, y, count, nonfinite, cycle); break;                                        \
      case CK_SIGMOID: map(CK_SIGMOID, a, b, x, y, count, nonfinite, cycle); break;                                  \
      case CK_TANH: map(CK_TANH, a, b, x, y, count, nonfinite, cycle); break;                                        \
      case CK_AFFINE: map(CK_AFFINE, a, b, x, y, count, nonfinite, cycle); break;                                    \
      default: map(CK_COPY, a, b, x, y, count, nonfinite, cycle);                                                    \
    }                                                                                                                \
  }                                                                                                                  \
  target void ck_add_##variant(const float *x, float *y, size_t count, int32_t *nonfinite, size_t cycle) {           \
    add(x, y, count, nonfinite, cycle);                                                                              \
  }                                                                                                                  \
  target void ck_softmax_##variant(const float *x, float *y, size_t classes, int32_t logarithmic) {                  \
    softmax(x, y, classes, logarithmic);                                                                             \
  }                                                                                                                  \
  target void ck_normalize_##variant(float mean, float deviation, size_t count, float *values) {                     \
    for (size_t i = 0; i < count; i++) values[i] = (values[i] - mean) / deviation;                                   \
  }

// Tiles (dense layers; convolutions, channels by places; places of sparse convolutions): as many chains as the
// registers hold, 16 to 24 of 512 bits and 12 of 256.
CK_DEFINE(baseline, , 1, 1, 1, 1, 1)
#if defined(__x86_64__)
CK_DEFINE(v3, __attribute__((target("arch=x86-64-v3"))), 6, 1, 3, 2, 4)
// Without the second attribute clang cuts 512-bit vectors in two for this architecture.
CK_DEFINE(v4, __attribute__((target("arch=x86-64-v4"), min_vector_width(512))), 4, 4, 6, 4, 16)

int ck_level(void) { return __builtin_cpu_supports("x86-64-v4") ? 4 : __builtin_cpu_supports("x86-64-v3") ? 3 : 0; }
#else
CK_DEFINE(v3, , 4, 1, 2, 2, 4)
CK_DEFINE(v4, , 4, 1, 2, 2, 4)

int ck_level(void) { return 0; }
#endif
