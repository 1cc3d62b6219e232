#include "fuzzing.h"

// There only in a build with -sanitize=fuzzer.
__attribute__((weak)) int LLVMFuzzerRunDriver(int *argc, char ***argv, fuzzing_target target);

int fuzzing_run(int argc, char **argv, fuzzing_target target) {
  return LLVMFuzzerRunDriver ? LLVMFuzzerRunDriver(&argc, &argv, target) : -1;
}

// libFuzzer's own main wants it to link; the program has a main of its own and never calls it.
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) { return 0; }
