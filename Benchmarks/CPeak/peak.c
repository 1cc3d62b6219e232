#include "CPeak.h"

// 16 chains hide the time of a multiply-add on two units.
enum { chains = 16, lanes = 16 };
typedef float floats __attribute__((vector_size(4 * lanes)));
static volatile float sink;

#if defined(__x86_64__)
#define WIDEST __attribute__((target("arch=x86-64-v4"), min_vector_width(512)))
#define NARROWER __attribute__((target("arch=x86-64-v3")))
#else
#define WIDEST
#define NARROWER
#endif

#define BODY(count)                                                                                   \
  floats sums[count], factor = {0.5f}, term = {1};                                                    \
  for (int i = 0; i < (count); i++) sums[i] = factor * (float)i;                                      \
  for (long r = 0; r < rounds; r++) {                                                                 \
    for (int i = 0; i < (count); i++) sums[i] = __builtin_elementwise_fma(sums[i], factor, term);     \
  }                                                                                                   \
  for (int i = 0; i < (count); i++) sink = sums[i][0];                                                \
  return (double)rounds * (count) * lanes;

WIDEST static double widest(long rounds) { BODY(chains) }
// Each vector is two registers there, of 16.
NARROWER static double narrower(long rounds) { BODY(chains / 3) }
static double narrowest(long rounds) { BODY(1) }

double cpeak_multiply_adds(long rounds) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("x86-64-v4")) return widest(rounds);
#endif
#if defined(__x86_64__)
  if (__builtin_cpu_supports("x86-64-v3")) return narrower(rounds);
#endif
  return narrowest(rounds);
}
