/*
 * When the load gate closes and opens, by the kernel's files. Texts of our own replace
 * its files.
 */
#include "steward/load.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/facts.h"
#include "base/load_gate.h"
#include "base/os.h"
#include "base/settings.h"
#include "check.h"
#include "hand_gate.h"

HAND_SITE(checked, DP_ATTRIBUTE_PROFILE, "rate=1", 0);

void __real_dp_load_check(void);
void __wrap_dp_load_check(void);
int64_t __real_dp_os_read_file(const char *path, char *buffer, size_t capacity);
int64_t __wrap_dp_os_read_file(const char *path, char *buffer, size_t capacity);

void __wrap_dp_machine_round(uint64_t now);

/* The steward does not look. */
void __wrap_dp_load_check(void)
{
}

void __wrap_dp_machine_round(uint64_t now)
{
    (void)now;
}

static _Atomic bool ours; /* the files are; the steward reads others */
static uint64_t busy, idle; /* of the processors, so far */
static unsigned memory_used = 10; /* in percent */

int64_t __wrap_dp_os_read_file(const char *path, char *buffer, size_t capacity)
{
    if (!ours)
        return __real_dp_os_read_file(path, buffer, capacity);
    if (strcmp(path, "/proc/stat") == 0)
        return snprintf(buffer, capacity, "cpu  %lu 0 0 %lu 0 0 0 0 0 0\n", (unsigned long)busy,
                        (unsigned long)idle);
    if (strcmp(path, "/proc/meminfo") == 0)
        return snprintf(buffer, capacity, "MemTotal: 1000 kB\nMemAvailable: %u kB\n",
                        1000 - memory_used * 10);
    return -1;
}

/* One look of the steward, after a time in which the processors were busy to `percent`. */
static bool closed_after(unsigned percent)
{
    busy += percent * 100;
    idle += (100 - percent) * 100;
    usleep(100); /* no two looks at one microsecond */
    __real_dp_load_check();
    bool closed = dp_load_gate_closed();
    uint64_t due = hand_enter(&checked_site);
    CHECK(!(due & DP_DUE_OPENED) == closed);
    hand_exit(&checked_site, due);
    return closed;
}

/* The limit is 80 %: opens below 70 %. */
static void closes_at_once_and_opens_late(void)
{
    CHECK(!closed_after(10) && !closed_after(10));
    CHECK(!closed_after(79));
    CHECK(closed_after(85));
    for (int i = 0; i < 5; i++) /* under the limit, but not by an eighth */
        CHECK(closed_after(75));
    CHECK(closed_after(60)); /* once */
    CHECK(closed_after(75)); /* not in a row */
    CHECK(closed_after(60));
    CHECK(!closed_after(60));
    CHECK(!closed_after(79));
}

/* Each resource holds it closed by itself. */
static void opens_when_no_resource_is_short(void)
{
    memory_used = 95;
    CHECK(closed_after(10));
    CHECK(dp_load_gate_closed_for(DP_RESOURCE_MEMORY));
    CHECK(!dp_load_gate_closed_for(DP_RESOURCE_CPU));
    CHECK(closed_after(90));
    memory_used = 10;
    CHECK(closed_after(90) && closed_after(90));
    CHECK(!dp_load_gate_closed_for(DP_RESOURCE_MEMORY));
    CHECK(closed_after(10));
    CHECK(!closed_after(10));
}

int main(void)
{
    CHECK(dp_process_mode() == DP_MODE_ON);
    CHECK(dp_setting_value(DP_SETTING_CPU_LIMIT) == 800000000);
    ours = true;
    dp_load_init();
    closes_at_once_and_opens_late();
    opens_when_no_resource_is_short();
    return 0;
}
