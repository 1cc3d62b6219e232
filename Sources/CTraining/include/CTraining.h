#ifndef CTRAINING_H
#define CTRAINING_H

#include <stddef.h>
#include <stdint.h>

// The parts of training that are not matrix products, vectorised. Lanes are 16 floats wide in every variant and multiply-
// adds are written as such, so all variants give the same bits.

#endif
