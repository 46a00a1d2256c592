/*
 * deep-profile: what a program includes.
 *
 * Put a macro in front of a function, on its definition or on a declaration
 * that the definition sees, and compile with deep-profile-cc:
 *
 *     DEEP_PROFILE_IF_SLOW(500ms)
 *     int query(struct db *db);
 *
 * Options are key=value, separated by commas, without quotes unless a value
 * holds a comma or a blank: DEEP_PROFILE(rate=0.5, env=dev|test). They are
 * checked while compiling; docs/options.md lists them. Several macros may stand
 * on one function. Without deep-profile-cc they are nothing at all, so this header may
 * stay in the source.
 */
#ifndef DEEP_PROFILE_H
#define DEEP_PROFILE_H

#if defined __has_attribute
#if __has_attribute(profile_production) && __has_attribute(profile_if_slow)
#define DEEP_PROFILE_PLUGIN 1
#endif
#endif

/*
 * The macros stringify the options as written, without expanding their words, since a
 * program may have macros of the same names (linux, test, rate). The reserved spelling of
 * the attributes avoids the program's macros, too.
 */
/* C89 has no variadic macros, but every compiler has them; __extension__ keeps
 * -pedantic-errors quiet. */
#ifdef __GNUC__
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wvariadic-macros"
#endif

#ifdef DEEP_PROFILE_PLUGIN

/* Profiles a share of the calls: rate, strategy, duration, threshold, env, … */
#define DEEP_PROFILE(...) __attribute__((__profile__(#__VA_ARGS__)))
/* Reports calls that take longer than a threshold, the first option. */
#define DEEP_PROFILE_IF_SLOW(...) __attribute__((__profile_if_slow__(#__VA_ARGS__)))
/* Profiles few calls, and none while the machine is under load. */
#define DEEP_PROFILE_PRODUCTION(...) __attribute__((__profile_production__(#__VA_ARGS__)))
/* Counts what each call allocates and frees. */
#define DEEP_PROFILE_MEMORY(...) __attribute__((__profile_memory__(#__VA_ARGS__)))
/* Counts the calls exactly. */
#define DEEP_PROFILE_CALLS(...) __attribute__((__profile_calls__(#__VA_ARGS__)))
/* Draws a flame graph of the calls. */
#define DEEP_PROFILE_FLAME_GRAPH(...) __attribute__((__flame_graph__(#__VA_ARGS__)))

#elif defined __DEEP_PROFILE_FALLBACK__ /* by deep-profile-cc, for a compiler without a plugin */

/* An attribute that the compiler knows and carries along: deep-profile-cc finds its text in
 * what the compiler makes of the file. */
#ifdef __clang__
#define DEEP_PROFILE_CARRIER(text) __attribute__((__annotate__("deep_profile:" text)))
#else
#define DEEP_PROFILE_CARRIER(text) __attribute__((__warning__("deep_profile:" text)))
#endif

#define DEEP_PROFILE(...) DEEP_PROFILE_CARRIER("profile:" #__VA_ARGS__)
#define DEEP_PROFILE_IF_SLOW(...) DEEP_PROFILE_CARRIER("profile_if_slow:" #__VA_ARGS__)
#define DEEP_PROFILE_PRODUCTION(...) DEEP_PROFILE_CARRIER("profile_production:" #__VA_ARGS__)
#define DEEP_PROFILE_MEMORY(...) DEEP_PROFILE_CARRIER("profile_memory:" #__VA_ARGS__)
#define DEEP_PROFILE_CALLS(...) DEEP_PROFILE_CARRIER("profile_calls:" #__VA_ARGS__)
#define DEEP_PROFILE_FLAME_GRAPH(...) DEEP_PROFILE_CARRIER("flame_graph:" #__VA_ARGS__)

#else

#define DEEP_PROFILE(...)
#define DEEP_PROFILE_IF_SLOW(...)
#define DEEP_PROFILE_PRODUCTION(...)
#define DEEP_PROFILE_MEMORY(...)
#define DEEP_PROFILE_CALLS(...)
#define DEEP_PROFILE_FLAME_GRAPH(...)

#endif

#ifdef __GNUC__
#pragma GCC diagnostic pop
#endif

/*
 * What annotations cannot know, the program says itself (docs/telemetry.md). Without the runtime
 * these functions do nothing, and nothing has to be linked; with it, but without DEEP_PROFILE in
 * the environment, they return at once. No call fails, and none changes errno. Names are copied
 * when they come for the first time: they need not be literals. They are cut at 127 bytes, and
 * at most 4096 are kept.
 *
 * Any thread may call them. From a signal handler a call is not kept if it interrupts the
 * profiler itself (which is counted); the first call in a process, in a thread, or of a name may
 * make files, so that it does not belong in a handler.
 */
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined DEEP_PROFILE_RUNTIME
#define DEEP_PROFILE_LINKED
#elif defined __GNUC__ && defined __ELF__
#define DEEP_PROFILE_LINKED __attribute__((__weak__))
#endif
#ifdef __GNUC__
#define DEEP_PROFILE_INLINE \
    static __inline__ __attribute__((__unused__, __always_inline__, __no_instrument_function__))
#elif defined __cplusplus || (defined __STDC_VERSION__ && __STDC_VERSION__ >= 199901L)
#define DEEP_PROFILE_INLINE static inline
#else
#define DEEP_PROFILE_INLINE static
#endif

/* What happened; valid while the handler runs that it was given to. */
struct deep_profile_event;

/* A function of the program's own that receives events. `config` is what it was attached with. */
typedef void deep_profile_handler(const struct deep_profile_event *event, void *config);

#ifdef DEEP_PROFILE_LINKED
/* In the runtime; NULL without it. For other languages, too. */
void deep_profile_linked_measure(const char *operation, uint64_t duration_ns) DEEP_PROFILE_LINKED;
uint64_t deep_profile_linked_span_begin(const char *operation) DEEP_PROFILE_LINKED;
void deep_profile_linked_span_end(uint64_t span) DEEP_PROFILE_LINKED;
void deep_profile_linked_gauge(const char *name, int64_t value) DEEP_PROFILE_LINKED;
void deep_profile_linked_count(const char *kind, uint64_t n) DEEP_PROFILE_LINKED;
int deep_profile_linked_attach_many(const char *handler_id, const char *const *events,
                                    size_t count, deep_profile_handler *handler,
                                    void *config) DEEP_PROFILE_LINKED;
int deep_profile_linked_detach(const char *handler_id) DEEP_PROFILE_LINKED;
const char *deep_profile_linked_event_name(const struct deep_profile_event *event)
    DEEP_PROFILE_LINKED;
int deep_profile_linked_event_measurement(const struct deep_profile_event *event, const char *key,
                                          int64_t *value) DEEP_PROFILE_LINKED;
const char *deep_profile_linked_event_metadata(const struct deep_profile_event *event,
                                               const char *key) DEEP_PROFILE_LINKED;
#define DEEP_PROFILE_CALL(name, arguments) \
    if (deep_profile_linked_##name)        \
    deep_profile_linked_##name arguments
#define DEEP_PROFILE_ASK(name, arguments, otherwise) \
    return deep_profile_linked_##name ? deep_profile_linked_##name arguments : (otherwise)
#else /* a compiler without weak symbols */
#define DEEP_PROFILE_CALL(name, arguments) (void)0
#define DEEP_PROFILE_ASK(name, arguments, otherwise) return (otherwise)
#endif

#ifndef DEEP_PROFILE_RUNTIME

/* An operation took so long: what the program has timed by itself. */
DEEP_PROFILE_INLINE void deep_profile_measure(const char *operation, uint64_t duration_ns)
{
    (void)operation;
    (void)duration_ns;
    DEEP_PROFILE_CALL(measure, (operation, duration_ns));
}

/* The same, timed here: from its begin to its end, which may be on another thread, and is at most
 * a day later. 0: nothing is measured; to end it does nothing. To be ended once. */
DEEP_PROFILE_INLINE uint64_t deep_profile_span_begin(const char *operation)
{
    (void)operation;
    DEEP_PROFILE_ASK(span_begin, (operation), 0);
}

DEEP_PROFILE_INLINE void deep_profile_span_end(uint64_t span)
{
    (void)span;
    DEEP_PROFILE_CALL(span_end, (span));
}

/* A value now, such as how many jobs are waiting. */
DEEP_PROFILE_INLINE void deep_profile_gauge(const char *name, int64_t value)
{
    (void)name;
    (void)value;
    DEEP_PROFILE_CALL(gauge, (name, value));
}

/* n more messages, or whatever is counted, of this kind. */
DEEP_PROFILE_INLINE void deep_profile_count(const char *kind, uint64_t n)
{
    (void)kind;
    (void)n;
    DEEP_PROFILE_CALL(count, (kind, n));
}

/*
 * Handlers receive events as DEEP_PROFILE_EVENTS has them, on the profiler's own thread, a
 * twentieth of a second after they happened. `events` are names such as "profiler.slow_operation";
 * one may end in '*'. 0 or a negative errno: -EEXIST, there is a handler of that id; -ENOENT, there
 * is none; -EINVAL; -ENOSPC, there are 64; -EBUSY, it is detached, but still runs after a second.
 * What a handler may do, and what not: docs/telemetry.md.
 */
DEEP_PROFILE_INLINE int deep_profile_attach_many(const char *handler_id, const char *const *events,
                                                 size_t count, deep_profile_handler *handler,
                                                 void *config)
{
    (void)handler_id;
    (void)events;
    (void)count;
    (void)handler;
    (void)config;
    DEEP_PROFILE_ASK(attach_many, (handler_id, events, count, handler, config), 0);
}

DEEP_PROFILE_INLINE int deep_profile_attach(const char *handler_id, const char *event,
                                            deep_profile_handler *handler, void *config)
{
    return deep_profile_attach_many(handler_id, &event, 1, handler, config);
}

/* Once it has returned, the handler does not run any more, unless it detaches itself. */
DEEP_PROFILE_INLINE int deep_profile_detach(const char *handler_id)
{
    (void)handler_id;
    DEEP_PROFILE_ASK(detach, (handler_id), 0);
}

DEEP_PROFILE_INLINE const char *deep_profile_event_name(const struct deep_profile_event *event)
{
    (void)event;
    DEEP_PROFILE_ASK(event_name, (event), "");
}

/* 0, or -ENOENT: the event has no such measurement. Also "time_unix_ns". Shares are in
 * millionths. */
DEEP_PROFILE_INLINE int deep_profile_event_measurement(const struct deep_profile_event *event,
                                                       const char *key, int64_t *value)
{
    (void)event;
    (void)key;
    (void)value;
    DEEP_PROFILE_ASK(event_measurement, (event, key, value), -2 /* -ENOENT */);
}

/* NULL: the event has no such key. Numbers are texts, too. */
DEEP_PROFILE_INLINE const char *deep_profile_event_metadata(const struct deep_profile_event *event,
                                                            const char *key)
{
    (void)event;
    (void)key;
    DEEP_PROFILE_ASK(event_metadata, (event, key), NULL);
}

#endif

#ifdef __cplusplus
}
#endif

#endif
