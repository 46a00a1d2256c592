/* See handlers.h. */
#define DEEP_PROFILE_RUNTIME
#include "deep_profile.h"

#include "handlers.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/facts.h"
#include "base/lock.h"
#include "base/os.h"
#include "entry.h"
#include "event.h"
#include "log/process_log.h"
#include "sampling/thread_files.h"

#define EXPORT __attribute__((visibility("default"))) DP_FROM_HOST
#define MOST_HANDLERS 64
#define MOST_EVENTS 16
#define TEXT_BYTES 64 /* of an id, and of an event's name */
#define PATIENCE_NS UINT64_C(1000000000)
#define PAUSE_NS UINT64_C(1000000)

struct handler {
    char id[TEXT_BYTES]; /* "": the place is free */
    char events[MOST_EVENTS][TEXT_BYTES];
    size_t n_events;
    deep_profile_handler *function;
    void *config;
    uint64_t since_ns; /* earlier records are not for it */
    uint64_t number;   /* of all that were attached: a place is used again */
};

static struct handler handlers[MOST_HANDLERS];
static struct dp_lock handlers_lock;
static _Atomic uint32_t n_handlers;
static uint64_t last_number;
static _Atomic uint64_t running; /* the number of the handler that runs; 0: none */
static _Atomic uint32_t runs_on; /* the thread that delivers; 0: none */
static uint64_t waited_before_ns;
static bool waiting_known;

bool dp_handlers_any(void)
{
    return atomic_load_explicit(&n_handlers, memory_order_relaxed) > 0;
}

void dp_handlers_were_forked(void)
{
    dp_lock_init(&handlers_lock);
    atomic_store_explicit(&running, 0, memory_order_relaxed);
    atomic_store_explicit(&runs_on, 0, memory_order_relaxed);
}

/* ---- delivery ---- */

static bool is_for(const struct handler *handler, const char *name)
{
    for (size_t i = 0; i < handler->n_events; i++) {
        const char *wanted = handler->events[i];
        size_t length = strlen(wanted);
        if (length && wanted[length - 1] == '*' ? strncmp(wanted, name, length - 1) == 0
                                                : strcmp(wanted, name) == 0)
            return true;
    }
    return false;
}

/* Copies handler i, and marks it as running. False: it is not for this event. */
static bool take(size_t i, const char *name, uint64_t time_ns, struct handler *copy)
{
    struct dp_os_signals saved;
    dp_lock_take(&handlers_lock, &saved);
    bool wanted = *handlers[i].id && time_ns >= handlers[i].since_ns && is_for(&handlers[i], name);
    if (wanted) {
        *copy = handlers[i];
        atomic_store_explicit(&running, copy->number, memory_order_relaxed);
    }
    dp_lock_give(&handlers_lock, &saved);
    return wanted;
}

/* Frees the place of the handler with that number, or with that id. 0: there is none. Under the
 * lock. */
static uint64_t drop(const char *id, uint64_t number)
{
    for (size_t i = 0; i < MOST_HANDLERS; i++) {
        struct handler *handler = &handlers[i];
        if (!*handler->id || (id ? strcmp(handler->id, id) != 0 : handler->number != number))
            continue;
        *handler->id = 0;
        atomic_fetch_sub_explicit(&n_handlers, 1, memory_order_relaxed);
        return handler->number;
    }
    return 0;
}

static bool read_waiting(uint64_t *ns)
{
    return dp_thread_runnable_ns(dp_os_tid(), ns);
}

void dp_handlers_begin(void)
{
    waiting_known = read_waiting(&waited_before_ns);
}

/* Without the time that the thread waited for a processor since this delivery began. Where that is
 * not known, only processor time counts. */
static bool is_too_slow(uint64_t took_ns, uint64_t cpu_ns)
{
    uint64_t waited_ns;
    if (took_ns < DP_HANDLER_LIMIT_NS)
        return false;
    if (!waiting_known || !read_waiting(&waited_ns))
        return cpu_ns >= DP_HANDLER_LIMIT_NS;
    waited_ns -= waited_before_ns;
    return took_ns > waited_ns && took_ns - waited_ns >= DP_HANDLER_LIMIT_NS;
}

static void detach_slow(const struct handler *handler, uint64_t took_ns)
{
    const struct dp_event_handler_detached event = {.took_ns = took_ns,
                                                    .limit_ns = DP_HANDLER_LIMIT_NS};
    const char *id = handler->id;
    struct dp_os_signals saved;
    dp_lock_take(&handlers_lock, &saved);
    uint64_t dropped = drop(NULL, handler->number);
    dp_lock_give(&handlers_lock, &saved);
    if (dropped) /* not by itself, meanwhile */
        dp_log_event_with_texts(DP_EVENT_ID_handler_detached, &event, sizeof event, &id, 1);
}

static void call(const struct handler *handler, struct deep_profile_event *event)
{
    int saved_errno = errno;
    uint64_t start = dp_now_ns(), cpu_ns = dp_os_thread_cpu_ns();
    event->used = 0;
    handler->function(event, handler->config);
    if (!dp_process_is_ours())
        dp_os_exit_now(0); /* it forked, and this is the child: the thread that it was is gone */
    uint64_t took_ns = dp_now_ns() - start;
    atomic_store_explicit(&running, 0, memory_order_release); /* pairs with wait_for() */
    if (is_too_slow(took_ns, dp_os_thread_cpu_ns() - cpu_ns))
        detach_slow(handler, took_ns);
    errno = saved_errno;
}

static void deliver_line(const char *line, size_t length, uint64_t time_ns)
{
    static struct deep_profile_event event; /* of the one thread that delivers */
    struct handler handler;
    dp_telemetry_event_start(&event, line, length);
    for (size_t i = 0; i < MOST_HANDLERS; i++)
        if (take(i, event.name, time_ns, &handler))
            call(&handler, &event);
}

bool dp_handlers_deliver(const char *lines, size_t length, uint64_t time_ns)
{
    uint32_t nobody = 0;
    if (!atomic_compare_exchange_strong(&runs_on, &nobody, dp_os_tid()))
        return false;
    while (length > 0) {
        const char *newline = memchr(lines, '\n', length);
        size_t line = newline ? (size_t)(newline - lines) : length;
        deliver_line(lines, line, time_ns);
        line += newline ? 1 : 0;
        lines += line;
        length -= line;
    }
    atomic_store(&runs_on, 0);
    return true;
}

/* ---- the list ---- */

static bool copy_text(char to[TEXT_BYTES], const char *from)
{
    size_t length = from ? strnlen(from, TEXT_BYTES) : 0;
    if (length == 0 || length == TEXT_BYTES)
        return false;
    memcpy(to, from, length + 1);
    return true;
}

static int add(const struct handler *made)
{
    struct handler *place = NULL;
    for (size_t i = 0; i < MOST_HANDLERS; i++) {
        if (strcmp(handlers[i].id, made->id) == 0)
            return -EEXIST;
        if (!place && !*handlers[i].id)
            place = &handlers[i];
    }
    if (!place)
        return -ENOSPC;
    *place = *made;
    place->number = ++last_number;
    atomic_fetch_add_explicit(&n_handlers, 1, memory_order_relaxed);
    return 0;
}

/* Until the handler has returned, unless it is the one that asks. */
static int wait_for(uint64_t number)
{
    uint64_t until = dp_os_monotonic_ns() + PATIENCE_NS;
    if (atomic_load(&runs_on) == dp_os_tid())
        return 0;
    while (atomic_load_explicit(&running, memory_order_acquire) == number) {
        if (dp_os_monotonic_ns() >= until)
            return -EBUSY;
        dp_os_sleep_until(dp_os_monotonic_ns() + PAUSE_NS);
    }
    return 0;
}

EXPORT int deep_profile_linked_attach_many(const char *handler_id, const char *const *events,
                                           size_t count, deep_profile_handler *handler, void *config)
{
    struct handler made = {.function = handler, .config = config, .n_events = count};
    struct dp_os_signals saved;
    if (!handler || !events || count == 0 || count > MOST_EVENTS || !copy_text(made.id, handler_id))
        return -EINVAL;
    for (size_t i = 0; i < count; i++)
        if (!copy_text(made.events[i], events[i]))
            return -EINVAL;
    dp_start_here();
    if (dp_process_mode() != DP_MODE_ON)
        return 0; /* there will be no event */
    made.since_ns = dp_now_ns();
    dp_lock_take(&handlers_lock, &saved);
    int error = add(&made);
    dp_lock_give(&handlers_lock, &saved);
    return error;
}

EXPORT int deep_profile_linked_detach(const char *handler_id)
{
    struct dp_os_signals saved;
    if (!handler_id || !*handler_id)
        return -EINVAL;
    if (dp_process_mode() != DP_MODE_ON && dp_process_mode() != DP_MODE_FINISHED)
        return 0;
    dp_lock_take(&handlers_lock, &saved);
    uint64_t number = drop(handler_id, 0);
    dp_lock_give(&handlers_lock, &saved);
    return number ? wait_for(number) : -ENOENT;
}
