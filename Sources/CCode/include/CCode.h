#ifndef CCODE_H
#define CCODE_H

#include <stddef.h>
#include <stdint.h>

// Memory for machine code that this process writes for itself: either written or run, never both at once.

// Memory to be written, of `bytes` bytes, a multiple of the page size; null where the system gives none, and on
// processors other than x86-64.
void *cc_map(size_t bytes);
void cc_unmap(void *code, size_t bytes);
// Makes memory one to be run or one to be written; 0 where the system refuses.
int cc_protect(void *code, size_t bytes, int executable);

// Copies those of the segments of a code that are listed, one behind the other, and says their bytes. Segment s lies from
// starts[s] to starts[s + 1]; up to 63 bytes behind it are read.
size_t cc_join(uint8_t *target, const uint8_t *code, const uint32_t *starts, const uint32_t *segments, size_t count);

// A piece of code, by what lies before it: bytes of code, and weights.
typedef struct {
  uint32_t code, weights;
} cc_piece;

// Calls each piece for each 16 of 64 lanes: for lanes v it gets its weights, inputs + v, values + v and nonfinite + v in
// rdi, rsi, rdx and rcx, returns, and may change what a C function may.
void cc_run(const void *code, const cc_piece *pieces, size_t count, const float *weights, const float *inputs,
            float *values, int32_t *nonfinite);

#endif
