#include "CBits.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define INLINE static inline __attribute__((always_inline))

INLINE size_t population(const uint64_t *words, size_t count) {
  size_t sum = 0;
  for (size_t i = 0; i < count; i++) sum += (size_t)__builtin_popcountll(words[i]);
  return sum;
}

INLINE size_t distance(const uint64_t *x, const uint64_t *y, size_t count) {
  size_t sum = 0;
  for (size_t i = 0; i < count; i++) sum += (size_t)__builtin_popcountll(x[i] ^ y[i]);
  return sum;
}

// What is missing is subtracted where that is less.
INLINE void sums_by_bits(const uint64_t *words, size_t count, const uint32_t *numbers, const uint64_t *wholes,
                         uint64_t *sums) {
  uint64_t total = 0;
  for (size_t i = 0; i < count; i++, numbers += 64) {
    int is_sparse = __builtin_popcountll(words[i]) <= 32;
    uint64_t sum = 0;
    for (uint64_t rest = is_sparse ? words[i] : ~words[i]; rest; rest &= rest - 1)
      sum += numbers[__builtin_ctzll(rest)];
    total += is_sparse ? sum : wholes[i] - sum;
    sums[i] = total;
  }
}

#if defined(__x86_64__)
// Four masked loads a word, whatever it holds: how many bits a word has cannot be foreseen, and a loop over them is left
// at the wrong time at nearly every word.
__attribute__((target("arch=x86-64-v4"), min_vector_width(512))) static inline void sums_by_sixteens(
    const uint64_t *words, size_t count, const uint32_t *numbers, const uint64_t *wholes, uint64_t *sums) {
  (void)wholes;
  const __m512i low = _mm512_set1_epi64(0xffffffff);
  uint64_t total = 0;
  for (size_t i = 0; i < count; i++, numbers += 64) {
    __m512i sum = _mm512_setzero_si512();
    for (int part = 0; part < 4; part++) {
      __m512i x = _mm512_maskz_loadu_epi32((__mmask16)(words[i] >> 16 * part), numbers + 16 * part);
      sum = _mm512_add_epi64(sum, _mm512_add_epi64(_mm512_and_si512(x, low), _mm512_srli_epi64(x, 32)));
    }
    total += (uint64_t)_mm512_reduce_add_epi64(sum);
    sums[i] = total;
  }
}
#endif

// A counter a lane. Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
INLINE void philox(uint64_t first, size_t blocks, uint32_t high0, uint32_t high1, uint32_t key0, uint32_t key1,
                   uint64_t *words) {
  for (size_t i = 0; i < blocks; i++) {
    uint64_t c0 = (uint32_t)(first + i), c1 = (first + i) >> 32, c2 = high0, c3 = high1;
    uint32_t k0 = key0, k1 = key1;
    for (int round = 0; round < 10; round++) {
      uint64_t a = 0xd2511f53 * (c0 & 0xffffffff), b = 0xcd9e8d57 * (c2 & 0xffffffff);
      c0 = b >> 32 ^ (c1 & 0xffffffff) ^ k0;
      c1 = b;
      c2 = a >> 32 ^ (c3 & 0xffffffff) ^ k1;
      c3 = a;
      k0 += 0x9e3779b9;
      k1 += 0xbb67ae85;
    }
    words[2 * i] = c0 | c1 << 32;
    words[2 * i + 1] = c2 | c3 << 32;
  }
}

// Named variants and a choice at run time, as in CKernels.
#define CB_DEFINE(variant, builds, running_sums)                                                                       \
  builds static size_t population_##variant(const uint64_t *words, size_t count) { return population(words, count); }  \
  builds static size_t distance_##variant(const uint64_t *x, const uint64_t *y, size_t count) {                        \
    return distance(x, y, count);                                                                                      \
  }                                                                                                                    \
  builds static void sums_##variant(const uint64_t *words, size_t count, const uint32_t *numbers,                      \
                                    const uint64_t *wholes, uint64_t *sums) {                                          \
    running_sums(words, count, numbers, wholes, sums);                                                                 \
  }                                                                                                                    \
  builds static void philox_##variant(uint64_t first, size_t blocks, uint32_t high0, uint32_t high1, uint32_t key0,    \
                                      uint32_t key1, uint64_t *words) {                                                \
    philox(first, blocks, high0, high1, key0, key1, words);                                                            \
  }                                                                                                                    \
  static const cb_kernels kernels_##variant = {population_##variant, distance_##variant, sums_##variant,               \
                                               philox_##variant};

CB_DEFINE(baseline, , sums_by_bits)
#if defined(__x86_64__)
CB_DEFINE(v3, __attribute__((target("arch=x86-64-v3"))), sums_by_bits)
CB_DEFINE(v4, __attribute__((target("arch=x86-64-v4"), min_vector_width(512))), sums_by_sixteens)

int cb_level(void) { return __builtin_cpu_supports("x86-64-v4") ? 4 : __builtin_cpu_supports("x86-64-v3") ? 3 : 0; }

const cb_kernels *cb_variant(int level) {
  return level >= 4 ? &kernels_v4 : level >= 3 ? &kernels_v3 : &kernels_baseline;
}
#else
int cb_level(void) { return 0; }

const cb_kernels *cb_variant(int level) {
  (void)level;
  return &kernels_baseline;
}
#endif
