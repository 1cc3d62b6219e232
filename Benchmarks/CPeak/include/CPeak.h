#ifndef CPEAK_H
#define CPEAK_H

// Runs 16 independent chains of fused multiply-adds in registers, as wide as the processor has them, for `rounds`
// rounds; returns the number of single multiply-adds. What it takes is the limit of any kernel on this core.
double cpeak_multiply_adds(long rounds);

#endif
