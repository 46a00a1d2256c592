/*
 * The queues from the threads that allocate to the steward: sampled allocations, and the
 * numbers of those that were released. Many threads put in, one takes out; what does not fit
 * is refused.
 *
 * A place's `turn` goes round: 2n free for the n-th time, 2n + 1 filled. A thread claims a
 * place by moving `next` (compare-and-swap), fills it, and stores the turn with release; the
 * steward's load of it is acquire, and its store that frees the place is release, which the
 * next thread's load acquires. A place that its thread has not filled for ten seconds is given
 * up: that thread left the function by a longjmp.
 */
#ifndef DP_HEAP_QUEUE_H
#define DP_HEAP_QUEUE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "ask.h"

struct dp_heap_sampled {
    _Atomic uint32_t turn;
    uint32_t flags; /* DP_ALLOCATION_* */
    uint64_t number;
    uint64_t bytes;
    uint64_t mean_bytes; /* between two samples, when this one was drawn */
    struct dp_frames frames; /* with the time */
};

struct dp_heap_released {
    _Atomic uint32_t turn;
    uint64_t number;
    uint64_t time_ns;
};

/* 0 or -ENOMEM. Both are empty afterwards. Nobody else uses them meanwhile. */
int dp_heap_queue_init(void);

/* A place to fill; NULL: the queue is full. */
struct dp_heap_sampled *dp_heap_queue_claim(uint32_t *turn);
/* Hands over a filled place. False: the steward has given it up. */
bool dp_heap_queue_put(struct dp_heap_sampled *place, uint32_t turn);
/* False: the queue is full. */
bool dp_heap_queue_release(uint64_t number, uint64_t time_ns);

/* Steward: the oldest, which stays in the queue until it is dropped; NULL: there is none, or
 * its thread has not filled it yet. */
struct dp_heap_sampled *dp_heap_queue_first(uint64_t now);
void dp_heap_queue_drop(void);
/* Steward. False: there is none. */
bool dp_heap_queue_take_release(uint64_t now, uint64_t *number, uint64_t *time_ns);

#endif
