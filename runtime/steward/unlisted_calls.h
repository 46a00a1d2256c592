/*
 * Finds slow calls in flight that are on no list: those of whole-program mode, whose entries write
 * nothing down (decisions/0006).
 *
 * A thread that has used no processor time since a moment is still in every call that it was in
 * then. So when a thread stands still for a part of the shortest threshold, its stack is walked,
 * and the code of the innermost functions says which sites they are (sites/site_of_code.h). From
 * then on these calls are looked at like listed ones (slow_looks.h). One whose thread stands
 * still for its whole threshold is certainly slow. When it began is not known, so its report says
 * "at least". A call whose thread runs now and then is not found. Steward only.
 */
#ifndef DP_UNLISTED_CALLS_H
#define DP_UNLISTED_CALLS_H

#include <stdint.h>

/* Before the steward runs; also in a forked child. */
void dp_unlisted_calls_init(void);
/* Unmaps its memory. Call it when no steward runs. */
void dp_unlisted_calls_release(void);

/* Looks which threads stand still, when that is due. Returns the latest time for the next call, if
 * no thread runs until then; UINT64_MAX: all that stands still is known. */
uint64_t dp_unlisted_calls_round(uint64_t now);

#endif
