/* Time never goes back on one thread, stays near CLOCK_MONOTONIC, and an
 * adjustment does not make it jump. */
#include "base/clock.h"

#include <string.h>
#include <unistd.h>

#include "check.h"
#include "base/os.h"

static int64_t distance(void)
{
    int64_t best = INT64_MAX;
    for (int i = 0; i < 100; i++) { /* the pair with the shortest time between its two reads */
        uint64_t before = dp_os_monotonic_ns();
        uint64_t ours = dp_now_ns();
        uint64_t after = dp_os_monotonic_ns();
        int64_t off = (int64_t)(ours - (before + (after - before) / 2));
        if (llabs(off) < llabs(best))
            best = off;
    }
    return best;
}

static uint64_t stood_still_ns;

uint64_t __real_dp_os_monotonic_ns(void);
uint64_t __wrap_dp_os_monotonic_ns(void);

uint64_t __wrap_dp_os_monotonic_ns(void)
{
    return __real_dp_os_monotonic_ns() - stood_still_ns;
}

/* As after suspending to idle: the counter went on, the kernel's clock did not.
 * Seconds must stay seconds, and time must not go back. */
static void after_a_sleep(void)
{
    uint64_t before = dp_now_ns();
    stood_still_ns += UINT64_C(1000000000);
    dp_clock_adjust();
    usleep(20000);
    dp_clock_adjust();
    uint64_t start = dp_now_ns(), true_start = dp_os_monotonic_ns();
    CHECK(start >= before || !dp_clock_is_tsc());
    usleep(50000);
    double ratio = (double)(dp_now_ns() - start) / (double)(dp_os_monotonic_ns() - true_start);
    CHECK_WITHIN(ratio, 1, 0.1);
}

/* A thread may read a counter that is behind the steward's, just after the steward published a
 * line; or a counter that restarted at 0, before the steward notices. */
static void of_a_counter_that_is_behind(uint64_t behind)
{
    dp_clock_adjust();
    const struct dp_clock_line *line =
        atomic_load_explicit(&dp_clock_line, memory_order_acquire);
    if (!line)
        return;
    uint64_t tsc = dp_arch_tsc();
    uint64_t here = dp_clock_line_at(line, tsc), there = dp_clock_line_at(line, tsc - behind);
    CHECK((int64_t)(here - there) > 0 && here - there < 10 * behind); /* 10 ns a cycle: too many */
}

static const char *clocksource = "tsc\n";

int64_t __wrap_dp_os_read_file(const char *path, char *buffer, size_t capacity);

int64_t __wrap_dp_os_read_file(const char *path, char *buffer, size_t capacity)
{
    CHECK(strstr(path, "clocksource") != NULL && strlen(clocksource) < capacity);
    strcpy(buffer, clocksource);
    return (int64_t)strlen(clocksource);
}

/* The kernel finds the counter unstable while we use it. */
static void given_up_by_the_kernel(void)
{
    uint64_t before = dp_now_ns();
    clocksource = "hpet\n";
    dp_clock_adjust();
    uint64_t start = dp_now_ns(), true_start = dp_os_monotonic_ns();
    CHECK(!dp_clock_is_tsc());
    CHECK(start >= before);
    usleep(20000);
    CHECK_WITHIN((double)(dp_now_ns() - start), (double)(dp_os_monotonic_ns() - true_start), 1e6);
    clocksource = "tsc\n";
}

int main(int argc, char **argv)
{
    dp_arch_init();
    dp_clock_init(argc > 1 ? argv[1] : "auto");
    uint64_t last = dp_now_ns();
    for (int round = 0; round < 30; round++) {
        for (int i = 0; i < 100000; i++) {
            uint64_t now = dp_now_ns();
            CHECK(now >= last);
            last = now;
        }
        uint64_t before = dp_now_ns();
        dp_clock_adjust();
        uint64_t after = dp_now_ns();
        CHECK(after >= before);
        usleep(10000);
    }
    CHECK_WITHIN(distance(), 0, 20000); /* ns; the first calibration took 1 ms */
    of_a_counter_that_is_behind(1000000);
    of_a_counter_that_is_behind(UINT64_C(1) << 50);
    after_a_sleep();
    given_up_by_the_kernel();
    return 0;
}
