/* See snapshot_outside.h. */
#include "snapshot_outside.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/memory.h"
#include "log/live_process.h"
#include "profile_gather.h"

static uint64_t unix_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int innermost_first(const void *a, const void *b)
{
    const struct dp_snapshot_call *x = a, *y = b;

    return x->open_ns < y->open_ns ? -1 : x->open_ns > y->open_ns;
}

static void take_calls(struct dp_snapshot_thread *thread, const struct dp_profile *profile)
{
    size_t n = 0, capacity = 0;
    uint64_t now = dp_monotonic_ns();

    for (size_t i = 0; i < profile->n_open; i++) {
        const struct dp_open_info *open = &profile->open[i];
        if (open->tid != thread->tid)
            continue;
        thread->calls = dp_append(thread->calls, &n, &capacity, sizeof *thread->calls);
        thread->calls[n - 1] = (struct dp_snapshot_call){
            .index = open->site, .open_ns = now > open->start_ns ? now - open->start_ns : 0};
    }
    if (n > 0)
        qsort(thread->calls, n, sizeof *thread->calls, innermost_first);
    thread->n_calls = (uint32_t)n;
}

static void add_threads(struct dp_snapshot *snapshot, const struct dp_profile *profile)
{
    size_t n;
    struct dp_live_thread *seen = dp_live_threads(snapshot->pid, &n);

    snapshot->threads = dp_allocate(n + 1, sizeof *snapshot->threads);
    for (size_t i = 0; i < n; i++) {
        struct dp_snapshot_thread *thread = &snapshot->threads[snapshot->n_threads++];
        thread->tid = seen[i].tid;
        thread->letter = seen[i].letter ? seen[i].letter : '?';
        thread->look = (struct dp_stack_sample){.tid = seen[i].tid,
                                                .syscall = seen[i].syscall,
                                                .object = dp_copy(""),
                                                .holder = dp_copy("")};
        memcpy(thread->name, seen[i].name, sizeof thread->name);
        if (profile)
            take_calls(thread, profile);
    }
    free(seen);
}

void dp_snapshot_outside(struct dp_snapshot *snapshot, const char *path, uint32_t pid)
{
    struct dp_profile profile;
    struct dp_problem problem;
    bool read = dp_profile_gather(&profile, path, DP_PROFILE_STATE, 0, &problem) == DP_EXIT_OK;

    *snapshot = (struct dp_snapshot){.pid = pid, .unix_ns = unix_ns()};
    if (read)
        memcpy(snapshot->program, profile.log.program, sizeof snapshot->program);
    add_threads(snapshot, read ? &profile : NULL);
    if (!read)
        return;
    snapshot->sites = profile.sites; /* their names are what it is read for */
    profile.sites = (struct dp_site_table){0};
    for (size_t i = 0; i < snapshot->n_threads; i++)
        for (uint32_t c = 0; c < snapshot->threads[i].n_calls; c++)
            snapshot->threads[i].calls[c].site =
                dp_site_find(&snapshot->sites, snapshot->threads[i].calls[c].index);
    dp_profile_finish(&profile);
}
