/*
 * Which site a piece of code belongs to. The inserted code of a function names its site: at its
 * entry it loads a word of struct dp_site at an address that is relative to the instruction. So
 * the function's own bytes say it, also for clones and for the cold part that GCC moves away.
 */
#ifndef DP_SITE_OF_CODE_H
#define DP_SITE_OF_CODE_H

#include <stdbool.h>
#include <stdint.h>

#include "sampling/ask.h"

/*
 * The index of the site whose calls the function around `pc` is; 0: it has none, it is not known,
 * or there are several (annotated functions were inlined into one that has no gate of its own).
 * Sites whose open calls are on a list (DP_SITE_IN_FLIGHT) do not count. Takes the registry's
 * lock. Steward only.
 */
uint32_t dp_site_of_code(uint64_t pc);

/* Whether a frame of the stack is a call of the site. Steward only. */
bool dp_site_is_on(const struct dp_frames *stack, uint32_t site);

#endif
