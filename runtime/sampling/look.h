/*
 * One look at one thread: what it does, its stack, what it waits for and who holds that.
 *
 * A thread that waits in the kernel is read where it stands, without a signal: its processor
 * time, read before and after, proves that it did not move meanwhile. One that runs is asked
 * (ask.h); a thread whose processor time has not changed since the last look is not asked
 * again, nor read again. Steward only. Nothing of a stack but addresses of code goes further.
 */
#ifndef DP_LOOK_H
#define DP_LOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "ask.h"
#include "deep_profile/abi/log.h"
#include "waits.h"

#define DP_SHARE_ONE 65536

struct dp_look {
    uint32_t tid;
    uint32_t state;   /* enum dp_thread_state */
    uint32_t on_cpu;  /* of one that runs: the share of a processor it had since the look before,
                         of what it wanted, in DP_SHARE_ONE; the rest it waited for one */
    uint32_t flags;   /* DP_SAMPLE_*: why there is no stack */
    uint32_t ticket;  /* not 0: the stack is still to come */
    uint64_t time_ns; /* when it was begun */
    uint64_t cpu_ns;  /* the thread's processor time then */
    uint64_t runnable_ns; /* and for how long it had waited for a processor; of one that runs */
    struct dp_thread_waits waits; /* state blocked, and no flags */
    struct dp_wait wait;
    struct dp_frames stack;        /* n = 0: none */
    struct dp_frames holder_stack; /* of wait.holder_tid */
};

/* Looks at the thread. *look holds the look before at the same thread, or zeros: where the
 * thread has not run since, its stack is that of before. False: it has ended. */
bool dp_look_at(uint32_t tid, struct dp_look *look);

/* The stack that was to come may be there now. */
void dp_look_finish(struct dp_look *look);

#endif
