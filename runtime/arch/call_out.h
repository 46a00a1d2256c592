/*
 * Calls ordinary code from the hot path, which uses general registers only, and from the
 * host, whose stack and floating-point environment may be unusual.
 */
#ifndef DP_CALL_OUT_H
#define DP_CALL_OUT_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The signals that the runtime blocks, as the kernel's mask. All but two:
 * - SIGBUS belongs to host/bus.c. If the runtime raises it while it is blocked, the kernel ends
 *   the process.
 * - SIGSYS is what a sandbox may send instead of an error. Its handler makes or refuses the call,
 *   also for calls of the runtime. Blocked, it would end the process, too.
 * These two stay open even if the host blocks them: the handler of SIGSYS, in which SIGSYS
 * is blocked, may call profiled code.
 */
#define DP_SIGNALS_BLOCKED (~(UINT64_C(1) << (SIGBUS - 1) | UINT64_C(1) << (SIGSYS - 1)))

/* A function that the hot path calls through dp_call_out(). */
typedef uint64_t dp_out_function(void *a, uintptr_t b, uintptr_t c);

/*
 * Calls function(a, b, c) on a stack of ours, with signals blocked. Preserves every
 * register that the inserted code does not declare as clobbered, including the vector
 * state. May be called from any thread, at any point of the host. With plain calls as hooks
 * the compiler has already saved the registers; then only signals are blocked.
 */
uint64_t dp_call_out(dp_out_function *function, void *a, uintptr_t b, uintptr_t c);

/* The same without changing stack or signals: for short functions that change nothing, and
 * for what the host itself calls at the start and at the end. The function gets an aligned
 * stack and the floating-point environment of a new process, whatever the host's are. */
uint64_t dp_call_out_in_place(dp_out_function *function, void *a, uintptr_t b, uintptr_t c);

/* The calling thread's signal mask as the host has set it. Use it while a call out has
 * blocked signals, or between the two functions below. False: the runtime has not blocked
 * signals in this thread. */
bool dp_call_out_hosts_signals(uint64_t *mask);
void dp_call_out_keep_hosts_signals(uint64_t mask);
void dp_call_out_forget_hosts_signals(void);

/* Call once, when the runtime starts, and in a forked child. */
void dp_call_out_init(void);
void dp_call_out_reset(void);

#endif
