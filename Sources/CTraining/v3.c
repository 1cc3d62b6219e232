#include "vectors.h"

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"))), apply_to = function)
#endif
#define CT_TABLE ct_v3
#define CT_WIDE 0
#include "table.h"
#if defined(__x86_64__)
#pragma clang attribute pop
#endif
