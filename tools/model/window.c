/* See window.h. */
#include "window.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/values.h"

#define SECOND UINT64_C(1000000000)
#define DAY (86400 * SECOND)

/* "12:03:10.5": ns after midnight. */
static bool read_time(const char *text, uint64_t *ns)
{
    unsigned hours, minutes, seconds = 0;
    int end = 0;

    if (sscanf(text, "%2u:%2u%n:%2u%n", &hours, &minutes, &end, &seconds, &end) < 2 || end == 0 ||
        hours > 23 || minutes > 59 || seconds > 60)
        return false;
    *ns = (hours * 3600 + minutes * 60 + seconds) * SECOND;
    text += end;
    if (*text == '.') {
        char *rest;
        *ns += (uint64_t)(strtod(text, &rest) * 1e9 + 0.5);
        text = rest;
    }
    return *text == '\0' || strcmp(text, "Z") == 0;
}

/* "2026-11-21 " or "2026-11-21T": returns what is behind it, or NULL. */
static const char *read_day(const char *text, uint64_t *ns)
{
    struct tm day = {0};
    int end = 0;

    if (sscanf(text, "%4d-%2d-%2d%n", &day.tm_year, &day.tm_mon, &day.tm_mday, &end) != 3 ||
        (text[end] != ' ' && text[end] != 'T') || day.tm_year < 1970)
        return NULL;
    day.tm_year -= 1900;
    day.tm_mon -= 1;
    *ns = (uint64_t)timegm(&day) * SECOND;
    return text + end + 1;
}

static bool read_moment(struct dp_moment *moment, const char *text)
{
    uint64_t day_ns = 0;
    const char *time = read_day(text, &day_ns);

    *moment = (struct dp_moment){.by = time ? DP_UNIX_TIME : DP_TIME_OF_DAY};
    if (read_time(time ? time : text, &moment->ns)) {
        moment->ns += day_ns;
        return true;
    }
    moment->by = DP_AFTER_START;
    return !time && dp_parse_duration(text, strlen(text), &moment->ns) == 0;
}

bool dp_window_last(struct dp_window_request *request, const char *text)
{
    *request = (struct dp_window_request){.wanted = true};
    return dp_parse_duration(text, strlen(text), &request->last_ns) == 0 && request->last_ns > 0;
}

bool dp_window_between(struct dp_window_request *request, const char *a, const char *b)
{
    char both[128];
    const char *dots = strstr(a, "..");

    *request = (struct dp_window_request){.wanted = true};
    if (!b) {
        if (!dots || (size_t)(dots - a) >= sizeof both)
            return false;
        memcpy(both, a, (size_t)(dots - a));
        both[dots - a] = '\0';
        b = dots + 2;
        a = both;
    }
    return read_moment(&request->from, a) && read_moment(&request->to, b);
}

/* In ns after the start; before it: 0. */
static uint64_t after_start(const struct dp_moment *moment, const struct dp_window_span *span)
{
    uint64_t unix_ns = moment->ns, midnight = span->start_unix_ns / DAY * DAY;

    if (moment->by == DP_AFTER_START)
        return moment->ns;
    if (moment->by == DP_TIME_OF_DAY) {
        unix_ns += midnight;
        if (unix_ns < span->start_unix_ns && unix_ns + DAY < span->start_unix_ns + span->wall_ns)
            unix_ns += DAY; /* it ran past midnight */
    }
    return unix_ns > span->start_unix_ns ? unix_ns - span->start_unix_ns : 0;
}

bool dp_window_resolve(const struct dp_window_request *request, const struct dp_window_span *span,
                       uint64_t *from_ns, uint64_t *to_ns)
{
    uint64_t wall = span->wall_ns;

    *from_ns = wall > request->last_ns ? wall - request->last_ns : 0;
    *to_ns = wall;
    if (request->last_ns == 0) {
        *from_ns = after_start(&request->from, span);
        *to_ns = after_start(&request->to, span);
    }
    if (*to_ns > wall)
        *to_ns = wall;
    return *from_ns < *to_ns;
}
