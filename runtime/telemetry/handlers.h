/*
 * Handlers that the program attaches (deep_profile_attach): functions of the host that receive
 * events as DEEP_PROFILE_EVENTS has them, line by line. The steward's sink calls them, off the
 * hot path; at the end of the process the thread that ends it does.
 *
 * Any thread attaches and detaches, a handler, too. One lock guards the list; it is not held while
 * a handler runs, so that a handler may wait for whatever it likes.
 */
#ifndef DP_HANDLERS_H
#define DP_HANDLERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A handler that took longer at one event is detached: the tick waits for it. Time in which the
 * thread got no processor does not count. */
#define DP_HANDLER_LIMIT_NS UINT64_C(100000000)

/* Whether any is attached. */
bool dp_handlers_any(void);

/* Once before events are delivered: the time so far in which this thread waited for a processor. */
void dp_handlers_begin(void);

/* Calls the handlers that want the events of `lines`, which are whole lines of a record of
 * `time_ns`. Not reentered: false, when a handler has come back here. May not return in a child
 * that a handler forked. */
bool dp_handlers_deliver(const char *lines, size_t length, uint64_t time_ns);

/* In a forked child: the lock may be held by a thread that does not exist there. */
void dp_handlers_were_forked(void);

#endif
