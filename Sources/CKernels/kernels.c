#include "CKernels.h"
#include "convolution.h"
#include "images.h"
#include "layers.h"
#include "runs.h"
#include "score.h"

#pragma STDC FP_CONTRACT OFF

// Named variants and a choice at run time, not target_clones: each can be tested on one machine, has its own tile, and
// needs no resolver, which ThreadSanitizer crashes in and static C libraries lack.

// One kernel for each tile, because the sums stay in registers only where the compiler knows their number.
#define CK_TILE(t, r, k) {t, r, k},
#define CK_WITH_TILE(t, r, k, kernel, ...)                                                                             \
  if (c->tile.channels == (t) && c->tile.rows == (r) && c->tile.columns == (k)) {                                      \
    if (c->input_place == image_lanes) return kernel(c, image_lanes, __VA_ARGS__);                                     \
    return kernel(c, c->input_place, __VA_ARGS__);                                                                     \
  }
#define CK_SPARSE(t, r, k) CK_WITH_TILE(t, r, k, convolve_sparse, starts, offsets, values, chunks, unfinished, r, k)
#define CK_DENSE(t, r, k) CK_WITH_TILE(t, r, k, convolve_dense, offsets, weights, taps, t, r, k)

#define CK_DEFINE(variant, builds, neurons, across, wide, filtered, sparse_tiles, dense_tiles)                                         \
  builds void ck_sparse_##variant(const ck_pass *pass, const uint32_t *starts, const uint32_t *rows,                   \
                                  const float *values) {                                                               \
    sparse(pass, starts, rows, values);                                                                                \
  }                                                                                                                    \
  builds void ck_dense_##variant(const ck_pass *pass, const float *weights, size_t stride, size_t features) {          \
    dense(pass, weights, stride, features, neurons, across);                                                           \
  }                                                                                                                    \
  builds void ck_expand_##variant(const uint8_t *bytes, float scale, size_t count, float *values) {                    \
    expand(bytes, scale, count, values);                                                                               \
  }                                                                                                                    \
  builds void ck_expand_rows_##variant(const uint8_t *bytes, float scale, const uint32_t *rows, size_t count,          \
                                       float *values) {                                                                \
    expand_rows(bytes, scale, rows, count, values);                                                                    \
  }                                                                                                                    \
  builds size_t ck_exchange_##variant(float *kept, float *fresh, const uint32_t *rows, size_t count,                   \
                                      uint32_t *changed) {                                                             \
    return exchange(kept, fresh, rows, count, changed);                                                                \
  }                                                                                                                    \
  builds void ck_sum_##variant(const ck_runs *r, const ck_run *some, size_t count) {                                   \
    sum_runs(r, some, count, wide);                                                                                    \
  }                                                                                                                    \
  builds void ck_filter_##variant(const ck_filter *f, const ck_run *all, size_t count, ck_run *some) {                 \
    uint32_t to = 0;                                                                                                   \
    for (size_t n = 0; n < count; n++) {                                                                               \
      uint32_t next = filtered(f, all[n].start, all[n].count, to);                                                     \
      some[n] = (ck_run){to, next - to, all[n].source, all[n].target};                                                 \
      to = next;                                                                                                       \
    }                                                                                                                  \
  }                                                                                                                    \
  builds size_t ck_losses_##variant(const float *logits, size_t classes, const uint8_t *labels, size_t count,          \
                                    double *losses) {                                                                  \
    return cross_entropies(logits, classes, labels, count, losses);                                                    \
  }                                                                                                                    \
  builds void ck_exp_##variant(const double *x, double *y, size_t count) {                                             \
    for (size_t i = 0; i < count; i++) y[i] = exponential(x[i]);                                                       \
  }                                                                                                                    \
  builds void ck_log_##variant(const double *x, double *y, size_t count) {                                             \
    for (size_t i = 0; i < count; i++) y[i] = logarithm(x[i]);                                                         \
  }                                                                                                                    \
  builds void ck_tanh_##variant(const double *x, double *y, size_t count) {                                            \
    for (size_t i = 0; i < count; i++) y[i] = hyperbolic_tangent(x[i]);                                                \
  }                                                                                                                    \
  builds void ck_sigmoid_##variant(const double *x, double *y, size_t count) {                                         \
    for (size_t i = 0; i < count; i++) y[i] = 1 / (1 + exponential(-x[i]));                                            \
  }                                                                                                                    \
  builds void ck_convolve_sparse_##variant(const ck_convolution *c, const uint32_t *starts, const uint32_t *offsets,   \
                                           const float *values, size_t chunks, float *unfinished) {                    \
    sparse_tiles(CK_SPARSE) __builtin_trap();                                                                          \
  }                                                                                                                    \
  builds void ck_convolve_dense_##variant(const ck_convolution *c, const uint32_t *offsets, const float *weights,      \
                                          size_t taps) {                                                               \
    dense_tiles(CK_DENSE) __builtin_trap();                                                                            \
  }                                                                                                                    \
  ck_tile ck_tile_##variant(size_t channels, size_t height, size_t width, int32_t sparse) {                            \
    static const ck_tile few[] = {sparse_tiles(CK_TILE)}, many[] = {dense_tiles(CK_TILE)};                             \
    return sparse ? cheapest(few, sizeof few / sizeof *few, 1, height, width)                                          \
                  : cheapest(many, sizeof many / sizeof *many, channels, height, width);                               \
  }                                                                                                                    \
  builds void ck_pool_##variant(const ck_pool *p) { pool(p); }                                                         \
  builds void ck_map_##variant(int32_t kind, float a, float b, const float *x, float *y, size_t count,                 \
                               int32_t *nonfinite, size_t cycle) {                                                     \
    switch (kind) {                                                                                                    \
      case CK_RELU: map(CK_RELU, a, b, x, y, count, nonfinite, cycle); break;                                          \
      case CK_LEAKY_RELU: map(CK_LEAKY_RELU, a, b, x, y, count, nonfinite, cycle); break;                              \
      case CK_CLIP: map(CK_CLIP, a, b, x, y, count, nonfinite, cycle); break;                                          \
      case CK_SIGMOID: map(CK_SIGMOID, a, b, x, y, count, nonfinite, cycle); break;                                    \
      case CK_TANH: map(CK_TANH, a, b, x, y, count, nonfinite, cycle); break;                                          \
      case CK_AFFINE: map(CK_AFFINE, a, b, x, y, count, nonfinite, cycle); break;                                      \
      default: map(CK_COPY, a, b, x, y, count, nonfinite, cycle);                                                      \
    }                                                                                                                  \
  }                                                                                                                    \
  builds void ck_add_##variant(const float *x, float *y, size_t count, int32_t *nonfinite, size_t cycle) {             \
    add(x, y, count, nonfinite, cycle);                                                                                \
  }                                                                                                                    \
  builds void ck_softmax_##variant(const float *x, float *y, size_t classes, int32_t logarithmic,                      \
                                   int32_t *nonfinite) {                                                               \
    softmax(x, y, classes, logarithmic, nonfinite);                                                                    \
  }                                                                                                                    \
  builds void ck_normalize_##variant(float mean, float deviation, size_t count, float *values) {                       \
    for (size_t i = 0; i < count; i++) values[i] = (values[i] - mean) / deviation + 0.0f;                              \
  }

// The tiles of convolutions: 16 sums of 512 bits are the fastest of all that 32 registers hold; 6 of two times 256.
#define CK_SCALAR_TILES(X) X(1, 1, 1)
#define CK_V3_SPARSE(X) X(1, 2, 2) X(1, 1, 4) X(1, 2, 3) X(1, 1, 2) X(1, 2, 1) X(1, 1, 1)
#define CK_V3_DENSE(X) X(6, 1, 1) X(2, 1, 3) X(4, 1, 1) X(2, 1, 2) X(2, 1, 1) CK_V3_SPARSE(X)
#define CK_V4_SPARSE(X)                                                                                                \
  X(1, 2, 8) X(1, 4, 4) X(1, 1, 8) X(1, 2, 4) X(1, 1, 4) X(1, 4, 2) X(1, 2, 2) X(1, 1, 2) X(1, 4, 1) X(1, 1, 1)
#define CK_V4_DENSE(X)                                                                                                 \
  X(4, 1, 4) X(4, 2, 2) X(8, 1, 2) X(16, 1, 1) X(2, 2, 4) X(4, 1, 2) X(8, 1, 1) X(2, 1, 4) X(4, 1, 1) X(2, 1, 1)       \
  CK_V4_SPARSE(X)

// Tiles of dense layers: as many chains as the registers hold, 16 of 512 bits and 12 of 256. `wide` is whether a
// row is four vectors, so that two runs fit beside each other.
CK_DEFINE(baseline, , 1, 1, 0, filter_plainly, CK_SCALAR_TILES, CK_SCALAR_TILES)
#if defined(__x86_64__)
CK_DEFINE(v3, __attribute__((target("arch=x86-64-v3"))), 6, 1, 0, filter_plainly, CK_V3_SPARSE, CK_V3_DENSE)
// Without the second attribute clang cuts 512-bit vectors in two for this architecture.
CK_DEFINE(v4, __attribute__((target("arch=x86-64-v4"), min_vector_width(512))), 4, 4, 1, filter_by_sixteens,
          CK_V4_SPARSE, CK_V4_DENSE)

int ck_level(void) { return __builtin_cpu_supports("x86-64-v4") ? 4 : __builtin_cpu_supports("x86-64-v3") ? 3 : 0; }
#else
CK_DEFINE(v3, , 4, 1, 0, filter_plainly, CK_V3_SPARSE, CK_V3_DENSE)
CK_DEFINE(v4, , 4, 1, 0, filter_plainly, CK_V4_SPARSE, CK_V4_DENSE)

int ck_level(void) { return 0; }
#endif

void ck_prefetch(const void *memory, size_t bytes) {
  for (size_t i = 0; i < bytes; i += 64) __builtin_prefetch((const char *)memory + i, 0, 2);
}
