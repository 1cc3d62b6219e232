#include "CCode.h"

#include <string.h>

enum { STEP = 64, BUFFER = 8192 };

size_t cc_join(uint8_t *target, const uint8_t *code, const uint32_t *starts, const uint32_t *segments, size_t count) {
  // Each store to memory that was run costs many cycles, whatever its width, and short ones would be many.
  _Alignas(64) uint8_t buffer[BUFFER + STEP];
  size_t flushed = 0, held = 0;
  for (size_t i = 0; i < count; i++) {
    const uint8_t *from = code + starts[segments[i]];
    size_t bytes = starts[segments[i] + 1] - starts[segments[i]];
    // Most segments are that short, and a copy of a known size is a few instructions.
    for (size_t done = 0; done < bytes; done += STEP) {
      size_t part = bytes - done < STEP ? bytes - done : STEP;
      memcpy(buffer + held, from + done, STEP);
      held += part;
      if (held >= BUFFER) {
        memcpy(target + flushed, buffer, BUFFER);
        memcpy(buffer, buffer + BUFFER, STEP);
        flushed += BUFFER;
        held -= BUFFER;
      }
    }
  }
  memcpy(target + flushed, buffer, held);
  return flushed + held;
}

#if defined(__x86_64__)
#include <sys/mman.h>

void *cc_map(size_t bytes) {
  void *code = mmap(NULL, bytes, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return code == MAP_FAILED ? NULL : code;
}

void cc_unmap(void *code, size_t bytes) { munmap(code, bytes); }

int cc_protect(void *code, size_t bytes, int executable) {
  return 1;
}

typedef void body(const float *weights, const float *inputs, float *values, int32_t *nonfinite);

void cc_run(const void *code, const cc_piece *pieces, size_t count, const float *weights, const float *inputs,
            float *values, int32_t *nonfinite) {
  for (size_t p = 0; p < count; p++) {
    body *call = (body *)((uintptr_t)code + pieces[p].code);
    for (size_t v = 0; v < 64; v += 16) call(weights + pieces[p].weights, inputs + v, values + v, nonfinite + v);
  }
  // What follows may be older instructions, which wait for wide registers that hold something.
  __asm__ volatile("vzeroupper" ::: "memory");
}
#else
void *cc_map(size_t bytes) { return NULL; }
void cc_unmap(void *code, size_t bytes) {}
int cc_protect(void *code, size_t bytes, int executable) { return 0; }
void cc_run(const void *code, const cc_piece *pieces, size_t count, const float *weights, const float *inputs,
            float *values, int32_t *nonfinite) {}
#endif
