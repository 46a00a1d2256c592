/* See event_print.h. */
#include "event_print.h"

#include <stdlib.h>
#include <string.h>

#include "base/clean.h"
#include "base/memory.h"
#include "base/units.h"

void dp_event_printer_start(struct dp_event_printer *printer, const struct dp_log *log,
                            const struct dp_site_table *sites, bool json)
{
    *printer = (struct dp_event_printer){.log = log, .sites = sites, .json = json};
    dp_style_detect(&printer->style, stdout);
    printer->line.size = 4096;
    printer->line.buffer = dp_allocate(printer->line.size, 1);
}

void dp_event_printer_finish(struct dp_event_printer *printer)
{
    free(printer->line.buffer);
    printer->line = (struct dp_text){0};
}

/* The site that a record tells of, 0: none. Every payload that names one has
 * it first. */
static uint32_t site_of(const struct dp_record *record)
{
    struct dp_event_calls first;

    switch (record->id) {
    case DP_EVENT_ID_call:
    case DP_EVENT_ID_production:
        return dp_record_call_site(record);
    case DP_EVENT_ID_call_wide:
    case DP_EVENT_ID_production_wide:
    case DP_EVENT_ID_call_memory:
    case DP_EVENT_ID_exception:
    case DP_EVENT_ID_slow_operation:
    case DP_EVENT_ID_memory:
    case DP_EVENT_ID_calls:
        memcpy(&first.site, record->payload, sizeof first.site);
        return first.site;
    }
    return 0;
}

/* ---- JSON ---- */

static int print_json(struct dp_event_printer *printer, const struct dp_record *record)
{
    const struct dp_site_info *site = dp_site_find(printer->sites, site_of(record));
    const struct dp_record_site names =
        site ? (struct dp_record_site){site->function, site->file, site->module, site->line}
             : (struct dp_record_site){0};
    struct dp_record_view view = {.id = record->id,
                                  .payload = record->payload,
                                  .payload_bytes = record->payload_bytes,
                                  .time_ns = record->time_ns,
                                  .realtime_offset_ns = printer->log->realtime_offset_ns,
                                  .pid = printer->log->pid,
                                  .tid = record->tid,
                                  .thread_name = record->thread_name,
                                  .site = site ? &names : NULL};
    uint32_t present = 0;

    for (uint32_t a = 0; site && a < DP_ATTRIBUTE_COUNT; a++)
        present |= site->attributes[a] ? 1u << a : 0;
    uint32_t attribute = dp_event_attribute(record->id, present);
    const struct dp_site_attribute_info *info =
        site && attribute < DP_ATTRIBUTE_COUNT ? site->attributes[attribute] : NULL;
    dp_event_describe(&view, attribute, info && info->parsed ? &info->options : NULL);

    printer->line.length = 0;
    int events = dp_event_json(&printer->line, &view);
    while (events < 0) {
        free(printer->line.buffer);
        printer->line.size *= 2;
        printer->line.buffer = dp_allocate(printer->line.size, 1);
        events = dp_event_json(&printer->line, &view);
    }
    fwrite(printer->line.buffer, 1, printer->line.length, stdout);
    return events;
}

/* ---- text ---- */

struct words {
    char text[512];
    const char *event; /* NULL: no event */
};

static const char *ns(const struct dp_event_printer *printer, char *buffer, uint64_t value)
{
    return dp_unit_ns(buffer, (double)value, printer->style.utf8);
}

static void slow_words(const struct dp_event_printer *printer, const struct dp_record *record,
                       struct words *words)
{
    struct dp_event_slow_operation e;
    char duration[DP_UNIT_TEXT], threshold[DP_UNIT_TEXT], error[DP_UNIT_TEXT] = "";

    dp_record_copy(record, &e);
    words->event = "slow_operation";
    if (e.duration_error_ns > 0)
        ns(printer, error, e.duration_error_ns);
    snprintf(words->text, sizeof words->text, "%s%s%s (threshold %s)%s",
             ns(printer, duration, e.duration_ns), *error ? " +/- " : "", error,
             ns(printer, threshold, e.threshold_ns),
             e.flags & DP_SLOW_IN_FLIGHT ? ", still running" : "");
}

static void memory_words(const struct dp_event_printer *printer, const struct dp_record *record,
                         struct words *words)
{
    struct dp_event_memory e;
    char duration[DP_UNIT_TEXT], delta[DP_UNIT_TEXT], allocated[DP_UNIT_TEXT];
    char freed[DP_UNIT_TEXT], peak[DP_UNIT_TEXT];

    if (record->id == DP_EVENT_ID_memory) {
        words->event = "memory";
        dp_record_copy(record, &e);
    } else {
        struct dp_event_call_memory c;
        words->event = "complete";
        dp_record_copy(record, &c);
        e = (struct dp_event_memory){c.site,        c.duration_ns,     c.before_bytes,
                                     c.after_bytes, c.allocated_bytes, c.freed_bytes,
                                     c.allocations, c.frees,           c.peak_bytes};
    }
    snprintf(words->text, sizeof words->text,
             "%s, delta %s, %llu allocations of %s, %llu frees of %s, peak %s",
             ns(printer, duration, e.duration_ns),
             dp_unit_bytes(delta, (double)e.after_bytes - (double)e.before_bytes),
             (unsigned long long)e.allocations, dp_unit_bytes(allocated, (double)e.allocated_bytes),
             (unsigned long long)e.frees, dp_unit_bytes(freed, (double)e.freed_bytes),
             dp_unit_bytes(peak, (double)e.peak_bytes));
}

static void load_words(const struct dp_record *record, struct words *words)
{
    struct dp_event_load e;
    char value[DP_UNIT_TEXT], limit[DP_UNIT_TEXT];

    dp_record_copy(record, &e);
    words->event = "load";
    snprintf(words->text, sizeof words->text, "gate %s: %s %s, limit %s, %llu calls refused",
             e.closed ? "closed" : "open again", dp_resource_name(e.resource),
             dp_unit_percent(value, e.value_ppm / 1e6), dp_unit_percent(limit, e.limit_ppm / 1e6),
             (unsigned long long)e.gated);
}

static void duration_words(const struct dp_event_printer *printer, struct words *words,
                           const char *event, uint64_t duration_ns, const char *more)
{
    char duration[DP_UNIT_TEXT];

    words->event = event;
    snprintf(words->text, sizeof words->text, "%s%s", ns(printer, duration, duration_ns), more);
}

static void describe(const struct dp_event_printer *printer, const struct dp_record *record,
                     struct words *words)
{
    struct dp_event_call_wide wide;
    struct dp_event_production_wide production;
    struct dp_event_exception exception;
    struct dp_event_calls calls;
    struct dp_event_lost lost;

    words->event = NULL;
    switch (record->id) {
    case DP_EVENT_ID_call:
    case DP_EVENT_ID_production:
        duration_words(printer, words, record->id == DP_EVENT_ID_call ? "stop" : "production",
                       dp_record_call_duration(record), "");
        return;
    case DP_EVENT_ID_call_wide:
        dp_record_copy(record, &wide);
        duration_words(printer, words, "stop", wide.duration_ns,
                       wide.flags & DP_CALL_CAPPED ? ", past its duration cap" : "");
        return;
    case DP_EVENT_ID_production_wide:
        dp_record_copy(record, &production);
        duration_words(printer, words, "production", production.duration_ns, "");
        return;
    case DP_EVENT_ID_exception:
        dp_record_copy(record, &exception);
        duration_words(printer, words, "exception", exception.duration_ns, ", left by ");
        strcat(words->text, dp_left_name(exception.kind));
        return;
    case DP_EVENT_ID_slow_operation:
        slow_words(printer, record, words);
        return;
    case DP_EVENT_ID_memory:
    case DP_EVENT_ID_call_memory:
        memory_words(printer, record, words);
        return;
    case DP_EVENT_ID_calls:
        dp_record_copy(record, &calls);
        words->event = "calls";
        snprintf(words->text, sizeof words->text, "%llu calls", (unsigned long long)calls.calls);
        return;
    case DP_EVENT_ID_load:
        load_words(record, words);
        return;
    case DP_EVENT_ID_lost:
        dp_record_copy(record, &lost);
        words->event = "lost";
        snprintf(words->text, sizeof words->text, "%llu (%s)", (unsigned long long)lost.count,
                 dp_loss_name(lost.reason));
        return;
    }
}

static uint32_t thread_of(const struct dp_record *record)
{
    struct dp_event_slow_operation e;

    if (record->id != DP_EVENT_ID_slow_operation)
        return record->tid;
    dp_record_copy(record, &e);
    return e.tid ? e.tid : record->tid;
}

static int print_text(struct dp_event_printer *printer, const struct dp_record *record)
{
    uint32_t index = site_of(record), tid = thread_of(record);
    const struct dp_site_info *site = dp_site_find(printer->sites, index);
    struct dp_style *style = &printer->style;
    struct words words;
    char when[DP_UNIT_TEXT], place[4300];

    describe(printer, record, &words);
    if (!words.event)
        return 0;
    printf("%s%s%s  ", dp_dim(style),
           dp_unit_time(when, record->time_ns + printer->log->realtime_offset_ns, true),
           dp_plain(style));
    if (*record->thread_name && tid == record->tid) {
        dp_print_clean(style, record->thread_name);
        putchar('/');
    }
    printf("%u  %s%-14s%s  ", tid, dp_bold(style), words.event, dp_plain(style));
    if (site) {
        dp_print_clean(style, site->function);
        fputs(" (", stdout);
        dp_print_clean(style, dp_site_place(site, place, sizeof place));
        fputs(")  ", stdout);
    } else if (index != 0) {
        printf("site %u  ", index);
    }
    puts(words.text);
    return 1;
}

int dp_event_print(struct dp_event_printer *printer, const struct dp_record *record)
{
    return printer->json ? print_json(printer, record) : print_text(printer, record);
}
