// Bodies of the loss kernels, compiled once for each variant. Every operation stands as in Swift's Elementary: where
// that branches, this computes both sides and selects, which rounds nothing.
#ifndef CK_SCORE_H
#define CK_SCORE_H

#include "layers.h"

#pragma STDC FP_CONTRACT OFF

CK_INLINE uint64_t bits_of(double x) { return __builtin_bit_cast(uint64_t, x); }
CK_INLINE double from_bits(uint64_t x) { return __builtin_bit_cast(double, x); }

static const double inverse_factorials[14] = {
    1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040,
    1.0 / 720,        1.0 / 120,       1.0 / 24,       1.0 / 6,       1.0 / 2,      1.0,         1.0};

static const double arctanh_series[10] = {2.0 / 21, 2.0 / 19, 2.0 / 17, 2.0 / 15, 2.0 / 13,
                                          2.0 / 11, 2.0 / 9,  2.0 / 7,  2.0 / 5,  2.0 / 3};

static const double log2e = 0x1.71547652b82fep0;
static const double ln2_high = 0x1.62e42fefa39efp-1;
static const double ln2_low = 0x1.abc9e3b39803fp-56;
// 1.5 * 2^52: adding it rounds to the nearest integer, which then stands in the low bits.
static const double magic = 0x1.8p52;

CK_INLINE double exponential(double x) {
  double shifted = __builtin_fma(x, log2e, magic);
  double k = shifted - magic;
  double r = __builtin_fma(-k, ln2_low, __builtin_fma(-k, ln2_high, x));
  double sum = inverse_factorials[0];
  for (int i = 1; i < 14; i++) sum = __builtin_fma(sum, r, inverse_factorials[i]);
  double y = sum * from_bits((bits_of(shifted) + 1023) << 52);
  y = x > 709 ? __builtin_inf() : y;
  y = x < -708 ? 0 : y;
  return x != x ? x : y;
}

CK_INLINE double logarithm(double x) {
  int subnormal = x < 0x1p-1022;
  double scaled = subnormal ? x * 0x1p54 : x;
  uint64_t bits = bits_of(scaled);
  double mantissa = from_bits((bits & 0x000fffffffffffff) | 0x3ff0000000000000);
  int upper = mantissa >= 0x1.6a09e667f3bcdp0;
  mantissa = upper ? mantissa * 0.5 : mantissa;
  // The low bits of `magic` + n hold n, which converts small integers without an instruction that AVX2 lacks.
  double e = from_bits(bits_of(magic) + ((bits >> 52) & 0x7ff)) - magic;
  e = e - 1023 + (upper ? 1 : 0) - (subnormal ? 54 : 0);
  double f = mantissa - 1;
  double s = f / (2 + f);
  double z = s * s;
  double sum = arctanh_series[0];
  for (int i = 1; i < 10; i++) sum = __builtin_fma(sum, z, arctanh_series[i]);
  double tail = s * (z * sum - f);
  double y = (e * ln2_high) + (f + (tail + e * ln2_low));
  y = x == __builtin_inf() ? x : y;
  y = x == 0 ? -__builtin_inf() : y;
  return x != x || x < 0 ? __builtin_nan("") : y;
}

CK_INLINE size_t cross_entropies(const float *logits, size_t classes, const uint8_t *labels, size_t count,
                                 double *losses) {
  float best[CK_LANES];
  int32_t choice[CK_LANES];
  int32_t label[CK_LANES];
  double sum[CK_LANES];
  double own[CK_LANES];
  for (size_t l = 0; l < CK_LANES; l++) {
    best[l] = logits[l];
    choice[l] = 0;
    label[l] = l < count ? labels[l] : 0;
    sum[l] = 0;
    own[l] = 0;
  }
  for (size_t c = 1; c < classes; c++) {
    for (size_t l = 0; l < CK_LANES; l++) {
      float z = logits[c * CK_LANES + l];
      choice[l] = z > best[l] ? (int32_t)c : choice[l];
      best[l] = z > best[l] ? z : best[l];
    }
  }
  for (size_t c = 0; c < classes; c++) {
    for (size_t l = 0; l < CK_LANES; l++) {
      double d = (double)logits[c * CK_LANES + l] - (double)best[l];
      sum[l] = sum[l] + exponential(d);
      own[l] = label[l] == (int32_t)c ? d : own[l];
    }
  }
  for (size_t l = 0; l < CK_LANES; l++) losses[l] = logarithm(sum[l]) - own[l];
  size_t correct = 0;
  for (size_t l = 0; l < count; l++) correct += choice[l] == label[l];
  return correct;
}

#endif
