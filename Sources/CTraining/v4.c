#include "vectors.h"

#if defined(__x86_64__)
// Without the second attribute clang cuts 512-bit vectors in two for this architecture.
#pragma clang attribute push(__attribute__((target("arch=x86-64-v4"))), apply_to = function)
#pragma clang attribute push(__attribute__((min_vector_width(512))), apply_to = function)
#endif
#define CT_TABLE ct_v4
#define CT_WIDE 1
#include "table.h"
#if defined(__x86_64__)
#pragma clang attribute pop
#pragma clang attribute pop
#endif
