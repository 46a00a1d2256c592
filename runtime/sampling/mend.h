/*
 * Repeats a wait that our signal interrupted, with its own arguments, before the host sees
 * EINTR. Runs in our handler, which blocks all signals.
 *
 * Only waits that our signal interrupted are repeated. When a signal of the host arrives
 * together with ours, the kernel sets up the host's handler first, since our signal has the
 * highest number: the context that we get is then that handler's, not the wait's. No signal can
 * arrive during our handler unnoticed: it stays pending, and then the EINTR is left for the
 * host to see. A relative timeout starts from its beginning.
 */
#ifndef DP_MEND_H
#define DP_MEND_H

enum dp_mended {
    DP_MEND_NOTHING, /* the context is not an interrupted wait */
    DP_MENDED,
    DP_NOT_MENDED, /* the code before the system call has no form that we know */
    DP_MEND_LEFT,  /* another signal is pending */
};

/* `context`: the ucontext_t that the handler was given. Async-signal-safe. */
enum dp_mended dp_mend(void *context);

#endif
