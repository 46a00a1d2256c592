/*
 * Repeats a wait that our signal interrupted, with its own arguments, before the host sees
 * EINTR. And goes on with a write(), send() or recv(MSG_WAITALL) that our signal cut short:
 * without a signal these are never short on a pipe or a stream, so many hosts do not look.
 * Runs in our handler, which blocks all signals.
 *
 * Only waits that our signal interrupted are repeated. A signal of the host that arrives
 * together with ours is delivered first when its number is lower: the context that we get is
 * then that of the host's handler, not the wait's. Otherwise it stays pending until our handler
 * returns, as any that arrives during our handler, and then the EINTR is left for the host to
 * see. A relative timeout starts from its beginning.
 */
#ifndef DP_MEND_H
#define DP_MEND_H

enum dp_mended {
    DP_MEND_NOTHING, /* the context is no interrupted wait, and no transfer cut short */
    DP_MENDED,
    DP_NOT_MENDED, /* the code before the system call has no form that we know, or it is close() */
    DP_MEND_LEFT,  /* another signal is pending */
};

/* `context`: the ucontext_t that the handler was given. Async-signal-safe. */
enum dp_mended dp_mend(void *context);

#endif
