/* See sampled_looks.h. */
#include "sampled_looks.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/facts.h"
#include "base/memory_ceiling.h"
#include "base/os.h"
#include "base/peek.h"
#include "base/settings.h"
#include "sampling/findings.h"
#include "sampling/look.h"
#include "sampling/stack_log.h"
#include "sites/config.h"
#include "thread/lane.h"

#define PERIOD_NS UINT64_C(10000000)
#define LONGEST_NS  UINT64_C(1000000000) /* the longest time that one look stands for */
#define WRITE_NS    UINT64_C(1000000000) /* how often a thread that keeps waiting is written */
#define THREADS_MAX 512
#define SITES_MAX   5 /* of nested calls, and the whole program */

struct sampled {
    uint32_t tid; /* 0: the place is free */
    uint32_t seen_in; /* the last round that wanted it */
    uint32_t n_sites;
    uint32_t sites[SITES_MAX]; /* 0: DEEP_PROFILE_SAMPLE */
    uint32_t looks;
    uint64_t weight_ns, since_ns;
    struct dp_look look;
};

static struct sampled *all; /* made at the first need; kept by a forked child */
static uint32_t used;       /* all[0, used) */
static uint32_t round_number;
static uint64_t next_round_ns, last_round_ns;

void dp_sampled_looks_init(void)
{
    for (uint32_t i = 0; i < used; i++)
        all[i].tid = 0;
    used = 0;
    next_round_ns = last_round_ns = 0;
}

static bool has_room(void)
{
    if (!all)
        all = dp_memory_ceiling_map_for_good(THREADS_MAX * sizeof *all);
    return all;
}

static void write_out(struct sampled *one, uint64_t now)
{
    if (!one->looks)
        return;
    dp_look_finish(&one->look);
    for (uint32_t i = 0; i < one->n_sites; i++)
        dp_look_log(&one->look, one->looks, one->weight_ns, one->sites[i]);
    one->looks = 0;
    one->weight_ns = 0;
    one->since_ns = now;
}

static struct sampled *place_of(uint32_t tid)
{
    struct sampled *free_one = NULL;
    for (uint32_t i = 0; i < used; i++) {
        if (all[i].tid == tid)
            return &all[i];
        if (!all[i].tid)
            free_one = &all[i];
    }
    if (!free_one && used < THREADS_MAX)
        free_one = &all[used++];
    if (free_one) {
        memset(free_one, 0, offsetof(struct sampled, look) + offsetof(struct dp_look, wait));
        free_one->tid = tid;
    }
    return free_one;
}

/* Whether the thread has waited since the last look, in the same place. */
static bool still_waits(const struct dp_look *look)
{
    uint64_t cpu_ns;
    return look->tid && look->state == DP_THREAD_BLOCKED && !look->flags &&
           dp_os_cpu_ns_of(look->tid, &cpu_ns) == 0 && cpu_ns == look->cpu_ns;
}

static void look_at(uint32_t tid, const uint32_t *sites, uint32_t n, uint64_t weight_ns,
                    uint64_t now)
{
    struct sampled *one = has_room() ? place_of(tid) : NULL;
    if (!one) {
        dp_process_lost(DP_LOSS_STACKS, 1);
        return;
    }
    bool same_sites = one->n_sites == n && memcmp(one->sites, sites, n * sizeof *sites) == 0;
    bool waits = still_waits(&one->look);
    if (!waits || !same_sites || now - one->since_ns >= WRITE_NS)
        write_out(one, now);
    memcpy(one->sites, sites, n * sizeof *sites);
    one->n_sites = n;
    one->seen_in = round_number;
    dp_modules_log();
    if (!waits && !dp_look_at(tid, &one->look)) {
        one->tid = 0;
        return;
    }
    one->looks++;
    one->weight_ns += weight_ns;
}

/* Whether the call in this frame wants stacks, and its duration= has not passed. */
static bool wants_stacks(const struct dp_lane_frame *frame, uint64_t now, uint32_t *site)
{
    uint64_t start = dp_peek(&frame->start_ns);
    uint32_t kinds = dp_peek_32(&frame->kinds);
    *site = dp_peek_32(&frame->site);
    if (start & DP_FRAME_ENDED || start > now || !*site || *site >= DP_MAX_SITES)
        return false;
    const struct dp_site_config *config = dp_site_config_at(*site, start);
    for (uint32_t a = 0; config && a < DP_ATTRIBUTE_COUNT; a++) {
        const struct dp_probe *probe = &config->probes[a];
        if (kinds & 1u << a && probe->stacks &&
            (!probe->duration_ns || now - start < probe->duration_ns))
            return true;
    }
    return false;
}

/* The sites of the innermost calls that want stacks, each once. Leaves room for one more. */
static uint32_t sites_of(const struct dp_lane_state *state, uint64_t now,
                         uint32_t sites[SITES_MAX])
{
    uint64_t depth = dp_peek(&state->frames_top);
    uint32_t n = 0;
    for (uint64_t i = depth < DP_LANE_FRAMES ? depth : DP_LANE_FRAMES; i > 0 && n < SITES_MAX - 1;
         i--) {
        uint32_t site, known = 0;
        if (!wants_stacks(&state->frames[i - 1], now, &site))
            continue;
        while (known < n && sites[known] != site)
            known++;
        if (known == n)
            sites[n++] = site;
    }
    return n;
}

static void look_at_calls(bool and_all, uint64_t weight_ns, uint64_t now)
{
    uint32_t count = dp_lanes_count(), sites[SITES_MAX];
    for (uint32_t i = 0; i < count; i++) {
        const struct dp_lane *lane = dp_lane_at(i);
        const struct dp_lane_state *state = dp_lane_state_of(lane);
        uint32_t n = state && dp_lane_is_owned(lane) ? sites_of(state, now, sites) : 0;
        if (n && and_all)
            sites[n++] = 0;
        if (n)
            look_at(dp_peek_32(&lane->stream.tid), sites, n, weight_ns, now);
    }
}

static bool was_looked_at(uint32_t tid)
{
    for (uint32_t i = 0; i < used; i++)
        if (all[i].tid == tid)
            return all[i].seen_in == round_number;
    return false;
}

static void look_at_others(uint64_t weight_ns, uint64_t now)
{
    static uint32_t tids[THREADS_MAX];
    static const uint32_t nobody;
    uint32_t count, self = dp_os_tid();
    if (dp_os_list_threads(tids, THREADS_MAX, &count) != 0)
        return;
    for (uint32_t i = 0; i < count; i++)
        if (tids[i] != self && !was_looked_at(tids[i]))
            look_at(tids[i], &nobody, 1, weight_ns, now);
}

/* Ends the sampling of threads that no call wanted in this round. */
static void leave_others(uint64_t now)
{
    for (uint32_t i = 0; i < used; i++) {
        if (!all[i].tid || all[i].seen_in == round_number)
            continue;
        write_out(&all[i], now);
        all[i].tid = 0;
    }
    while (used && !all[used - 1].tid)
        used--;
}

void dp_sampled_looks_round(uint64_t now)
{
    uint64_t every = dp_setting_value(DP_SETTING_SAMPLE), period = every ? every : PERIOD_NS;
    if (now < next_round_ns)
        return;
    uint64_t weight_ns = last_round_ns ? now - last_round_ns : period;
    weight_ns = weight_ns < LONGEST_NS ? weight_ns : LONGEST_NS;
    last_round_ns = now;
    next_round_ns = next_round_ns + period > now ? next_round_ns + period : now + period;
    round_number++;
    look_at_calls(every != 0, weight_ns, now);
    if (every)
        look_at_others(weight_ns, now);
    leave_others(now);
    dp_process_lost(DP_LOSS_INTERRUPTED, dp_ask_take_not_mended());
}

uint64_t dp_sampled_looks_still_since(uint32_t tid, uint64_t cpu_ns, uint64_t since)
{
    for (uint32_t i = 0; i < used; i++)
        since = dp_look_still_since(&all[i].look, tid, cpu_ns, since);
    return since;
}

void dp_sampled_looks_finish(uint64_t now)
{
    dp_modules_log();
    for (uint32_t i = 0; i < used; i++)
        if (all[i].tid)
            write_out(&all[i], now);
}
