/* The hot path's entry points: what the thunks of arch/ call. */
#ifndef DP_ENTER_H
#define DP_ENTER_H

#include <stdatomic.h>

#include "arch/call_out.h"
#include "base/compiler.h"
#include "deep_profile/abi/gate.h"

uint64_t dp_enter(struct dp_site *code);
void dp_exit(struct dp_site *code, uint64_t due);

/* Set by process.c before any gate opens: the calling thread's first opened call, or the
 * first in a forked child. A dp_out_function: (-, -, -). 1: dp_self is set; 0: the
 * thread's calls are not profiled. NULL: no module has been loaded yet. */
extern DP_HIDDEN _Atomic(dp_out_function *) dp_meet_thread;

#endif
