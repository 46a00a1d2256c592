/*
 * Asks a running thread, by a signal, to write down its own stack.
 *
 * Two threads share a slot: the steward, which asks, and the asked thread, whose signal handler
 * answers. The steward fills in a free slot, stores SENT with release and sends the slot's
 * ticket with the signal. The handler loads SENT with acquire, writes the stack into the slot
 * and stores ANSWERED with release. The steward loads ANSWERED with acquire, copies the stack
 * and frees the slot. A thread that has not answered yet gets no second signal.
 *
 * The handler makes system calls in two cases only. When the signal interrupted a wait that
 * the kernel does not restart, it checks for pending signals and makes the thread repeat the
 * wait (mend.h). When the thread runs on a stack that is not its own, as a coroutine does, the
 * handler lets the kernel read that stack, unless the thread is in a sandbox.
 *
 * A signal that is pending while a thread executes another program finds no handler there. Where
 * our exec functions stand in front of libc's they prevent that (host/exec.c), and we use the
 * signal with the highest number that the host leaves at its default action. In static programs,
 * and where only a library is instrumented, they do not: there we use a signal that a program
 * without a handler ignores. The handler is installed when the first thread has to be asked,
 * not earlier.
 */
#ifndef DP_ASK_H
#define DP_ASK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"

#define DP_FRAMES_MAX 128

struct dp_frames {
    uint64_t time_ns; /* when the handler walked the stack */
    uint32_t flags;   /* DP_STACK_* */
    uint32_t n;
    uint64_t pcs[DP_FRAMES_MAX];
};

/* 0 or -errno. Called before the steward runs, and in a forked child: no slot is in use then. */
int dp_ask_init(void);
/* Called when the steward has ended. Threads that were asked may still answer, so the handler
 * and the slots stay. */
void dp_ask_release(void);

enum dp_asked {
    DP_ASKED,         /* the signal is sent; dp_answer() gets the stack */
    DP_ASKED_BLOCKED, /* the thread blocks the signal */
    DP_ASKED_NOT,     /* no signal is left for us, no slot is free, or a sandbox refuses */
    DP_ASKED_GONE,
};

/* Steward only. Sets *ticket, which dp_answer() takes. A thread that has not answered an earlier
 * signal gets no second one: its answer is for both askers. */
enum dp_asked dp_ask(uint32_t tid, uint32_t *ticket);
/* Steward only. When the thread has answered, copies the frames, gives the ticket back and
 * returns true. Waits at most `wait_ns` for the answer. */
bool dp_answer(uint32_t ticket, uint64_t wait_ns, struct dp_frames *frames);
/* Steward only. Nobody will call dp_answer() for this ticket. */
void dp_ask_forget(uint32_t ticket);

/* The signal in use; 0: none. A plain load without a function call: host/bus.c reads it when a
 * sanitizer's start-up calls sigaction(), before instrumented functions may run. */
extern DP_HIDDEN _Atomic int dp_ask_signal_in_use;
static inline int dp_ask_signal(void)
{
    return atomic_load(&dp_ask_signal_in_use);
}
/* Around an exec, by any thread. A pending signal of ours would reach the new program, which
 * has no handler for it. Between hold and go_on the steward sends none, and none is pending for
 * the calling thread. */
void dp_ask_hold(void);
void dp_ask_go_on(void);
/* Called once, before the steward runs: every exec of the host does that. */
void dp_ask_exec_holds(void);
/* Any thread. The host wants the signal for itself: we send none after this returns. */
void dp_ask_give_up(void);

/* How many waits the signal interrupted that could not be repeated, since the last call. */
uint64_t dp_ask_take_not_mended(void);

#endif
