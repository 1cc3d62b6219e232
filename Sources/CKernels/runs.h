// Bodies of the kernels that evaluate many masks of one network at once, compiled once for each variant.
#ifndef CK_RUNS_H
#define CK_RUNS_H

#include <string.h>

#include "layers.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#pragma STDC FP_CONTRACT OFF

typedef uint64_t offset_pairs __attribute__((vector_size(16)));
typedef float weight_quad __attribute__((vector_size(16)));

#define BROADCAST(quad, i) __builtin_shufflevector(quad, quad, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i)

// Adds an entry to `sums`. A macro, because what takes a vector by value has another convention in each variant.
#define ADD_ENTRY(inputs, offset, weight, sums)                                                       \
  do {                                                                                                \
    const floats *x = (const floats *)((inputs) + (offset));                                          \
    floats w = (weight);                                                                              \
    for (size_t v = 0; v < vectors; v++) (sums)[v] = __builtin_elementwise_fma(w, x[v], (sums)[v]);   \
  } while (0)

// Four entries. Where vectors are wide, offsets and weights come by one load each and are taken apart in registers:
// every load beside those of the inputs costs about as much as a multiply-add (measured 69 against 62 thousand million
// a second). The empty assembly keeps clang from loading them one by one after all.
CK_INLINE void add_quad(const char *inputs, const uint32_t *offsets, const float *weights, int wide, floats *sums) {
  if (!wide) {
    for (size_t i = 0; i < 4; i++) ADD_ENTRY(inputs, offsets[i], SPLAT(weights[i]), sums);
    return;
  }
  offset_pairs pairs;
  weight_quad quad;
  memcpy(&pairs, offsets, sizeof pairs);
  memcpy(&quad, weights, sizeof quad);
#if defined(__x86_64__)
  __asm__("" : "+x"(pairs), "+x"(quad));
#endif
  uint64_t low = pairs[0], high = pairs[1];
  __asm__("" : "+r"(low), "+r"(high));
  ADD_ENTRY(inputs, (uint32_t)low, BROADCAST(quad, 0), sums);
  ADD_ENTRY(inputs, (uint32_t)(low >> 32), BROADCAST(quad, 1), sums);
  ADD_ENTRY(inputs, (uint32_t)high, BROADCAST(quad, 2), sums);
  ADD_ENTRY(inputs, (uint32_t)(high >> 32), BROADCAST(quad, 3), sums);
}

CK_INLINE void begin_run(const ck_runs *r, const ck_run *run, floats *sums) {
  const floats *source = (const floats *)((const char *)r->values + run->source);
  for (size_t v = 0; v < vectors; v++) sums[v] = r->bias ? SPLAT(r->bias[run->source]) : source[v];
}

CK_INLINE void end_run(const ck_runs *r, const ck_run *run, const floats *sums) {
  floats *target = (floats *)((char *)r->values + run->target);
  if (!r->nonfinite) {
    for (size_t v = 0; v < vectors; v++) target[v] = sums[v];
    return;
  }
  ints *nonfinite = (ints *)r->nonfinite;
  for (size_t v = 0; v < vectors; v++) {
    nonfinite[v] |= ((ints)sums[v] & 0x7fffffff) >= 0x7f800000;
    target[v] = r->relu ? (floats)((ints)sums[v] & (sums[v] > 0)) : sums[v] + 0.0f;
  }
}

// What is left of a run from its entry k on.
CK_INLINE void finish_run(const ck_runs *r, const ck_run *run, uint32_t k, int wide, floats *sums) {
  const char *inputs = (const char *)r->inputs;
  const uint32_t *offsets = r->offsets + run->start;
  const float *weights = r->weights + run->start;
  uint32_t count = run->count;
  for (; k + 4 <= count; k += 4) add_quad(inputs, offsets + k, weights + k, wide, sums);
  for (; k < count; k++) ADD_ENTRY(inputs, offsets[k], SPLAT(weights[k]), sums);
  end_run(r, run, sums);
}

// Two runs side by side as far as both go, because four chains alone would wait for each other.
CK_INLINE void run_two(const ck_runs *r, const ck_run *runs, int wide) {
  floats first[vectors], second[vectors];
  begin_run(r, runs, first);
  begin_run(r, runs + 1, second);
  uint32_t common = (runs[0].count < runs[1].count ? runs[0].count : runs[1].count) / 4 * 4;
  const char *inputs = (const char *)r->inputs;
  const uint32_t *offsets = r->offsets + runs[0].start, *others = r->offsets + runs[1].start;
  const float *weights = r->weights + runs[0].start, *rivals = r->weights + runs[1].start;
  for (uint32_t k = 0; k < common; k += 4) {
    add_quad(inputs, offsets + k, weights + k, wide, first);
    add_quad(inputs, others + k, rivals + k, wide, second);
  }
  finish_run(r, runs, common, wide, first);
  finish_run(r, runs + 1, common, wide, second);
}

// In the order given: sorting runs by length, so that pairs end together, scatters their entries and measured slower.
CK_INLINE void sum_runs(const ck_runs *r, const ck_run *runs, size_t count, int wide) {
  size_t n = 0;
  if (wide)
    for (; n + 2 <= count; n += 2) run_two(r, runs + n, wide);
  for (; n < count; n++) {
    floats sums[vectors];
    begin_run(r, runs + n, sums);
    finish_run(r, runs + n, 0, wide, sums);
  }
}

// Every row is exchanged, since a branch on whether it is equal would cost more.
CK_INLINE size_t exchange(float *kept, float *fresh, const uint32_t *rows, size_t count, uint32_t *changed) {
  size_t n = 0;
  for (size_t i = 0; i < count; i++) {
    ints *old = (ints *)(kept + (size_t)rows[i] * CK_LANES), *new = (ints *)(fresh + i * CK_LANES);
    ints different = {0};
    for (size_t v = 0; v < vectors; v++) {
      ints a = old[v], b = new[v];
      different |= a ^ b;
      old[v] = b;
      new[v] = a;
    }
    changed[n] = rows[i];
    n += __builtin_reduce_or(different) != 0;
  }
  return n;
}

// One entry at a time, without a branch that depends on it.
CK_INLINE uint32_t filter_plainly(const ck_filter *f, uint32_t start, uint32_t count, uint32_t to) {
  for (uint32_t k = start; k < start + count; k++) {
    uint32_t input = f->offsets[k] / (4 * CK_LANES) - f->first;
    f->live_offsets[to] = f->offsets[k];
    f->live_weights[to] = f->weights[k];
    to += f->live[input / 32] >> (input % 32) & 1;
  }
  return to;
}

#if defined(__x86_64__)
__attribute__((target("arch=x86-64-v4"), always_inline)) static inline uint32_t filter_by_sixteens(
    const ck_filter *f, uint32_t start, uint32_t count, uint32_t to) {
  __m512i low = _mm512_loadu_si512(f->live), high = _mm512_loadu_si512(f->live + 16);
  __m512i first = _mm512_set1_epi32((int)f->first);
  for (uint32_t k = start; k < start + count; k += 16) {
    uint32_t left = start + count - k;
    __mmask16 there = left >= 16 ? 0xffff : (__mmask16)((1u << left) - 1);
    __m512i offsets = _mm512_loadu_si512(f->offsets + k);
    __m512i input = _mm512_sub_epi32(_mm512_srli_epi32(offsets, 8), first);
    __m512i words = _mm512_permutex2var_epi32(low, _mm512_srli_epi32(input, 5), high);
    __m512i bits = _mm512_srlv_epi32(words, _mm512_and_si512(input, _mm512_set1_epi32(31)));
    __mmask16 live = _mm512_mask_test_epi32_mask(there, bits, _mm512_set1_epi32(1));
    _mm512_storeu_si512(f->live_offsets + to, _mm512_maskz_compress_epi32(live, offsets));
    _mm512_storeu_ps(f->live_weights + to, _mm512_maskz_compress_ps(live, _mm512_loadu_ps(f->weights + k)));
    to += (uint32_t)__builtin_popcount(live);
  }
  return to;
}
_Static_assert(CK_LANES == 64, "an offset is an input times 256");
#else
#define filter_by_sixteens filter_plainly
#endif

#endif
