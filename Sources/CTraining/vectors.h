// Vectors of a fixed number of lanes, for all bodies.
#include <string.h>

#include "CTraining.h"

#pragma STDC FP_CONTRACT OFF

#define CT_INLINE static inline __attribute__((always_inline))

typedef float floats __attribute__((vector_size(4 * CT_LANES)));
typedef int32_t ints __attribute__((vector_size(4 * CT_LANES)));
typedef double doubles __attribute__((vector_size(8 * CT_LANES)));
// The same where nothing is known of the address.
typedef floats loose_floats __attribute__((aligned(4), may_alias));
typedef ints loose_ints __attribute__((aligned(4), may_alias));
typedef doubles loose_doubles __attribute__((aligned(8), may_alias));

// Macros, because a function that takes or returns a vector has another convention in each variant.
#define SPLAT(x) ((floats){(x), (x), (x), (x), (x), (x), (x), (x), (x), (x), (x), (x), (x), (x), (x), (x)})
#define AT(p) (*(const loose_floats *)(p))
#define INTS_AT(p) (*(const loose_ints *)(p))
#define DOUBLES_AT(p) (*(loose_doubles *)(p))
#define FMA(a, b, c) __builtin_elementwise_fma(a, b, c)
#define WIDEN(x) __builtin_convertvector(x, doubles)

// Writes the first `count` lanes.
CT_INLINE void put(float *out, const floats *value, size_t count) {
  if (__builtin_expect(count >= CT_LANES, 1)) {
    *(loose_floats *)out = *value;
    return;
  }
  const float *lanes = (const float *)value;
  if (count & 8) memcpy(out, lanes, 32), out += 8, lanes += 8;
  if (count & 4) memcpy(out, lanes, 16), out += 4, lanes += 4;
  if (count & 2) memcpy(out, lanes, 8), out += 2, lanes += 2;
  if (count & 1) memcpy(out, lanes, 4);
}
