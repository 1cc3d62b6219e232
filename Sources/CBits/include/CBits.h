#ifndef CBITS_H
#define CBITS_H

#include <stddef.h>
#include <stdint.h>

// Words of 64 bits: those of masks, lowest position in the lowest bit, and random ones. Whole numbers throughout, so
// all variants give the same.

// Words that share a sum: so many that to add up a vector's lanes costs little beside filling it.
#define CB_GROUP 4

// The functions of one variant.
typedef struct {
  // How many bits of all words are 1.
  size_t (*population)(const uint64_t *words, size_t count);
  // How many bits differ.
  size_t (*distance)(const uint64_t *x, const uint64_t *y, size_t count);
  // sums[i] = the sum of the numbers at the 1-bits of all words before (i + 1) * CB_GROUP. There are 64 numbers a word;
  // wholes[i] is the sum of those of word i, and what lies behind the last position is 0.
  void (*running_sums)(const uint64_t *words, size_t count, const uint32_t *numbers, const uint64_t *wholes,
                       uint64_t *sums);
  // For each target, in its place: the 1-bit at which the running sum of the numbers goes above it. The last of the
  // running sums is above all targets.
  void (*find)(const uint64_t *words, size_t count, const uint32_t *numbers, const uint64_t *wholes,
               const uint64_t *sums, uint64_t *targets, size_t n);
  // Philox4x32-10: two words of each of `blocks` counters from `first`, which are the lower half of the counter.
  void (*philox)(uint64_t first, size_t blocks, uint32_t high0, uint32_t high1, uint32_t key0, uint32_t key1,
                 uint64_t *words);
} cb_kernels;

// The highest level that this processor runs: 4 for x86-64-v4, 3 for x86-64-v3, else 0.
int cb_level(void);

// The variant of a level: 4, 3, else the plain one. The processor must run it.
const cb_kernels *cb_variant(int level);

#endif
