/*
 * The one signal: asks a running thread to write down its own stack.
 *
 * Two threads meet in a slot. The steward fills in a free one and sends its number with the
 * signal; the handler, in the asked thread, writes the stack and then stores ANSWERED with
 * release; the steward loads that with acquire and frees the slot. No second signal goes to a
 * thread before the first was handled.
 *
 * The handler makes no system call, but in two cases. The signal interrupted a wait that libc
 * does not restart: then it puts the thread back to make the call again (mend.h). Or the
 * thread is on a stack that is not its own, as coroutines are: then the kernel is asked to
 * read it, unless the thread is in a sandbox.
 *
 * The signal is the one with the highest number that the host leaves to its default. Nothing
 * is installed before a thread is to be asked.
 */
#ifndef DP_ASK_H
#define DP_ASK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"

#define DP_FRAMES_MAX 128

struct dp_frames {
    uint64_t time_ns; /* when they were written down */
    uint32_t flags;   /* DP_STACK_* */
    uint32_t n;
    uint64_t pcs[DP_FRAMES_MAX];
};

/* 0 or -errno. Before the steward runs, and in a forked child: no slot is in use. */
int dp_ask_init(void);
/* Nothing runs any more that asks. Threads that were asked and have not answered may still do
 * so: the handler and its slots stay. */
void dp_ask_release(void);

enum dp_asked {
    DP_ASKED,         /* it will answer: dp_answer() */
    DP_ASKED_BEFORE,  /* and has not answered yet */
    DP_ASKED_BLOCKED, /* it blocks the signal */
    DP_ASKED_NOT,     /* there is no signal for us, no free slot, or a sandbox refuses */
    DP_ASKED_GONE,
};

/* Steward only. *ticket: for dp_answer(). */
enum dp_asked dp_ask(uint32_t tid, uint32_t *ticket);
/* Has it answered? Copies the frames and frees the slot. `wait_ns`: so long at most. */
bool dp_answer(uint32_t ticket, uint64_t wait_ns, struct dp_frames *frames);
/* The answer is of no interest any more. */
void dp_ask_forget(uint32_t ticket);

/* The signal in use; 0: none. No function: a sanitizer that starts comes here by way of
 * host/bus.c, before it can look at anything. */
extern DP_HIDDEN _Atomic int dp_ask_signal_in_use;
static inline int dp_ask_signal(void)
{
    return atomic_load(&dp_ask_signal_in_use);
}
/* Around an exec: a signal that waits for the thread would reach the new program, which has no
 * handler of it. Between the two none is sent, and none waits for the calling thread. Any
 * thread. */
void dp_ask_hold(void);
void dp_ask_go_on(void);
/* The host wants it for itself: no more of ours is sent. Any thread. */
void dp_ask_give_up(void);

/* Waits that the signal interrupted and that were not made again, since it was asked last. */
uint64_t dp_ask_take_not_mended(void);

#endif
