/*
 * Events as JSON lines: one record of the log to the events it stands for.
 *
 * Used by the runtime (DEEP_PROFILE_EVENTS) and by `deep-profile events`, so
 * that both say the same. Allocates nothing, calls nothing but memcpy, memcmp
 * and strlen, and may be called from any thread.
 *
 *     record                   events
 *     call, call_wide          profiler.start, profiler.stop
 *     call_memory              profiler.start, profiler.stop, profiler.complete
 *     exception                profiler.start (of a sampled profile), profiler.exception
 *     slow_operation           profiler.slow_operation
 *     production(_wide)        profiler.production
 *     memory                   profiler.memory
 *     calls, load, lost        profiler.calls, profiler.load, profiler.lost
 *     the others               none
 *
 * Strings may hold any bytes: invalid UTF-8 becomes U+FFFD, what a terminal or a
 * reader would obey instead of seeing is escaped, so a line is valid JSON and
 * harmless wherever it is shown.
 */
#ifndef DEEP_PROFILE_ABI_EVENT_JSON_H
#define DEEP_PROFILE_ABI_EVENT_JSON_H

#include <stdbool.h>

#include "metadata.h"
#include "options.h"

/* What a record's site resolves to. Members may be NULL. */
struct dp_record_site {
    const char *function;
    const char *file;
    const char *module;
    uint32_t line;
};

/*
 * A decoded record. The pointers are borrowed for the call.
 *
 * `attribute`, `strategy` and the metadata are those of the attribute that the
 * record comes from, see dp_event_attribute().
 */
struct dp_record_view {
    uint32_t id;         /* DP_EVENT_ID_* */
    const void *payload; /* as it lies in the log, any alignment */
    size_t payload_bytes;
    uint64_t time_ns; /* CLOCK_MONOTONIC, the record's: the end of a call */
    uint64_t realtime_offset_ns;
    uint32_t pid;
    uint32_t tid;
    const char *thread_name;           /* NULL or "": not said */
    const struct dp_record_site *site; /* NULL: unknown, or none */
    uint32_t attribute;                /* enum dp_attribute */
    const char *strategy;              /* NULL: not said */
    size_t n_metadata;
    const struct dp_word *metadata_key;
    const struct dp_word *metadata_value;
};

/*
 * Which attribute of a site a record comes from, of those in `present` (bits
 * 1u << enum dp_attribute); DP_ATTRIBUTE_COUNT when it comes from none.
 */
static inline uint32_t dp_event_attribute(uint32_t id, uint32_t present)
{
    switch (id) {
    case DP_EVENT_ID_call:
    case DP_EVENT_ID_call_wide:
    case DP_EVENT_ID_call_memory:
    case DP_EVENT_ID_exception:
        for (uint32_t i = 0; i < DP_ATTRIBUTE_COUNT; i++)
            if ((i == DP_ATTRIBUTE_PROFILE || i == DP_ATTRIBUTE_FLAME_GRAPH ||
                 id == DP_EVENT_ID_exception) &&
                (present >> i & 1))
                return i;
        return DP_ATTRIBUTE_PROFILE;
    case DP_EVENT_ID_slow_operation:
        return DP_ATTRIBUTE_IF_SLOW;
    case DP_EVENT_ID_production:
    case DP_EVENT_ID_production_wide:
        return DP_ATTRIBUTE_PRODUCTION;
    case DP_EVENT_ID_memory:
        return DP_ATTRIBUTE_MEMORY;
    case DP_EVENT_ID_calls:
        return DP_ATTRIBUTE_CALLS;
    }
    return DP_ATTRIBUTE_COUNT;
}

/* What metadata.strategy says for an attribute; NULL: nothing. */
static inline const char *dp_event_strategy(uint32_t attribute, const struct dp_options *options)
{
    switch (attribute) {
    case DP_ATTRIBUTE_PROFILE:
    case DP_ATTRIBUTE_IF_SLOW:
    case DP_ATTRIBUTE_PRODUCTION:
        for (const struct dp_name *name = dp_strategy_names(); name->name; name++)
            if (options && (uint64_t)name->value == (uint64_t)options->strategy)
                return name->name;
        return NULL;
    case DP_ATTRIBUTE_MEMORY:
        return "memory";
    case DP_ATTRIBUTE_CALLS:
        return "calls";
    case DP_ATTRIBUTE_FLAME_GRAPH:
        return "flame_graph";
    }
    return NULL;
}

/* Fills in what the view says of the attribute; `options` may be NULL. */
static inline void dp_event_describe(struct dp_record_view *view, uint32_t attribute,
                                     const struct dp_options *options)
{
    view->attribute = attribute;
    view->strategy = dp_event_strategy(attribute, options);
    view->n_metadata = options ? options->n_metadata : 0;
    view->metadata_key = options ? options->metadata_key : NULL;
    view->metadata_value = options ? options->metadata_value : NULL;
}

/* ------------------------------------------------------------------ JSON */

/* Length of the well-formed UTF-8 sequence at `s` (RFC 3629), 0: none. */
static inline size_t dp_utf8_length(const unsigned char *s, size_t left)
{
    size_t n = s[0] < 0x80                   ? 1
               : s[0] >= 0xc2 && s[0] < 0xe0 ? 2
               : s[0] >= 0xe0 && s[0] < 0xf0 ? 3
               : s[0] >= 0xf0 && s[0] < 0xf5 ? 4
                                             : 0;
    if (n == 0 || n > left)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    /* Too long a form, a surrogate, or above U+10FFFF. */
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
        (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return n;
}

/* The character at `s`, of `n` bytes as dp_utf8_length() says. */
static inline uint32_t dp_utf8_code(const unsigned char *s, size_t n)
{
    uint32_t code = n == 1 ? s[0] : s[0] & (0xffu >> (n + 1));

    for (size_t i = 1; i < n; i++)
        code = code << 6 | (s[i] & 0x3f);
    return code;
}

/*
 * Characters that are not shown but obeyed: controls (C0, DEL, C1), and those by
 * which text looks like another: turned around, hidden, or broken into lines
 * (Unicode's bidirectional, zero-width, separator and tag characters).
 */
static inline bool dp_code_is_obeyed(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x061c ||
           (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2060 && code <= 0x206f) || code == 0xfeff ||
           (code >= 0xfff9 && code <= 0xfffb) || (code >= 0xe0000 && code <= 0xe0fff);
}

static inline void dp_json_escape(struct dp_text *out, uint32_t code)
{
    if (code >= 0x10000) { /* two halves, as UTF-16 has it */
        dp_json_escape(out, 0xd800 + ((code - 0x10000) >> 10));
        code = 0xdc00 + (code & 0x3ff);
    }
    dp_text_string(out, "\\u");
    dp_text_hex(out, code, 4);
}

/* The inside of a JSON string. */
static inline void dp_json_characters(struct dp_text *out, const char *text, size_t length)
{
    const unsigned char *s = (const unsigned char *)text;

    while (length > 0) {
        size_t n = dp_utf8_length(s, length);
        if (n == 0) {
            dp_json_escape(out, 0xfffd);
            n = 1;
        } else if (*s == '"' || *s == '\\') {
            dp_text_char(out, '\\');
            dp_text_char(out, (char)*s);
        } else if (dp_code_is_obeyed(dp_utf8_code(s, n))) {
            dp_json_escape(out, dp_utf8_code(s, n));
        } else {
            dp_text_bytes(out, (const char *)s, n);
        }
        s += n;
        length -= n;
    }
}

static inline void dp_json_text(struct dp_text *out, const char *text, size_t length)
{
    dp_text_char(out, '"');
    dp_json_characters(out, text, length);
    dp_text_char(out, '"');
}

/* Members of an object; `*first` says whether a comma is due. */
static inline void dp_json_key(struct dp_text *out, bool *first, const char *key)
{
    if (!*first)
        dp_text_char(out, ',');
    *first = false;
    dp_text_char(out, '"');
    dp_text_string(out, key);
    dp_text_string(out, "\":");
}

static inline void dp_json_u64(struct dp_text *out, bool *first, const char *key, uint64_t value)
{
    dp_json_key(out, first, key);
    dp_text_u64(out, value);
}

static inline void dp_json_i64(struct dp_text *out, bool *first, const char *key, int64_t value)
{
    dp_json_key(out, first, key);
    dp_text_i64(out, value);
}

static inline void dp_json_bool(struct dp_text *out, bool *first, const char *key, bool value)
{
    dp_json_key(out, first, key);
    dp_text_string(out, value ? "true" : "false");
}

/* Millionths as a decimal fraction: 930000 is 0.930000. */
static inline void dp_json_ppm(struct dp_text *out, bool *first, const char *key, uint32_t ppm)
{
    dp_json_key(out, first, key);
    dp_text_u64(out, ppm / 1000000);
    dp_text_char(out, '.');
    for (uint32_t unit = 100000; unit > 0; unit /= 10)
        dp_text_char(out, (char)('0' + ppm / unit % 10));
}

static inline void dp_json_string(struct dp_text *out, bool *first, const char *key,
                                  const char *value)
{
    dp_json_key(out, first, key);
    if (value)
        dp_json_text(out, value, strlen(value));
    else
        dp_text_string(out, "null");
}

/* ---------------------------------------------------------------- events */

/* {"event":…,"time_unix_ns":…,"measurements":{ */
static inline void dp_event_open(struct dp_text *out, const struct dp_record_view *view,
                                 const char *name, uint64_t before_ns)
{
    dp_text_string(out, "{\"event\":\"profiler.");
    dp_text_string(out, name);
    dp_text_string(out, "\",\"time_unix_ns\":");
    dp_text_u64(out, view->time_ns - before_ns + view->realtime_offset_ns);
    dp_text_string(out, ",\"measurements\":{");
}

static inline bool dp_event_word_is(const struct dp_word *a, const struct dp_word *b)
{
    return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

/* Keys of ours: a person's key of the same name is written as "user.KEY". */
static inline bool dp_event_key_taken(const struct dp_word *key)
{
    static const char *const ours[] = {
        "function", "file", "line",    "module",    "site",
        "pid",      "tid",  "thread",  "strategy",  "attribute",
        "capped",   "kind", "call_id", "in_flight", "reported_in_flight"};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        struct dp_word word = {ours[i], strlen(ours[i])};
        if (dp_event_word_is(&word, key))
            return true;
    }
    return false;
}

/* metadata=key:value of the attribute; of a repeated key the last one counts. */
static inline void dp_event_user_metadata(struct dp_text *out, const struct dp_record_view *view)
{
    for (size_t i = 0; i < view->n_metadata; i++) {
        const struct dp_word *key = &view->metadata_key[i];
        bool again = false;
        for (size_t j = i + 1; j < view->n_metadata; j++)
            again |= dp_event_word_is(key, &view->metadata_key[j]);
        if (again)
            continue;
        dp_text_string(out, ",\"");
        if (dp_event_key_taken(key))
            dp_text_string(out, "user.");
        dp_json_characters(out, key->text, key->length);
        dp_text_string(out, "\":");
        dp_json_text(out, view->metadata_value[i].text, view->metadata_value[i].length);
    }
}

/* },"metadata":{ and what every event has there. */
static inline void dp_event_metadata(struct dp_text *out, const struct dp_record_view *view,
                                     uint32_t site, uint32_t tid)
{
    bool first = true;

    dp_text_string(out, "},\"metadata\":{");
    if (site != 0) {
        dp_json_string(out, &first, "function", view->site ? view->site->function : NULL);
        dp_json_string(out, &first, "file", view->site ? view->site->file : NULL);
        dp_json_u64(out, &first, "line", view->site ? view->site->line : 0);
        dp_json_string(out, &first, "module", view->site ? view->site->module : NULL);
        dp_json_u64(out, &first, "site", site);
    }
    dp_json_u64(out, &first, "pid", view->pid);
    dp_json_u64(out, &first, "tid", tid);
    if (view->thread_name && *view->thread_name && tid == view->tid)
        dp_json_string(out, &first, "thread", view->thread_name);
    if (view->attribute < DP_ATTRIBUTE_COUNT)
        dp_json_string(out, &first, "attribute", dp_attribute_name(view->attribute));
    if (view->strategy)
        dp_json_string(out, &first, "strategy", view->strategy);
    dp_event_user_metadata(out, view);
}

static inline void dp_event_close(struct dp_text *out)
{
    dp_text_string(out, "}}\n");
}

static inline void dp_event_start(struct dp_text *out, const struct dp_record_view *view,
                                  uint32_t site, uint64_t duration_ns)
{
    dp_event_open(out, view, "start", duration_ns);
    dp_event_metadata(out, view, site, view->tid);
    dp_event_close(out);
}

/* stop, production: one duration. */
static inline void dp_event_duration(struct dp_text *out, const struct dp_record_view *view,
                                     const char *name, uint32_t site, uint64_t duration_ns,
                                     bool capped)
{
    bool first = true;

    dp_event_open(out, view, name, 0);
    dp_json_u64(out, &first, "duration_ns", duration_ns);
    dp_event_metadata(out, view, site, view->tid);
    if (capped)
        dp_text_string(out, ",\"capped\":true");
    dp_event_close(out);
}

static inline void dp_event_exception(struct dp_text *out, const struct dp_record_view *view,
                                      const struct dp_event_exception *e)
{
    bool first = true;

    dp_event_open(out, view, "exception", 0);
    dp_json_u64(out, &first, "duration_ns", e->duration_ns);
    dp_event_metadata(out, view, e->site, view->tid);
    first = false;
    dp_json_string(out, &first, "kind", dp_left_name(e->kind));
    dp_event_close(out);
}

static inline void dp_event_complete(struct dp_text *out, const struct dp_record_view *view,
                                     const struct dp_event_call_memory *e)
{
    bool first = true;

    dp_event_open(out, view, "complete", 0);
    dp_json_u64(out, &first, "duration_ns", e->duration_ns);
    dp_json_i64(out, &first, "memory_delta_bytes",
                (int64_t)((uint64_t)e->after_bytes - (uint64_t)e->before_bytes));
    dp_json_u64(out, &first, "samples", 0);
    dp_json_u64(out, &first, "allocated_bytes", e->allocated_bytes);
    dp_json_u64(out, &first, "freed_bytes", e->freed_bytes);
    dp_json_u64(out, &first, "allocations", e->allocations);
    dp_json_u64(out, &first, "frees", e->frees);
    dp_json_i64(out, &first, "peak_bytes", e->peak_bytes);
    dp_event_metadata(out, view, e->site, view->tid);
    if (e->flags & DP_CALL_CAPPED)
        dp_text_string(out, ",\"capped\":true");
    dp_event_close(out);
}

static inline void dp_event_slow_operation(struct dp_text *out, const struct dp_record_view *view,
                                           const struct dp_event_slow_operation *e)
{
    bool first = true;

    dp_event_open(out, view, "slow_operation", 0);
    dp_json_u64(out, &first, "duration_ns", e->duration_ns);
    dp_json_u64(out, &first, "threshold_ns", e->threshold_ns);
    dp_json_u64(out, &first, "duration_error_ns", e->duration_error_ns);
    dp_event_metadata(out, view, e->site, e->tid ? e->tid : view->tid);
    first = false;
    dp_json_u64(out, &first, "call_id", e->id);
    dp_json_bool(out, &first, "in_flight", e->flags & DP_SLOW_IN_FLIGHT);
    if (e->flags & DP_SLOW_REPORTED)
        dp_json_bool(out, &first, "reported_in_flight", true);
    dp_event_close(out);
}

static inline void dp_event_memory(struct dp_text *out, const struct dp_record_view *view,
                                   const struct dp_event_memory *e)
{
    bool first = true;

    dp_event_open(out, view, "memory", 0);
    dp_json_i64(out, &first, "before_bytes", e->before_bytes);
    dp_json_i64(out, &first, "after_bytes", e->after_bytes);
    dp_json_i64(out, &first, "delta_bytes",
                (int64_t)((uint64_t)e->after_bytes - (uint64_t)e->before_bytes));
    dp_json_u64(out, &first, "allocated_bytes", e->allocated_bytes);
    dp_json_u64(out, &first, "freed_bytes", e->freed_bytes);
    dp_json_u64(out, &first, "allocations", e->allocations);
    dp_json_u64(out, &first, "frees", e->frees);
    dp_json_i64(out, &first, "peak_bytes", e->peak_bytes);
    dp_json_u64(out, &first, "duration_ns", e->duration_ns);
    dp_event_metadata(out, view, e->site, view->tid);
    dp_event_close(out);
}

static inline void dp_event_calls(struct dp_text *out, const struct dp_record_view *view,
                                  const struct dp_event_calls *e)
{
    bool first = true;

    dp_event_open(out, view, "calls", 0);
    dp_json_u64(out, &first, "calls", e->calls);
    dp_event_metadata(out, view, e->site, e->tid ? e->tid : view->tid);
    dp_event_close(out);
}

static inline void dp_event_load(struct dp_text *out, const struct dp_record_view *view,
                                 const struct dp_event_load *e)
{
    bool first = true;

    dp_event_open(out, view, "load", 0);
    dp_json_ppm(out, &first, "value", e->value_ppm);
    dp_json_ppm(out, &first, "limit", e->limit_ppm);
    dp_json_u64(out, &first, "gated_calls", e->gated);
    dp_event_metadata(out, view, 0, view->tid);
    first = false;
    dp_json_string(out, &first, "resource", dp_resource_name(e->resource));
    dp_json_string(out, &first, "gate", e->closed ? "closed" : "open");
    dp_event_close(out);
}

static inline void dp_event_lost(struct dp_text *out, const struct dp_record_view *view,
                                 const struct dp_event_lost *e)
{
    bool first = true;

    dp_event_open(out, view, "lost", 0);
    dp_json_u64(out, &first, "count", e->count);
    dp_event_metadata(out, view, 0, view->tid);
    first = false;
    dp_json_string(out, &first, "reason", dp_loss_name(e->reason));
    dp_event_close(out);
}

/* Copies the fixed part of a payload out; nothing when the payload is shorter. */
#define DP_EVENT_COPY(record, view)                                                                \
    struct dp_event_##record e;                                                                    \
    if ((view)->payload_bytes < sizeof e)                                                          \
        return 0;                                                                                  \
    memcpy(&e, (view)->payload, sizeof e)

/* call and production: one word. */
static inline bool dp_event_call_word(const struct dp_record_view *view, uint32_t *site,
                                      uint64_t *duration_ns)
{
    uint32_t word;

    if (view->payload_bytes < sizeof word)
        return false;
    memcpy(&word, view->payload, sizeof word);
    *site = word & ((UINT32_C(1) << DP_CALL_SITE_BITS) - 1);
    *duration_ns = word >> DP_CALL_SITE_BITS;
    return true;
}

static inline int dp_event_json_call(struct dp_text *out, const struct dp_record_view *view)
{
    uint32_t site = 0;
    uint64_t duration_ns = 0;

    if (!dp_event_call_word(view, &site, &duration_ns))
        return 0;
    if (view->id == DP_EVENT_ID_production) {
        dp_event_duration(out, view, "production", site, duration_ns, false);
        return 1;
    }
    dp_event_start(out, view, site, duration_ns);
    dp_event_duration(out, view, "stop", site, duration_ns, false);
    return 2;
}

static inline int dp_event_json_call_memory(struct dp_text *out, const struct dp_record_view *view)
{
    DP_EVENT_COPY(call_memory, view);
    dp_event_start(out, view, e.site, e.duration_ns);
    dp_event_duration(out, view, "stop", e.site, e.duration_ns, e.flags & DP_CALL_CAPPED);
    dp_event_complete(out, view, &e);
    return 3;
}

static inline int dp_event_json_exception(struct dp_text *out, const struct dp_record_view *view)
{
    bool profile =
        view->attribute == DP_ATTRIBUTE_PROFILE || view->attribute == DP_ATTRIBUTE_FLAME_GRAPH;
    DP_EVENT_COPY(exception, view);
    if (profile)
        dp_event_start(out, view, e.site, e.duration_ns);
    dp_event_exception(out, view, &e);
    return 1 + profile;
}

static inline int dp_event_json_any(struct dp_text *out, const struct dp_record_view *view)
{
    switch (view->id) {
    case DP_EVENT_ID_call:
    case DP_EVENT_ID_production:
        return dp_event_json_call(out, view);
    case DP_EVENT_ID_call_wide: {
        DP_EVENT_COPY(call_wide, view);
        dp_event_start(out, view, e.site, e.duration_ns);
        dp_event_duration(out, view, "stop", e.site, e.duration_ns, e.flags & DP_CALL_CAPPED);
        return 2;
    }
    case DP_EVENT_ID_production_wide: {
        DP_EVENT_COPY(production_wide, view);
        dp_event_duration(out, view, "production", e.site, e.duration_ns, false);
        return 1;
    }
    case DP_EVENT_ID_call_memory:
        return dp_event_json_call_memory(out, view);
    case DP_EVENT_ID_exception:
        return dp_event_json_exception(out, view);
    case DP_EVENT_ID_slow_operation: {
        DP_EVENT_COPY(slow_operation, view);
        dp_event_slow_operation(out, view, &e);
        return 1;
    }
    case DP_EVENT_ID_memory: {
        DP_EVENT_COPY(memory, view);
        dp_event_memory(out, view, &e);
        return 1;
    }
    case DP_EVENT_ID_calls: {
        DP_EVENT_COPY(calls, view);
        dp_event_calls(out, view, &e);
        return 1;
    }
    case DP_EVENT_ID_load: {
        DP_EVENT_COPY(load, view);
        dp_event_load(out, view, &e);
        return 1;
    }
    case DP_EVENT_ID_lost: {
        DP_EVENT_COPY(lost, view);
        dp_event_lost(out, view, &e);
        return 1;
    }
    }
    return 0;
}

/*
 * Appends the record's events, one line each with its newline. Returns how many
 * they are (0 to 3), or -1 when they do not all fit: then `out` is as it was,
 * so that what it holds stays whole lines.
 */
static inline int dp_event_json(struct dp_text *out, const struct dp_record_view *view)
{
    size_t before = out->length;
    int events = dp_event_json_any(out, view);

    if (out->length > out->size) {
        out->length = before;
        return -1;
    }
    return events;
}

#endif
