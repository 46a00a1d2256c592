/*
 * Slow calls that the steward has told of in flight, until they end: what is told then
 * must name the same call. The thread's list of open calls (abi/gate.h) does not do for
 * that: in the same tick coroutines begin a thousand calls that look alike in it, which
 * end in any order and on any thread.
 *
 * Filled by the steward alone; emptied by the threads on which the calls end, which
 * happens only in calls that were slow. Of more than DP_TOLD_MAX at once the oldest are
 * forgotten: then the log tells of such a call twice, as of one that did not return, too.
 */
#ifndef DP_TOLD_H
#define DP_TOLD_H

#include <stdint.h>

#define DP_TOLD_MAX 1024

/* Before the steward runs; also in a forked child. */
void dp_told_reset(void);

/* The steward is about to tell of a call in flight, naming it `id` (not 0). It looks
 * afterwards whether the call is still open, and takes it back if it is not. */
void dp_told_add(uint32_t site, uint64_t due, uint64_t id);
/* False: a call has ended as this one. Not another that looks alike, which was told of. */
int dp_told_take_back(uint64_t id);

/* A slow call has ended: the id under which it was told of, or 0. From signal handlers,
 * too. Of calls that look alike each is taken once. */
uint64_t dp_told_take(uint32_t site, uint64_t due);

#endif
