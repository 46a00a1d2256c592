/*
 * Calls out of the hot path, which uses general registers only, into ordinary code; and
 * into such code from the host, whose stack and floating-point environment may be any.
 */
#ifndef DP_CALL_OUT_H
#define DP_CALL_OUT_H

#include <stdint.h>

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

/* Once, when the runtime starts; and in a forked child. */
void dp_call_out_init(void);
void dp_call_out_reset(void);

#endif
