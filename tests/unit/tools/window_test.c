/* Which time `--last` and `--between` mean. */
#include "check.h"

#include "model/window.h"

#define SECOND UINT64_C(1000000000)
#define NOON (UINT64_C(1763726400) * SECOND) /* 2025-11-21 12:00:00 UTC */

static const struct dp_window_span minute = {NOON, 60 * SECOND};

static void check(const char *a, const char *b, const struct dp_window_span *span, uint64_t from,
                  uint64_t to)
{
    struct dp_window_request request;
    uint64_t found_from, found_to;

    CHECK(dp_window_between(&request, a, b), "%s", a);
    CHECK(dp_window_resolve(&request, span, &found_from, &found_to), "%s", a);
    CHECK(found_from == from && found_to == to, "%s: %g to %g", a, (double)found_from,
          (double)found_to);
}

static void moments_after_the_start(void)
{
    check("5s", "10s", &minute, 5 * SECOND, 10 * SECOND);
    check("5s..10s", NULL, &minute, 5 * SECOND, 10 * SECOND);
    check("0s..500ms", NULL, &minute, 0, SECOND / 2);
    check("50s..2min", NULL, &minute, 50 * SECOND, 60 * SECOND); /* it did not run so long */
}

static void moments_by_the_clock(void)
{
    static const struct dp_window_span night = {NOON + 43190 * SECOND, 30 * SECOND};

    check("12:00:05..12:00:10.5", NULL, &minute, 5 * SECOND, 10 * SECOND + SECOND / 2);
    check("12:00..12:01", NULL, &minute, 0, 60 * SECOND);
    check("11:00..12:00:01", NULL, &minute, 0, SECOND);
    check("2025-11-21 12:00:05..2025-11-21T12:00:06Z", NULL, &minute, 5 * SECOND, 6 * SECOND);
    check("23:59:55..00:00:05", NULL, &night, 5 * SECOND, 15 * SECOND); /* past midnight */
}

static void the_last_time(void)
{
    struct dp_window_request request;
    uint64_t from, to;

    CHECK(dp_window_last(&request, "10s") && dp_window_resolve(&request, &minute, &from, &to));
    CHECK(from == 50 * SECOND && to == 60 * SECOND);
    CHECK(dp_window_last(&request, "1h") == false); /* no unit of ours */
    CHECK(dp_window_last(&request, "5min") && dp_window_resolve(&request, &minute, &from, &to));
    CHECK(from == 0 && to == 60 * SECOND);
    CHECK(!dp_window_last(&request, "0s") && !dp_window_last(&request, "x"));
}

static void what_is_none(void)
{
    struct dp_window_request request;
    uint64_t from, to;

    CHECK(!dp_window_between(&request, "5s", NULL) && !dp_window_between(&request, "a..b", NULL));
    CHECK(!dp_window_between(&request, "25:00..26:00", NULL));
    CHECK(!dp_window_between(&request, "2025-11-21..2025-11-22", NULL));
    CHECK(dp_window_between(&request, "10s..5s", NULL));
    CHECK(!dp_window_resolve(&request, &minute, &from, &to));
    CHECK(dp_window_between(&request, "13:00..14:00", NULL));
    CHECK(!dp_window_resolve(&request, &minute, &from, &to));
}

int main(void)
{
    moments_after_the_start();
    moments_by_the_clock();
    the_last_time();
    what_is_none();
    return 0;
}
