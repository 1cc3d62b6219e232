// Bodies of the layer kernels, compiled once for each variant.
#ifndef CK_LAYERS_H
#define CK_LAYERS_H

#include "CKernels.h"

#pragma STDC FP_CONTRACT OFF

#define CK_INLINE static inline __attribute__((always_inline))

enum { vector_lanes = 16, vectors = CK_LANES / vector_lanes, tallest = 6 };

typedef float floats __attribute__((vector_size(4 * vector_lanes)));
typedef int32_t ints __attribute__((vector_size(4 * vector_lanes)));

// One number in each lane. Not `(floats){0} + x`, whose addition clang must keep because of -0; a macro, because a
// function that returns a vector has another convention in each variant.
#define SPLAT(x) ((floats){(x), (x), (x), (x), (x), (x), (x), (x), (x), (x), (x), (x), (x), (x), (x), (x)})

CK_INLINE void begin(const ck_pass *pass, size_t neuron, size_t first, size_t count, floats *sums) {
  const floats *unfinished = (const floats *)(pass->outputs + neuron * CK_LANES) + first;
  for (size_t v = 0; v < count; v++) sums[v] = pass->bias ? SPLAT(pass->bias[neuron]) : unfinished[v];
}

CK_INLINE void end(const ck_pass *pass, size_t neuron, size_t first, size_t count, const floats *sums) {
  floats *outputs = (floats *)(pass->outputs + neuron * CK_LANES) + first;
  if (!pass->nonfinite) {
    for (size_t v = 0; v < count; v++) outputs[v] = sums[v];
    return;
  }
  ints *nonfinite = (ints *)pass->nonfinite + first;
  for (size_t v = 0; v < count; v++) {
    nonfinite[v] |= ((ints)sums[v] & 0x7fffffff) >= 0x7f800000;
    // The comparison is false for -0 and NaN, which so become +0.
    outputs[v] = pass->relu ? (floats)((ints)sums[v] & (sums[v] > 0)) : sums[v] + 0.0f;
  }
}

CK_INLINE void sparse(const ck_pass *pass, const uint32_t *starts, const uint32_t *rows, const float *values) {
  for (size_t n = 0; n < pass->neurons; n++) {
    floats sums[vectors];
    begin(pass, n, 0, vectors, sums);
    for (uint32_t k = starts[n]; k < starts[n + 1]; k++) {
      const floats *x = (const floats *)(pass->inputs + (size_t)rows[k] * CK_LANES);
      floats w = SPLAT(values[k]);
      for (size_t v = 0; v < vectors; v++) sums[v] = __builtin_elementwise_fma(w, x[v], sums[v]);
    }
    end(pass, n, 0, vectors, sums);
  }
}

// `height` neurons by `width` vectors of lanes, whose sums stay in registers over all features.
CK_INLINE void dense_tile(const ck_pass *pass, const float *weights, size_t stride, size_t features, size_t neuron,
                          size_t first, size_t height, size_t width) {
  floats sums[tallest][vectors];
  for (size_t h = 0; h < height; h++) begin(pass, neuron + h, first, width, sums[h]);
  for (size_t i = 0; i < features; i++) {
    const floats *x = (const floats *)(pass->inputs + i * CK_LANES) + first;
    for (size_t h = 0; h < height; h++) {
      floats w = SPLAT(weights[(neuron + h) * stride + i]);
      for (size_t v = 0; v < width; v++) sums[h][v] = __builtin_elementwise_fma(w, x[v], sums[h][v]);
    }
  }
  for (size_t h = 0; h < height; h++) end(pass, neuron + h, first, width, sums[h]);
}

CK_INLINE void dense(const ck_pass *pass, const float *weights, size_t stride, size_t features, size_t height,
                     size_t width) {
  size_t n = 0;
  for (; n + height <= pass->neurons; n += height)
    for (size_t v = 0; v < vectors; v += width)
      dense_tile(pass, weights, stride, features, n, v, height, width);
  for (; n < pass->neurons; n++)
    for (size_t v = 0; v < vectors; v += width) dense_tile(pass, weights, stride, features, n, v, 1, width);
}

CK_INLINE void expand(const uint8_t *bytes, float scale, size_t count, float *values) {
  // Division by its reciprocal and one step of correction is exact for all 2^24 pairs (tested) and twice as fast.
  float reciprocal = 1 / scale;
  for (size_t i = 0; i < count; i++) {
    float byte = (float)bytes[i];
    float quotient = byte * reciprocal;
    values[i] = __builtin_fmaf(__builtin_fmaf(-quotient, scale, byte), reciprocal, quotient);
  }
}

// Listed rows are too far from each other for the processor to see them coming, and wait for memory three times as long
// as they take.
CK_INLINE void expand_rows(const uint8_t *bytes, float scale, const uint32_t *rows, size_t count, float *values) {
  enum { ahead = 16 };
  for (size_t i = 0; i < count; i++) {
    if (i + ahead < count) __builtin_prefetch(bytes + (size_t)rows[i + ahead] * CK_LANES);
    expand(bytes + (size_t)rows[i] * CK_LANES, scale, CK_LANES, values + (size_t)rows[i] * CK_LANES);
  }
}

#endif
