#include "vectors.h"

#define CT_TABLE ct_baseline
#define CT_WIDE 0
#include "table.h"
