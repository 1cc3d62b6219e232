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

// The sum of the numbers at a word's 1-bits: what is missing is subtracted where that is less.
INLINE uint64_t sum_by_bits(uint64_t word, const uint32_t *numbers, uint64_t whole) {
  int is_sparse = __builtin_popcountll(word) <= 32;
  uint64_t sum = 0;
  for (uint64_t rest = is_sparse ? word : ~word; rest; rest &= rest - 1) sum += numbers[__builtin_ctzll(rest)];
  return is_sparse ? sum : whole - sum;
}

INLINE uint64_t group_by_bits(const uint64_t *words, size_t count, const uint32_t *numbers, const uint64_t *wholes) {
  uint64_t sum = 0;
  for (size_t i = 0; i < count; i++) sum += sum_by_bits(words[i], numbers + 64 * i, wholes[i]);
  return sum;
}

// The bit of some words at which the sum goes above a target.
INLINE size_t bit_by_bits(const uint64_t *words, size_t count, const uint32_t *numbers, const uint64_t *wholes,
                          uint64_t target) {
  size_t i = 0;
  for (; i + 1 < count; i++) {
    uint64_t sum = sum_by_bits(words[i], numbers + 64 * i, wholes[i]);
    if (target < sum) break;
    target -= sum;
  }
  for (uint64_t rest = words[i];; rest &= rest - 1) {
    size_t bit = 64 * i + (size_t)__builtin_ctzll(rest);
    if (target < numbers[bit]) return bit;
    target -= numbers[bit];
  }
}

#if defined(__x86_64__)
#define V4 __attribute__((target("arch=x86-64-v4"), min_vector_width(512), always_inline)) static inline

// Masked loads, whatever the words hold: how many bits a word has cannot be foreseen, and a loop over them is left at the
// wrong time at nearly every word. `pairs` adds both numbers of a lane, the upper one times 2³², and `upper` the upper one
// alone; what `pairs` loses beyond 2⁶⁴ the difference loses, too.
V4 uint64_t group_by_sixteens(const uint64_t *words, size_t count, const uint32_t *numbers, const uint64_t *wholes) {
  (void)wholes;
  __m512i pairs = _mm512_setzero_si512(), upper = pairs;
  for (size_t i = 0; i < 4 * count; i++) {
    __m512i x = _mm512_maskz_loadu_epi32((__mmask16)(words[i / 4] >> 16 * (i % 4)), numbers + 16 * i);
    pairs = _mm512_add_epi64(pairs, x);
    upper = _mm512_add_epi64(upper, _mm512_srli_epi64(x, 32));
  }
  __m512i sums = _mm512_add_epi64(_mm512_sub_epi64(pairs, _mm512_slli_epi64(upper, 32)), upper);
  return (uint64_t)_mm512_reduce_add_epi64(sums);
}

V4 __m512i running_sum(__m256i numbers) {
  const __m512i none = _mm512_setzero_si512();
  __m512i x = _mm512_cvtepu32_epi64(numbers);
  x = _mm512_add_epi64(x, _mm512_alignr_epi64(x, none, 7));
  x = _mm512_add_epi64(x, _mm512_alignr_epi64(x, none, 6));
  return _mm512_add_epi64(x, _mm512_alignr_epi64(x, none, 4));
}

// Which of four neighbouring parts holds a target, which is then counted from that part's beginning.
V4 size_t part_of_four(const uint64_t sums[4], uint64_t *target) {
  uint64_t ends[3] = {sums[0], sums[0] + sums[1], sums[0] + sums[1] + sums[2]};
  size_t part = (size_t)(*target >= ends[0]) + (*target >= ends[1]) + (*target >= ends[2]);
  *target -= part == 0 ? 0 : ends[part - 1];
  return part;
}

// From the group to the word, to 16 of its bits, to the bit, without a branch that depends on what is looked for.
V4 size_t bit_by_sixteens(const uint64_t *words, size_t count, const uint32_t *numbers, const uint64_t *wholes,
                          uint64_t target) {
  // No target is at or behind what is not there.
  uint64_t sums[4] = {UINT64_MAX / 4, UINT64_MAX / 4, UINT64_MAX / 4, UINT64_MAX / 4};
  for (size_t i = 0; i < count; i++) sums[i] = group_by_sixteens(words + i, 1, numbers + 64 * i, wholes);
  size_t word = part_of_four(sums, &target);
  numbers += 64 * word;
  for (size_t i = 0; i < 4; i++) {
    uint64_t bits = words[word] >> 16 * i & 0xffff;
    sums[i] = group_by_sixteens(&bits, 1, numbers + 16 * i, wholes);
  }
  size_t part = part_of_four(sums, &target);
  __m512i x = _mm512_maskz_loadu_epi32((__mmask16)(words[word] >> 16 * part), numbers + 16 * part);
  __m512i low = running_sum(_mm512_castsi512_si256(x)), high = running_sum(_mm512_extracti64x4_epi64(x, 1));
  high = _mm512_add_epi64(high, _mm512_permutexvar_epi64(_mm512_set1_epi64(7), low));
  __m512i wanted = _mm512_set1_epi64((long long)target);
  unsigned above = _mm512_cmpgt_epu64_mask(low, wanted) | (unsigned)_mm512_cmpgt_epu64_mask(high, wanted) << 8;
  return 64 * word + 16 * part + (size_t)__builtin_ctz(above);
}
#endif

// So many searches side by side that one's way to memory hides behind the others'.
#define ABREAST 16

// For each target the group whose part of the running sums holds it; halves without a branch, for where a random number
// lies cannot be foreseen.
INLINE void find_groups(const uint64_t *sums, size_t count, const uint64_t *targets, size_t n, size_t *groups) {
  for (size_t t = 0; t < n; t++) groups[t] = 0;
  for (size_t open = count, half; half = open / 2, open > 1; open -= half)
    for (size_t t = 0; t < n; t++) groups[t] += sums[groups[t] + half - 1] <= targets[t] ? half : 0;
}

INLINE void prefetch_group(const uint32_t *numbers, size_t count, size_t group) {
  size_t end = (group + 1) * CB_GROUP;
  for (size_t i = 64 * group * CB_GROUP; i < 64 * (end < count ? end : count); i += 16) __builtin_prefetch(numbers + i);
}

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
#define CB_DEFINE(variant, builds, group_sum, bit_of_words)                                                   \
  builds static size_t population_##variant(const uint64_t *words, size_t count) { return population(words, count); }  \
  builds static size_t distance_##variant(const uint64_t *x, const uint64_t *y, size_t count) {                        \
    return distance(x, y, count);                                                                                      \
  }                                                                                                                    \
  builds static void sums_##variant(const uint64_t *words, size_t count, const uint32_t *numbers,                      \
                                    const uint64_t *wholes, uint64_t *sums) {                                          \
    uint64_t total = 0;                                                                                                \
    size_t i = 0;                                                                                                      \
    for (; i + CB_GROUP <= count; i += CB_GROUP)                                                                       \
      sums[i / CB_GROUP] = total += group_sum(words + i, CB_GROUP, numbers + 64 * i, wholes + i);                      \
    if (i < count) sums[i / CB_GROUP] = total + group_sum(words + i, count - i, numbers + 64 * i, wholes + i);         \
  }                                                                                                                    \
  builds static void find_##variant(const uint64_t *words, size_t count, const uint32_t *numbers,                      \
                                    const uint64_t *wholes, const uint64_t *sums, uint64_t *targets, size_t n) {       \
    size_t some = 0, groups[ABREAST];                                                                                  \
    for (; n; n -= some, targets += some) {                                                                            \
      some = n < ABREAST ? n : ABREAST;                                                                                \
      find_groups(sums, (count + CB_GROUP - 1) / CB_GROUP, targets, some, groups);                                     \
      for (size_t t = 0; t < some; t++) prefetch_group(numbers, count, groups[t]);                                     \
      for (size_t t = 0; t < some; t++) {                                                                              \
        uint64_t target = targets[t] - (groups[t] ? sums[groups[t] - 1] : 0);                                          \
        size_t i = groups[t] * CB_GROUP, open = count - i;                                                             \
        targets[t] = 64 * i + bit_of_words(words + i, open < CB_GROUP ? open : CB_GROUP, numbers + 64 * i, wholes + i, \
                                           target);                                                                    \
      }                                                                                                                \
    }                                                                                                                  \
  }                                                                                                                    \
  builds static void philox_##variant(uint64_t first, size_t blocks, uint32_t high0, uint32_t high1, uint32_t key0,    \
                                      uint32_t key1, uint64_t *words) {                                                \
    philox(first, blocks, high0, high1, key0, key1, words);                                                            \
  }                                                                                                                    \
  static const cb_kernels kernels_##variant = {population_##variant, distance_##variant, sums_##variant,               \
                                               find_##variant, philox_##variant};

CB_DEFINE(baseline, , group_by_bits, bit_by_bits)
#if defined(__x86_64__)
CB_DEFINE(v3, __attribute__((target("arch=x86-64-v3"))), group_by_bits, bit_by_bits)
CB_DEFINE(v4, __attribute__((target("arch=x86-64-v4"), min_vector_width(512))), group_by_sixteens,
          bit_by_sixteens)

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
