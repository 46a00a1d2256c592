/* See event.h. What is read here is what common/event_json.c has written. */
#define DEEP_PROFILE_RUNTIME
#include "deep_profile.h"

#include <errno.h>
#include <string.h>

#include "base/compiler.h"
#include "common/values.h"
#include "event.h"

#define EXPORT __attribute__((visibility("default"))) DP_FROM_HOST

/* One past the string that begins with the quote at `at`. */
static const char *end_of_string(const char *at, const char *end)
{
    for (at++; at < end && *at != '"'; at++)
        at += *at == '\\' && at + 1 < end;
    return at < end ? at + 1 : end;
}

/* One past the value at `at`: a string, a number, a word, or an object or array with all in it. */
static const char *end_of_value(const char *at, const char *end)
{
    unsigned depth = 0;

    while (at < end) {
        if (*at == '"') {
            at = end_of_string(at, end);
            if (depth == 0)
                return at;
            continue;
        }
        if (depth == 0 && (*at == ',' || *at == '}' || *at == ']'))
            return at;
        depth += *at == '{' || *at == '[';
        depth -= *at == '}' || *at == ']';
        at++;
        if (depth == 0 && (at[-1] == '}' || at[-1] == ']'))
            return at;
    }
    return end;
}

/* The value of `key` in the object that begins at object.text; no text: there is none. */
static struct dp_word member(struct dp_word object, const char *key)
{
    const char *at = object.text + 1, *end = object.text + object.length;
    size_t length = strlen(key);

    if (!object.text)
        return (struct dp_word){NULL, 0};
    while (at < end && *at == '"') {
        const char *name = at + 1, *value = end_of_string(at, end) + 1;
        const char *after = value < end ? end_of_value(value, end) : end;
        if ((size_t)(value - 2 - name) == length && memcmp(name, key, length) == 0)
            return (struct dp_word){value, (size_t)(after - value)};
        at = after + 1;
    }
    return (struct dp_word){NULL, 0};
}

static struct dp_word part_of(const struct deep_profile_event *event, const char *part)
{
    return member((struct dp_word){event->line, event->length}, part);
}

/* Appends `c`, leaving room for a NUL. */
static void put(struct deep_profile_event *event, char c)
{
    if (event->used < DP_EVENT_TEXT_BYTES)
        event->texts[event->used++] = c;
}

static unsigned hex_digit(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c | 0x20) - 'a' + 10;
}

/* What is escaped is an ASCII character, or stands for what no terminal should see: it stays as it
 * is written. Returns what follows it. */
static const char *put_escaped(struct deep_profile_event *event, const char *at, const char *end)
{
    if (at + 1 < end && (at[1] == '"' || at[1] == '\\' || at[1] == '/')) {
        put(event, at[1]);
        return at + 2;
    }
    if (at + 5 < end && at[1] == 'u' && at[2] == '0' && at[3] == '0' && at[4] < '8') {
        put(event, (char)(hex_digit(at[4]) << 4 | hex_digit(at[5])));
        return at + 6;
    }
    put(event, *at);
    return at + 1;
}

/* A value as text: of a string its characters, of all else what JSON has. NULL: no room. */
static const char *text_of(struct deep_profile_event *event, struct dp_word value)
{
    const char *at = value.text, *end = at + value.length;
    size_t start = event->used;

    if (value.length >= 2 && *at == '"') {
        at++;
        end--;
    }
    while (at < end) {
        if (*at == '\\')
            at = put_escaped(event, at, end);
        else
            put(event, *at++);
    }
    if (event->used == DP_EVENT_TEXT_BYTES) {
        event->used = start;
        return NULL;
    }
    event->texts[event->used++] = 0;
    return event->texts + start;
}

void dp_telemetry_event_start(struct deep_profile_event *event, const char *line, size_t length)
{
    event->line = line;
    event->length = length;
    event->used = 0;
    struct dp_word name = part_of(event, "event");
    size_t bytes = name.length >= 2 ? name.length - 2 : 0;
    if (bytes > sizeof event->name - 1)
        bytes = sizeof event->name - 1;
    memcpy(event->name, name.text + 1, bytes);
    event->name[bytes] = 0;
}

EXPORT const char *deep_profile_linked_event_name(const struct deep_profile_event *event)
{
    return event ? event->name : "";
}

/* "-12", "0.851234": shares are given as millionths. False: it is no number. */
static bool number_of(struct dp_word value, int64_t *number)
{
    bool minus = value.length && *value.text == '-';
    const char *at = value.text + minus, *end = value.text + value.length;
    const char *point = memchr(value.text, '.', value.length);
    uint64_t read = 0;

    if (at == end)
        return false;
    for (; at < end; at++) {
        if (at == point)
            continue;
        if (*at < '0' || *at > '9')
            return false;
        read = read * 10 + (uint64_t)(*at - '0');
    }
    for (size_t digits = point ? (size_t)(end - point - 1) : 6; digits < 6; digits++)
        read *= 10;
    *number = (int64_t)(minus ? -read : read);
    return true;
}

EXPORT int deep_profile_linked_event_measurement(const struct deep_profile_event *event,
                                                 const char *key, int64_t *value)
{
    if (!event || !key || !value)
        return -EINVAL;
    struct dp_word found = strcmp(key, "time_unix_ns") == 0 ? part_of(event, key)
                                                            : member(part_of(event, "measurements"), key);
    return found.text && number_of(found, value) ? 0 : -ENOENT;
}

EXPORT const char *deep_profile_linked_event_metadata(const struct deep_profile_event *event,
                                                      const char *key)
{
    struct dp_word found = event && key ? member(part_of(event, "metadata"), key)
                                        : (struct dp_word){NULL, 0};
    return found.text ? text_of((struct deep_profile_event *)(uintptr_t)event, found) : NULL;
}
