/*
 * A wait that our signal interrupted is made again, with its own arguments, before the host
 * sees EINTR. In the handler of a signal that blocks all others.
 *
 * What makes it right: the signal has the highest number, so a signal of the host's that came
 * together with ours has its handler's frame below: our context is then that handler's, not
 * the wait's. All signals are blocked, so none comes between. And where another one is pending
 * the EINTR stays: it is the host's own. Relative timeouts begin again.
 */
#ifndef DP_MEND_H
#define DP_MEND_H

enum dp_mended {
    DP_MEND_NOTHING, /* the context is not that of an interrupted wait */
    DP_MENDED,
    DP_NOT_MENDED, /* the code in front of the system call is not known */
    DP_MEND_LEFT,  /* another signal is pending */
};

/* `context`: the ucontext_t that the handler was given. Async-signal-safe. */
enum dp_mended dp_mend(void *context);

#endif
