/* See event_print.h. */
#include "event_print.h"

#include <stdlib.h>
#include <string.h>

#include "base/clean.h"
#include "base/memory.h"
#include "base/units.h"
#include "common/events.h"
#include "model/losses.h"
#include "reason_json.h"
#include "reason_words.h"

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

/* The value of the event's only field with this unit; 0: it has none. */
static uint32_t number_of(const struct dp_record *record, enum dp_row_unit unit)
{
    return (uint32_t)dp_event_number(record->id, record->payload, unit);
}

/* ---- JSON ---- */

/* The reason of a slow operation, for its last record only. False: there is none. */
static bool reason_of(const struct dp_event_printer *printer, const struct dp_record *record,
                      struct dp_reason *reason)
{
    struct dp_event_slow_operation event;

    if (record->id != DP_EVENT_ID_slow_operation || !printer->reasons)
        return false;
    dp_record_copy(record, &event);
    dp_reason_find(reason, printer->reasons, printer->stacks, event.id);
    return reason->known && !(event.flags & DP_SLOW_IN_FLIGHT) ==
                                !(reason->event.flags & DP_REASON_IN_FLIGHT);
}

bool dp_event_has_reason(const struct dp_event_printer *printer, const struct dp_record *record)
{
    struct dp_reason reason;

    return reason_of(printer, record, &reason);
}

/* The stack of a sample; NULL: it has none. */
static const struct dp_stack *stack_of(const struct dp_event_printer *printer,
                                       const struct dp_record *record)
{
    struct dp_event_sample event;

    if (record->id != DP_EVENT_ID_sample || !printer->stacks)
        return NULL;
    dp_record_copy(record, &event);
    return dp_stacks_find(printer->stacks, event.stack);
}

/* JSON members that need more than the record: a comma, then `"reason":{…}`. NULL: none. The
 * caller frees them. */
static char *more_members(const struct dp_event_printer *printer, const struct dp_record *record,
                          size_t *bytes)
{
    struct dp_reason reason;
    bool has_reason = reason_of(printer, record, &reason);
    const struct dp_stack *stack = stack_of(printer, record);
    struct dp_json_document document = {.lines = true};
    char *text = NULL;

    *bytes = 0;
    document.out = has_reason || stack ? open_memstream(&text, bytes) : NULL;
    if (!document.out)
        return NULL;
    document.levels[0].document = &document;
    struct dp_json *object = dp_json_next(&document);
    if (has_reason)
        dp_json_put_reason(object, &reason);
    else
        dp_json_put_frames(object, "frames", stack);
    dp_json_finish(&document);
    fclose(document.out);
    text[0] = ',';
    *bytes = (size_t)(strrchr(text, '}') - text);
    return text;
}

static int print_json(struct dp_event_printer *printer, const struct dp_record *record)
{
    size_t members_bytes;
    char *members = more_members(printer, record, &members_bytes);
    const struct dp_site_info *site = dp_site_find(printer->sites, number_of(record, DP_IN_SITE));
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
                                  .site = site ? &names : NULL,
                                  .members = members,
                                  .members_bytes = members_bytes};
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
    free(members);
    fwrite(printer->line.buffer, 1, printer->line.length, stdout);
    return events;
}

/* ---- text ---- */

/* More than any event has. */
#define MOST_VALUES 32
#define MOST_FRAMES 4 /* JSON has all */

struct words {
    const struct dp_event_printer *printer;
    struct dp_event_value values[MOST_VALUES];
    size_t n;
};

static void print_number(const struct words *words, const struct dp_event_row *row,
                         uint64_t number)
{
    char text[DP_UNIT_TEXT];
    bool is_signed = row->type == DP_ROW_i32 || row->type == DP_ROW_i64;
    double real = is_signed ? (double)(int64_t)number : (double)number;

    switch (row->unit) {
    case DP_IN_DURATION:
    case DP_IN_NS:
        fputs(dp_unit_ns(text, real, words->printer->style.utf8), stdout);
        return;
    case DP_IN_BYTES:
        fputs(dp_unit_bytes(text, real), stdout);
        return;
    case DP_IN_PPM:
        fputs(dp_unit_percent(text, real / 1e6), stdout);
        return;
    case DP_IN_ADDRESS:
        printf("0x%llx", (unsigned long long)number);
        return;
    case DP_IN_LABEL:
        fputs(dp_label(row->labels, number), stdout);
        return;
    case DP_IN_SWITCH:
        fputs(number ? "yes" : "no", stdout);
        return;
    }
    if (is_signed)
        printf("%lld", (long long)number);
    else
        printf("%llu", (unsigned long long)number);
}

static void print_value(const struct words *words, const struct dp_event_value *value)
{
    if (value->row->role == DP_ROW_TEXT) {
        dp_print_clean(&words->printer->style, value->bytes);
    } else if (value->row->role == DP_ROW_ARRAY) {
        for (uint64_t i = 0; i < value->length; i++) {
            if (i > 0)
                putchar(' ');
            print_number(words, value->row, dp_event_element(value, i));
        }
    } else {
        print_number(words, value->row, value->number);
    }
}

static const struct dp_event_value *find_value(const struct words *words, const char *name,
                                               size_t length)
{
    for (size_t i = 0; i < words->n; i++)
        if (strlen(words->values[i].row->name) == length &&
            memcmp(words->values[i].row->name, name, length) == 0)
            return &words->values[i];
    return NULL;
}

/* Prints text[0, length), with a value for each {field}. */
static void print_fields(const struct words *words, const char *text, size_t length)
{
    const char *end = text + length;

    for (; text < end; text++) {
        const char *close = *text == '{' ? memchr(text, '}', (size_t)(end - text)) : NULL;
        if (!close) {
            putchar(*text);
            continue;
        }
        const struct dp_event_value *value =
            find_value(words, text + 1, (size_t)(close - text - 1));
        if (value)
            print_value(words, value);
        text = close;
    }
}

/* Prints [field:text] or [field:text|other text]; `text` is without the brackets. */
static void print_choice(const struct words *words, const char *text, size_t length)
{
    size_t name = strcspn(text, ":"), yes = name + 1;
    const char *other = memchr(text, '|', length);
    size_t yes_length = (other ? (size_t)(other - text) : length) - yes;
    const struct dp_event_value *value = find_value(words, text, name);

    if (value && (value->number || value->length))
        print_fields(words, text + yes, yes_length);
    else if (other)
        print_fields(words, other + 1, length - (size_t)(other + 1 - text));
}

/* Prints an event by its DP_WORDS of events.def. */
static void print_template(const struct words *words, const char *text)
{
    while (*text) {
        size_t plain = strcspn(text, "[");
        print_fields(words, text, plain);
        text += plain;
        if (*text != '[')
            return;
        size_t choice = strcspn(text, "]");
        print_choice(words, text + 1, choice - 1);
        text += choice + (text[choice] == ']');
    }
}

/* Prints an event without DP_WORDS: everything that JSON shows. */
static void print_all(const struct words *words)
{
    const char *before = "";

    for (size_t i = 0; i < words->n; i++) {
        if (words->values[i].row->place == DP_PLACE_HIDDEN)
            continue;
        printf("%s%s ", before, words->values[i].row->key);
        print_value(words, &words->values[i]);
        before = ", ";
    }
}

/* Prints a loss. What was counted, and its unit, depend on the reason (losses.def). */
static bool print_loss(const struct dp_record *record)
{
    struct dp_event_lost event;
    char text[256];

    if (record->id != DP_EVENT_ID_lost)
        return false;
    dp_record_copy(record, &event);
    if (event.reason >= DP_LOSS_COUNT)
        return false;
    printf("%s (%s)",
           dp_unit_amount(text, sizeof text, event.count, dp_loss_what((int)event.reason)),
           dp_loss_name(event.reason));
    return true;
}

static void print_words(const struct dp_event_printer *printer, const struct dp_record *record)
{
    struct words words = {.printer = printer};
    struct dp_event_walk walk;

    if (print_loss(record))
        return;
    dp_event_walk_start(&walk, record->id, record->payload);
    while (words.n < MOST_VALUES && dp_event_walk_next(&walk, &words.values[words.n]))
        words.n++;
    for (const struct dp_event_row *row = walk.first; row->role != DP_ROW_END; row++) {
        if (row->role == DP_ROW_WORDS) {
            print_template(&words, row->name);
            return;
        }
    }
    print_all(&words);
}

/* ": 482 of 500 ms blocked in futex …", " in query <- main" */
static void print_more(const struct dp_event_printer *printer, const struct dp_record *record)
{
    struct dp_reason reason;
    const struct dp_stack *stack = stack_of(printer, record);
    char *words = NULL;

    if (reason_of(printer, record, &reason))
        words = dp_reason_sentence(&reason, &printer->style);
    else if (stack && stack->n_frames > 0)
        words = dp_stack_words(stack, MOST_FRAMES, "");
    if (words)
        printf("%s%s%s", stack ? ": " : "; ", words,
               stack && dp_stack_words_frames(stack) > MOST_FRAMES ? " <- ..." : "");
    free(words);
}

/* A record may stand for several JSON events, of which the last has everything. NULL: none. */
static const char *event_name(const struct dp_record *record)
{
    const struct dp_event_shape *shape = dp_event_shape(record->id);
    const char *name = NULL;

    for (const struct dp_event_row *row = shape->rows; row->role != DP_ROW_END; row++)
        if (row->role == DP_ROW_JSON)
            name = row->name;
    return name;
}

static int print_text(struct dp_event_printer *printer, const struct dp_record *record)
{
    uint32_t index = number_of(record, DP_IN_SITE);
    uint32_t thread = number_of(record, DP_IN_THREAD), tid = thread ? thread : record->tid;
    const struct dp_site_info *site = dp_site_find(printer->sites, index);
    struct dp_style *style = &printer->style;
    const char *event = event_name(record);
    char when[DP_UNIT_TEXT], place[4300];

    if (!event)
        return 0;
    printf("%s%s%s  ", dp_dim(style),
           dp_unit_time(when, record->time_ns + printer->log->realtime_offset_ns, true),
           dp_plain(style));
    if (*record->thread_name && tid == record->tid) {
        dp_print_clean(style, record->thread_name);
        putchar('/');
    }
    printf("%u  %s%-14s%s  ", tid, dp_bold(style), event, dp_plain(style));
    if (site) {
        dp_print_clean(style, site->function);
        fputs(" (", stdout);
        dp_print_clean(style, dp_site_place(site, place, sizeof place));
        fputs(")  ", stdout);
    } else if (index != 0) {
        printf("site %u  ", index);
    }
    print_words(printer, record);
    print_more(printer, record);
    putchar('\n');
    return 1;
}

int dp_event_print(struct dp_event_printer *printer, const struct dp_record *record)
{
    return printer->json ? print_json(printer, record) : print_text(printer, record);
}
