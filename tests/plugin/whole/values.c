/* Arguments and results of every class arrive unharmed, without a word in the source. */
#define PROBED __attribute__((noinline))
#include "../run/values.c"
