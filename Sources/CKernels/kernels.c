#include "CKernels.h"
#include "layers.h"
#include "score.h"

#pragma STDC FP_CONTRACT OFF

// Named variants and a choice at run time, not target_clones: each can be tested on one machine, has its own tile, and
// needs no resolver, which ThreadSanitizer crashes in and static C libraries lack.
#define CK_DEFINE(variant, target, height, width)                                                                    \
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
  }

// Tiles: as many chains as the registers hold, 16 of 512 bits and 12 of 256.
CK_DEFINE(baseline, , 1, 1)
#if defined(__x86_64__)
CK_DEFINE(v3, __attribute__((target("arch=x86-64-v3"))), 6, 1)
// Without the second attribute clang cuts 512-bit vectors in two for this architecture.
CK_DEFINE(v4, __attribute__((target("arch=x86-64-v4"), min_vector_width(512))), 4, 4)

int ck_level(void) { return __builtin_cpu_supports("x86-64-v4") ? 4 : __builtin_cpu_supports("x86-64-v3") ? 3 : 0; }
#else
CK_DEFINE(v3, , 4, 1)
CK_DEFINE(v4, , 4, 1)

int ck_level(void) { return 0; }
#endif
