/* See process_log.h. */
#include "process_log.h"

#include <string.h>

#include "base/facts.h"
#include "base/lock.h"
#include "base/os.h"
#include "base/settings.h"
#include "segments.h"
#include "stream.h"

#define MAX_TEXT 4096 /* of one string; the rest is cut off */

static struct dp_stream stream;
static struct dp_lock stream_lock;
static _Atomic bool incomplete;
static uint32_t given_up; /* files of this stream that are known to be lost */
static uint64_t reported_losses[DP_LOSS_COUNT], next_report_ns[DP_LOSS_COUNT];
static _Atomic uint64_t event_bytes; /* payload bytes of dp_log_event so far */

struct part {
    const void *bytes;
    size_t length;
    bool is_text; /* a NUL is appended */
};

/* If somebody cut a file of this stream, what was in it is missing: write it again. Under
 * the lock. */
static void look_after(void)
{
    uint32_t gone = stream.given_up + stream.ruined;
    if (gone == given_up)
        return;
    given_up = gone;
    atomic_store_explicit(&incomplete, true, memory_order_relaxed);
}

static bool write_parts(uint32_t id, const struct part *parts, size_t n_parts)
{
    struct dp_os_signals saved;
    uint64_t lost[DP_LOSS_COUNT] = {0}; /* other threads add to the process's losses */
    size_t payload = 0;
    for (size_t i = 0; i < n_parts; i++)
        payload += parts[i].length + parts[i].is_text;
    dp_lock_take(&stream_lock, &saved);
    uint64_t now = dp_now_ns();
    look_after();
    char *at = dp_record_begin(&stream, id, payload, &now, lost);
    if (at) {
        for (size_t i = 0; i < n_parts; i++) {
            memcpy(at, parts[i].bytes, parts[i].length);
            at += parts[i].length;
            if (parts[i].is_text)
                *at++ = 0;
        }
        dp_record_commit(&stream, at, now);
    } else if (id == DP_EVENT_ID_site || id == DP_EVENT_ID_site_attribute ||
               id == DP_EVENT_ID_setting) {
        atomic_store_explicit(&incomplete, true, memory_order_relaxed);
    }
    dp_lock_give(&stream_lock, &saved);
    for (int reason = 0; reason < DP_LOSS_COUNT; reason++) {
        if (lost[reason])
            dp_process_lost((enum dp_loss)reason, lost[reason]);
    }
    return at != NULL;
}

static struct part text_part(const char *string, size_t length)
{
    const char *nul = memchr(string, 0, length);
    if (nul)
        length = (size_t)(nul - string);
    return (struct part){string, length < MAX_TEXT ? length : MAX_TEXT, true};
}

static struct part string_part(const char *string)
{
    return text_part(string, strlen(string));
}

static void start_stream(void)
{
    char name[16];
    dp_os_thread_name(name);
    dp_stream_init(&stream, DP_RUNTIME_LANE);
    dp_stream_set_thread(&stream, dp_os_tid(), name);
    memset(reported_losses, 0, sizeof reported_losses);
    memset(next_report_ns, 0, sizeof next_report_ns);
    given_up = 0;
    atomic_store_explicit(&event_bytes, 0, memory_order_relaxed);
    atomic_store_explicit(&incomplete, false, memory_order_relaxed);
}

void dp_log_init(void)
{
    dp_lock_init(&stream_lock);
    start_stream();
}

void dp_log_reset(void)
{
    dp_stream_forget(&stream);
    dp_log_init();
}

void dp_log_finish(void)
{
    struct dp_os_signals saved;
    dp_lock_take(&stream_lock, &saved);
    dp_stream_close_packet(&stream);
    dp_lock_give(&stream_lock, &saved);
}

const struct dp_stream *dp_log_stream(void)
{
    return &stream;
}

struct dp_stream *dp_log_stream_written(void)
{
    return &stream;
}

/* Keeps events about the process within their share, for programs that run for weeks. Sites
 * and settings are always written. */
static uint64_t whole_share(void)
{
    return dp_setting_value(DP_SETTING_SIZE_LIMIT) / DP_STREAM_PROCESS_SHARE / 2;
}

static bool take_share(uint64_t bytes)
{
    uint64_t record = bytes + sizeof(struct dp_wide_header), share = whole_share();
    if (atomic_fetch_add_explicit(&event_bytes, record, memory_order_relaxed) + record <= share)
        return true;
    atomic_fetch_sub_explicit(&event_bytes, record, memory_order_relaxed);
    return false;
}

bool dp_log_event_if_room(uint32_t id, const void *payload, size_t bytes)
{
    struct part part = {payload, bytes, false};
    return take_share(bytes) && write_parts(id, &part, 1);
}

bool dp_log_take_room(size_t bytes)
{
    return take_share(bytes);
}

bool dp_log_event_in_room(uint32_t id, const void *payload, size_t bytes)
{
    struct part part = {payload, bytes, false};
    return write_parts(id, &part, 1);
}

uint64_t dp_log_room_left(uint64_t *whole)
{
    uint64_t used = atomic_load_explicit(&event_bytes, memory_order_relaxed);
    *whole = whole_share();
    return used < *whole ? *whole - used : 0;
}

void dp_log_event(uint32_t id, const void *payload, size_t bytes)
{
    struct part part = {payload, bytes, false};
    if (take_share(bytes))
        write_parts(id, &part, 1);
    else
        dp_process_lost(DP_LOSS_LOG_FULL, 1);
}

void dp_log_event_with_texts(uint32_t id, const void *payload, size_t bytes,
                             const char *const *texts, size_t n)
{
    struct part parts[1 + DP_LOG_TEXTS] = {{payload, bytes, false}};
    for (size_t i = 0; i < n; i++) {
        parts[i + 1] = string_part(texts[i]);
        bytes += parts[i + 1].length + 1;
    }
    if (take_share(bytes))
        write_parts(id, parts, n + 1);
    else
        dp_process_lost(DP_LOSS_LOG_FULL, 1);
}

void dp_log_site(uint32_t index, uint64_t site_id, const struct dp_site_desc *desc,
                 const char *module)
{
    struct dp_event_site event = {
        .site = index, .line = desc->line, .flags = desc->flags, .id = site_id};
    struct part parts[] = {{&event, sizeof event, false},
                           string_part(desc->function),
                           string_part(desc->file),
                           string_part(module)};
    write_parts(DP_EVENT_ID_site, parts, 4);
}

void dp_log_site_attribute(const struct dp_event_site_attribute *event, const char *options,
                           struct dp_word rule)
{
    struct part parts[] = {{event, sizeof *event, false},
                           string_part(options),
                           text_part(rule.length ? rule.text : "", rule.length)};
    write_parts(DP_EVENT_ID_site_attribute, parts, 3);
}

void dp_log_setting(uint32_t source, const char *name, const char *value, const char *problem)
{
    struct dp_event_setting event = {.source = source};
    struct part parts[] = {
        {&event, sizeof event, false}, string_part(name), string_part(value), string_part(problem)};
    write_parts(DP_EVENT_ID_setting, parts, 4);
}

bool dp_log_take_incomplete(void)
{
    struct dp_os_signals saved;
    dp_lock_take(&stream_lock, &saved);
    look_after();
    dp_lock_give(&stream_lock, &saved);
    return atomic_exchange_explicit(&incomplete, false, memory_order_relaxed);
}

void dp_log_losses(const uint64_t totals[DP_LOSS_COUNT], uint64_t now, uint64_t apart_ns)
{
    for (uint32_t reason = 0; reason < DP_LOSS_COUNT; reason++) {
        if (totals[reason] <= reported_losses[reason] || now < next_report_ns[reason])
            continue;
        next_report_ns[reason] = now + apart_ns;
        struct dp_event_lost event = {.reason = reason,
                                      .count = totals[reason] - reported_losses[reason]};
        if (dp_log_event_if_room(DP_EVENT_ID_lost, &event, sizeof event))
            reported_losses[reason] = totals[reason];
    }
}
