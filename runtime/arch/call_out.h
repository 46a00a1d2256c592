/*
 * Calls out of the hot path, which uses general registers only, into ordinary code; and
 * into such code from the host, whose stack and floating-point environment may be any.
 */
#ifndef DP_CALL_OUT_H
#define DP_CALL_OUT_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The signals that the runtime blocks, as the kernel's mask. Not the two that a thread can
 * raise against itself in the runtime, and of which the process dies where they are blocked:
 * SIGBUS is ours (host/bus.c). SIGSYS comes in place of an error from a sandbox that the host
 * is in: its handler makes or refuses the call, also inside the runtime and on its thread.
 * They are let through where the host blocks them, too: the handler of SIGSYS, in which it
 * is blocked, may call profiled code.
 */
#define DP_SIGNALS_BLOCKED (~(UINT64_C(1) << (SIGBUS - 1) | UINT64_C(1) << (SIGSYS - 1)))

/* A function that the hot path calls out to. */
typedef uint64_t dp_out_function(void *a, uintptr_t b, uintptr_t c);

/*
 * Calls function(a, b, c): on a stack of ours, with signals blocked, and with all
 * registers kept that the inserted code does not expect to lose, the vector state among
 * them. From any thread, at any point of the host. Where the hooks are plain calls the
 * compiler has saved the registers already, and only signals are blocked.
 */
uint64_t dp_call_out(dp_out_function *function, void *a, uintptr_t b, uintptr_t c);

/* The same without a change of stack or signals: for what is short and changes nothing, and
 * for what the host itself calls, at the start and at the end. The function finds the stack
 * aligned and the floating-point environment of a new process, whatever the host's are. */
uint64_t dp_call_out_in_place(dp_out_function *function, void *a, uintptr_t b, uintptr_t c);

/* The calling thread's mask as the host has it, while a call out has blocked signals, or
 * between the two functions below it. False: nothing of ours has blocked any. */
bool dp_call_out_hosts_signals(uint64_t *mask);
void dp_call_out_keep_hosts_signals(uint64_t mask);
void dp_call_out_forget_hosts_signals(void);

/* Once, when the runtime starts; and in a forked child. */
void dp_call_out_init(void);
void dp_call_out_reset(void);

#endif
