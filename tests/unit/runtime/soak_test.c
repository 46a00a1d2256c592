/*
 * A day in seconds: the runtime by a fake clock. soak_test HOURS CALLS_A_SECOND
 *
 * The clock and the sleep of os.h are ours: the steward's sleep moves time to where
 * it wants to wake, and once a second of that time the host gets its turn and makes
 * its calls. tests/e2e/soak.py reads the log afterwards.
 *
 * Looked at from inside, hour by hour: resident memory, mappings, descriptors, the
 * size of the log. Prints what the log must say.
 */
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../own_resources.h"
#include "check.h"
#include "hand_gate.h"
#include "thread/lane.h"
#include "base/os.h"
#include "base/facts.h"
#include "base/settings.h"
#include "steward/steward.h"

#define SECOND UINT64_C(1000000000)
#define START (UINT64_C(12345) * SECOND)      /* of the machine's life */
#define MIDNIGHT (UINT64_C(1795219200) * SECOND) /* of the wall clock at that moment */

HAND_SITE(recorded, DP_ATTRIBUTE_PROFILE, "rate=1, check_load=false", 0);
HAND_SITE(sampled, DP_ATTRIBUTE_PROFILE, "rate=0.1, check_load=false", 0);
HAND_SITE(watched, DP_ATTRIBUTE_IF_SLOW, "500ms, rate=1", DP_SITE_IN_FLIGHT);
HAND_SITE(counted, DP_ATTRIBUTE_CALLS, "", DP_SITE_COUNTED);

static _Atomic uint64_t now_ns = START;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turned = PTHREAD_COND_INITIALIZER;
static bool hosts_turn = true; /* under mutex; the steward sleeps until this time */
static bool is_over;           /* under mutex; the day has ended: the clock stands still */
static uint64_t next_turn = START + SECOND;

uint64_t __wrap_dp_os_monotonic_ns(void);
uint64_t __wrap_dp_os_realtime_ns(void);
bool __wrap_dp_os_sleep_until(uint64_t monotonic_ns);

uint64_t __wrap_dp_os_monotonic_ns(void)
{
    return atomic_load(&now_ns);
}

uint64_t __wrap_dp_os_realtime_ns(void)
{
    return MIDNIGHT - START + atomic_load(&now_ns);
}

static void pass_time(uint64_t ns)
{
    atomic_fetch_add(&now_ns, ns);
}

/* The steward sleeps until then; or the day is over, which is false. */
static bool move_clock(uint64_t monotonic_ns)
{
    pthread_mutex_lock(&mutex);
    while (hosts_turn && !is_over)
        pthread_cond_wait(&turned, &mutex);
    bool moves = !is_over;
    if (moves && monotonic_ns > atomic_load(&now_ns))
        atomic_store(&now_ns, monotonic_ns);
    if (moves && atomic_load(&now_ns) >= next_turn) {
        hosts_turn = true;
        pthread_cond_signal(&turned);
    }
    pthread_mutex_unlock(&mutex);
    return moves;
}

/* Real time: for a host that waits for a lock or for the steward to begin, and for the
 * steward after the last call, which would pass seconds of it until the host has the
 * processor and stops it. */
bool __wrap_dp_os_sleep_until(uint64_t monotonic_ns)
{
    if (!dp_steward_is_here() || !move_clock(monotonic_ns))
        usleep(10);
    return true;
}

/* The steward, while the tick rests. */
bool __wrap_dp_os_wait_until(_Atomic uint32_t *word, uint32_t seen, uint64_t monotonic_ns);

bool __wrap_dp_os_wait_until(_Atomic uint32_t *word, uint32_t seen, uint64_t monotonic_ns)
{
    while (*word == seen && now_ns < monotonic_ns) {
        uint64_t next_ns = now_ns + 1000000;
        if (!move_clock(next_ns < monotonic_ns ? next_ns : monotonic_ns)) {
            usleep(10);
            break;
        }
    }
    return true;
}

/* Lets the steward live for a second. */
static void wait_for_turn(uint64_t ns)
{
    pthread_mutex_lock(&mutex);
    next_turn = atomic_load(&now_ns) + ns;
    hosts_turn = false;
    pthread_cond_signal(&turned);
    while (!hosts_turn)
        pthread_cond_wait(&turned, &mutex);
    pthread_mutex_unlock(&mutex);
}

/* At the end, also after a failed check: the steward must see that it is stopped. */
static void let_go(void)
{
    pthread_mutex_lock(&mutex);
    is_over = true;
    pthread_cond_signal(&turned);
    pthread_mutex_unlock(&mutex);
}

static struct { /* what the log must say */
    uint64_t recorded, sampled, counted, slow, longest_ns;
} tally;

static void call(struct dp_site *site, uint64_t ns)
{
    uint64_t due = hand_enter(site);
    pass_time(ns);
    hand_exit(site, due);
}

/* As the plugin does it for DP_SITE_IN_FLIGHT. */
static void call_watched(uint64_t seconds)
{
    uint64_t started = atomic_load(&now_ns);
    uint64_t due = hand_enter(&watched_site);
    if (deep_profile_open) {
        struct dp_open_call *open =
            &deep_profile_open->calls[deep_profile_open->top % DP_OPEN_MAX];
        open->due = due;
        open->site = watched_site.index;
        deep_profile_open->top++;
    }
    for (uint64_t i = 0; i < seconds; i++)
        wait_for_turn(SECOND);
    if (deep_profile_open)
        deep_profile_open->top--;
    hand_exit(&watched_site, due);
    tally.slow++;
    uint64_t taken = atomic_load(&now_ns) - started;
    if (taken > tally.longest_ns)
        tally.longest_ns = taken;
}

static void make_calls(unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        call(&recorded_site, 1000 + i % 7 * 100);
        call(&sampled_site, 500);
        call(&counted_site, 0);
    }
    tally.recorded += n;
    tally.sampled += n;
    tally.counted += n;
}

/* ---- looking at ourselves ---- */

static uint64_t bytes_of_streams(const char *path)
{
    DIR *directory = opendir(path);
    uint64_t bytes = 0;
    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        char name[4096];
        struct stat status;
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if ((strncmp(entry->d_name, "stream", 6) == 0 || strncmp(entry->d_name, "runtime", 7) == 0) &&
            stat(name, &status) == 0)
            bytes += (uint64_t)status.st_size;
    }
    if (directory)
        closedir(directory);
    return bytes;
}

int main(int argc, char **argv)
{
    unsigned hours = argc > 1 ? (unsigned)atoi(argv[1]) : 24;
    unsigned calls = argc > 2 ? (unsigned)atoi(argv[2]) : 50;
    struct own_resources first = {0};
    atexit(let_go);
    CHECK(dp_process_mode() == DP_MODE_ON);
    for (unsigned hour = 0; hour < hours; hour++) {
        for (unsigned second = 0; second < 3600; second++) {
            make_calls(calls);
            wait_for_turn(SECOND);
        }
        make_calls(1);
        call_watched(2);
        if (hour % 6 == 1)
            call_watched(900); /* a quarter of an hour: compact times wrap many times */
        struct own_resources now = own_resources();
        CHECK(bytes_of_streams(getenv("DEEP_PROFILE_OUT")) <=
              dp_setting_value(DP_SETTING_SIZE_LIMIT));
        if (hour == 0)
            first = now;
        CHECK(now.resident_bytes <= first.resident_bytes + (512 << 10));
        CHECK(now.mappings <= first.mappings + 4); /* packets of different sizes */
        CHECK(now.descriptors == first.descriptors);
    }
    printf("{\"recorded\": %llu, \"sampled\": %llu, \"counted\": %llu, \"slow\": %llu, "
           "\"longest_ns\": %llu, \"passed_ns\": %llu}\n",
           (unsigned long long)tally.recorded, (unsigned long long)tally.sampled,
           (unsigned long long)tally.counted, (unsigned long long)tally.slow,
           (unsigned long long)tally.longest_ns,
           (unsigned long long)(atomic_load(&now_ns) - START));
    return 0;
}
