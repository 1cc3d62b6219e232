#ifndef SENTEI_FUZZING_H
#define SENTEI_FUZZING_H

#include <stddef.h>
#include <stdint.h>

// Begins to count what this thread holds on the heap.
void fuzzing_begin(void);

// Ends the counting: the most bytes that were held at once since the beginning, beyond what was held there.
long fuzzing_end(void);

// Has signals say which input they were about, and a hang of ten seconds be one.
void fuzzing_watch(void);

// Begins the input of a number.
void fuzzing_input(long number);

// What is called for each input.
typedef int (*fuzzing_target)(const uint8_t *bytes, size_t count);

// libFuzzer's main with these arguments, the first of which is a name; -1 in a build without libFuzzer.
int fuzzing_run(int argc, char **argv, fuzzing_target target);

#endif
