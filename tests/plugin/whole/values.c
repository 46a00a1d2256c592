/* Arguments and results of every class arrive unharmed, without any attribute in the
 * source. */
#define PROBED __attribute__((noipa))
#include "../run/values.c"
