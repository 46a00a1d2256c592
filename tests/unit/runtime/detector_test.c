/*
 * Which figures of the process and its machine are alerts, and which are not. The figures are
 * made by hand, and the records are caught before the log.
 */
#include "steward/detector.h"

#include <string.h>

#include "base/settings.h"
#include "check.h"
#include "deep_profile/abi/log.h"

#define SECOND UINT64_C(1000000000)
#define GB (UINT64_C(1) << 30)

void __wrap_dp_log_event(uint32_t id, const void *payload, size_t bytes);

static struct dp_event_alert records[64];
static char message[256];
static int n_records;
static uint64_t now_ns;
static struct dp_figures figures;

void __wrap_dp_log_event(uint32_t id, const void *payload, size_t bytes)
{
    CHECK(id == DP_EVENT_ID_alert && bytes > sizeof *records && n_records < 64);
    memcpy(&records[n_records++], payload, sizeof *records);
    strncpy(message, (const char *)payload + sizeof *records, sizeof message - 1);
}

static void begin(void)
{
    dp_detector_init();
    n_records = 0;
    now_ns = 50 * SECOND;
    memset(&figures, 0, sizeof figures);
}

#define SET(figure, to) \
    (figures.known |= UINT64_C(1) << DP_FIGURE_##figure, figures.value[DP_FIGURE_##figure] = (to))

static void seconds(int n)
{
    for (int i = 0; i < n; i++)
        dp_detector_look(now_ns += SECOND, SECOND, &figures);
}

/* The last record is of that rule and state. */
static void check_last(int n, enum dp_trouble rule, enum dp_alert_state state)
{
    CHECK(n_records == n, "%d, not %d", n_records, n);
    CHECK(records[n - 1].rule == rule && records[n - 1].alert_state == state, "%u %u",
          records[n - 1].rule, records[n - 1].alert_state);
}

static void what_is_not_known_is_no_alert(void)
{
    begin();
    seconds(100);
    SET(CPU, SECOND); /* of how many processors is not known */
    SET(GROUP_USED, GB);
    seconds(100);
    dp_detector_finish(now_ns);
    CHECK(n_records == 0);
}

/* Of the processors that it may use: one of two is no trouble, and one of a half is. */
static void processor_time(void)
{
    begin();
    SET(PROCESSORS, 2000000);
    SET(CPU, SECOND);
    seconds(20);
    CHECK(n_records == 0);
    SET(CPU, SECOND * 17 / 10);
    seconds(2);
    CHECK(n_records == 0);
    seconds(20);
    check_last(1, DP_RULE_CPU, DP_ALERT_RAISED);
    CHECK(records[0].severity == DP_SEVERITY_WARNING && records[0].value == 850000);
    CHECK(records[0].lasted_ns == 3 * SECOND && records[0].incidents == 1);
    CHECK(strstr(message, "85.0 %, limit 80.0 %") != NULL);
    SET(CPU, 2 * SECOND);
    seconds(20);
    check_last(2, DP_RULE_CPU, DP_ALERT_WORSE);
    CHECK(records[1].severity == DP_SEVERITY_CRITICAL);
    SET(CPU, 0);
    seconds(20);
    check_last(3, DP_RULE_CPU, DP_ALERT_OVER);
    begin();
    SET(PROCESSORS, 500000);
    SET(CPU, SECOND / 2);
    seconds(4);
    check_last(1, DP_RULE_CPU, DP_ALERT_RAISED);
    dp_detector_finish(now_ns);
    check_last(2, DP_RULE_CPU, DP_ALERT_LASTING);
}

/* A throttled process uses all that it may: one cause, one alert. */
static void throttling_is_one_alert(void)
{
    begin();
    SET(PROCESSORS, 500000);
    SET(CPU, SECOND / 2);
    SET(THROTTLED, 400000);
    seconds(10);
    check_last(2, DP_RULE_THROTTLED, DP_ALERT_WORSE); /* with another symptom */
    CHECK(records[0].rule == DP_RULE_THROTTLED && records[0].alert_state == DP_ALERT_RAISED);
    CHECK(records[1].symptoms == 1u << DP_RULE_CPU);
    dp_detector_finish(now_ns);
    check_last(3, DP_RULE_THROTTLED, DP_ALERT_LASTING);
}

static void memory(void)
{
    begin();
    SET(MACHINE_MEMORY, 10 * GB);
    SET(MACHINE_AVAILABLE, GB / 2);
    SET(ANONYMOUS, GB / 10); /* others fill the machine */
    seconds(20);
    CHECK(n_records == 0);
    SET(ANONYMOUS, 3 * GB);
    seconds(3);
    check_last(1, DP_RULE_MEMORY, DP_ALERT_RAISED);
    begin();
    SET(GROUP_LIMIT, 100);
    SET(GROUP_USED, 84);
    seconds(20);
    CHECK(n_records == 0);
    SET(GROUP_USED, 90);
    seconds(3);
    check_last(1, DP_RULE_MEMORY, DP_ALERT_RAISED);
}

static void thread_creation(void)
{
    begin();
    SET(THREADS_CREATED, 160); /* 9600 a minute */
    seconds(60);
    SET(THREADS_CREATED, 5000); /* a pool begins */
    seconds(1);
    SET(THREADS_CREATED, 0);
    seconds(10);
    CHECK(n_records == 0);
    SET(THREADS_CREATED, 200);
    seconds(3);
    check_last(1, DP_RULE_THREADS, DP_ALERT_RAISED);
    CHECK(records[0].value == 12000 && records[0].unit == DP_ALERT_PER_MINUTE);
}

/* A leak that fills the memory is one alert, which becomes worse. */
static void growth(void)
{
    begin();
    SET(GROUP_LIMIT, GB);
    for (uint64_t used = GB / 4; used < GB * 19 / 20; used += GB / 100) {
        SET(ANONYMOUS, used);
        SET(GROUP_USED, used);
        seconds(1);
    }
    CHECK(n_records >= 2 && records[0].rule == DP_RULE_GROWTH);
    for (int i = 1; i < n_records; i++)
        CHECK(records[i].rule == DP_RULE_GROWTH && records[i].alert_state == DP_ALERT_WORSE);
    CHECK(records[n_records - 1].symptoms & 1u << DP_RULE_MEMORY);
    CHECK(records[n_records - 1].severity == DP_SEVERITY_CRITICAL);
    begin();
    for (int i = 0; i < 200; i++) { /* it fills a cache */
        SET(ANONYMOUS, GB / 4 + (uint64_t)(i < 50 ? i : 50) * (GB / 100));
        seconds(1);
        if (i == 5)
            CHECK(n_records == 0);
    }
    dp_detector_finish(now_ns);
    CHECK(n_records == 0 || records[n_records - 1].alert_state == DP_ALERT_OVER);
}

int main(void)
{
    dp_settings_read();
    what_is_not_known_is_no_alert();
    processor_time();
    throttling_is_one_alert();
    memory();
    thread_creation();
    growth();
    return 0;
}
