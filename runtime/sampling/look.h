/*
 * One look at one thread: whether it runs or waits, its stack, what it waits for and which
 * thread holds that.
 *
 * The stack of a thread that waits in the kernel is read without a signal. Its processor time
 * is read before and after: when that did not change, the thread did not run meanwhile, and the
 * stack is valid. A running thread is asked for its stack (ask.h). When a blocked thread's
 * processor time is the same as at the last look, the result of that look is used again.
 * Steward only. Only addresses of code leave this file, no other content of a stack.
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
    uint32_t on_cpu;  /* of one that runs: the share of the time since the last look that it ran,
                         in units of DP_SHARE_ONE; the rest it waited for a processor */
    uint32_t flags;   /* DP_SAMPLE_*: why there is no stack */
    uint32_t ticket;  /* not 0: asked, but not answered yet */
    uint64_t time_ns; /* when this look began */
    uint64_t cpu_ns;  /* the thread's processor time then */
    uint64_t since_ns;            /* when it was first found with that cpu_ns */
    uint64_t runnable_ns;         /* how long it had waited for a processor; set when it runs */
    struct dp_thread_waits waits; /* state blocked, and no flags */
    struct dp_wait wait;
    struct dp_frames stack;        /* n = 0: none */
    struct dp_frames holder_stack; /* of wait.holder_tid */
};

/* Looks at the thread. On entry *look is the last look at the same thread, or zeros; when the
 * thread has been blocked since, its stack is kept. False: the thread has ended. */
bool dp_look_at(uint32_t tid, struct dp_look *look);

/* The earlier of `since` and of when the look's thread began to stand still, where it is this
 * thread and has used no more than `cpu_ns`. */
static inline uint64_t dp_look_still_since(const struct dp_look *look, uint32_t tid,
                                           uint64_t cpu_ns, uint64_t since)
{
    bool same = look->tid == tid && look->cpu_ns == cpu_ns && look->since_ns;
    return same && look->since_ns < since ? look->since_ns : since;
}

/* Takes the stack of a thread that was asked, if it has answered now. False: not yet. */
bool dp_look_answered(struct dp_look *look);
/* The same, and waits no longer: without an answer the look has no stack. */
void dp_look_finish(struct dp_look *look);

#endif
