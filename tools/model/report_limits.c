/* See report_limits.h. */
#include "report_limits.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "losses.h"
#include "profile_figures.h"

/* A share from which a limit belongs before all figures. */
#define MUCH 0.1
#define MUCH_OF_A_CORE 0.02
#define SHORT_RUN_NS UINT64_C(1000000000)

static void make_move(struct dp_report_load_move *to, const struct dp_profile *profile,
                      const struct dp_load_move *move)
{
    uint64_t start = dp_profile_start_ns(profile);

    *to = (struct dp_report_load_move){
        .after_ns = move->time_ns > start ? move->time_ns - start : 0,
        .time_unix_ns = dp_profile_realtime(profile, move->time_ns),
        .resource = move->event.resource,
        .closed = move->event.closed,
        .value = move->event.value_ppm / 1e6,
        .limit = move->event.limit_ppm / 1e6,
        .gated = move->event.gated};
}

static void make_load(struct dp_report_load *load, const struct dp_profile *profile,
                      uint64_t wall_ns)
{
    load->known = profile->log.n_streams > 0;
    load->n = profile->n_load;
    load->moves = dp_allocate(load->n, sizeof *load->moves);
    for (size_t i = 0; i < load->n; i++)
        make_move(&load->moves[i], profile, &profile->load[i]);
    load->closed = profile->has_process && profile->process.gate_closed;
    load->running = profile->phase == DP_PHASE_RUNNING;
    load->refused = profile->gated;
    for (size_t i = 0; i < profile->n_totals; i++) {
        const struct dp_totals *totals = profile->totals[i];
        load->timed += totals ? totals->sum.sampled : 0;
        load->silenced += totals && totals->sum.gated > 0 && totals->sum.sampled == 0;
    }
    load->closed_ns = dp_profile_gate_closed_ns(profile);
    double share = wall_ns > 0 ? (double)load->closed_ns / (double)wall_ns : 0;
    load->closed_share = share < 1 ? share : 1;
}

static void make_losses(struct dp_report_losses *losses, const struct dp_profile *profile)
{
    losses->damage = &profile->damage;
    losses->any = profile->damage.places > 0;
    for (int i = 0; i < DP_LOSS_COUNT; i++) {
        losses->of[i] = (struct dp_report_loss){dp_loss_name((uint32_t)i), dp_loss_what(i),
                                                dp_profile_lost(profile, i)};
        losses->any |= losses->of[i].lost > 0;
    }
}

static void make_overhead(struct dp_report_overhead *overhead, const struct dp_profile *profile,
                          uint64_t wall_ns, uint64_t cpu_ns)
{
    overhead->known = (profile->has_process || profile->has_overhead) &&
                      !profile->windows.cost_unknown;
    overhead->elsewhere = profile->windows.cost_unknown;
    overhead->steward_cpu_ns = profile->has_process ? profile->process.steward_cpu_ns
                                                    : profile->overhead.steward_cpu_ns;
    overhead->steward_share =
        wall_ns > 0 ? (double)overhead->steward_cpu_ns / (double)wall_ns : NAN;
    overhead->slow_paths =
        profile->has_lanes ? profile->slow_paths : profile->overhead.slow_paths;
    overhead->slow_path_ns =
        profile->has_process ? profile->process.slow_path_ns : profile->overhead.slow_path_ns;
    overhead->slow_paths_ns = overhead->slow_paths * overhead->slow_path_ns;
    overhead->log_bytes = profile->stream_bytes;
    overhead->memory_bytes = profile->has_process ? profile->process.own_memory_bytes : 0;
    overhead->cost_ns = overhead->steward_cpu_ns + overhead->slow_paths_ns;
    overhead->share_of_core = wall_ns > 0 ? (double)overhead->cost_ns / (double)wall_ns : NAN;
    double share = cpu_ns > 0 ? (double)overhead->cost_ns / (double)cpu_ns : NAN;
    overhead->share_of_cpu = share > 1 ? 1 : share;
    /* A large share of very little does not matter, as for an idle server's CPU time; and what
     * the steward took in a short run was mostly its start. */
    bool only_started =
        wall_ns < SHORT_RUN_NS && overhead->steward_cpu_ns > overhead->slow_paths_ns;
    overhead->much =
        share >= MUCH && overhead->share_of_core >= MUCH_OF_A_CORE && !only_started;
}

static void make_governor(struct dp_report_governor *report, const struct dp_profile *profile)
{
    const struct dp_governor *governor = &profile->governor;

    *report = (struct dp_report_governor){.known = governor->known,
                                          .budget = governor->last.budget_ppm / 1e6,
                                          .cost = (double)governor->last.cost_ppm / 1e6,
                                          .allowed = (double)governor->last.allowed_ppm / 1e6,
                                          .unlimited = (double)governor->last.unlimited_ppm / 1e6,
                                          .sites = governor->last.sites,
                                          .throttled = governor->last.throttled,
                                          .least_share = 1};
    for (size_t i = 0; i < governor->n; i++) {
        const struct dp_event_governed *site = dp_governor_site(governor, i);
        double share = site ? 1 / (double)(UINT64_C(1) << site->share_log2) : 1;
        if (share >= report->least_share || !dp_site_find(&profile->sites, (uint32_t)i))
            continue;
        report->least = dp_site_find(&profile->sites, (uint32_t)i);
        report->least_share = share;
    }
}

static void find_unrecorded(struct dp_report_limits *limits, const struct dp_profile *profile)
{
    size_t capacity = 0;

    for (uint32_t i = 0; i < profile->sites.n; i++) {
        const struct dp_site_info *site = profile->sites.sites[i];
        for (uint32_t a = 0; site && a < DP_ATTRIBUTE_COUNT; a++) {
            const char *what = dp_not_recorded(site, a);
            if (!what)
                continue;
            limits->unrecorded = dp_append(limits->unrecorded, &limits->n_unrecorded, &capacity,
                                           sizeof *limits->unrecorded);
            limits->unrecorded[limits->n_unrecorded - 1] =
                (struct dp_report_unrecorded){site, what};
        }
    }
}

static unsigned missing_of(const struct dp_profile *profile)
{
    const struct dp_log *log = &profile->log;

    return (profile->has_process ? 0 : DP_MISSING_PROCESS) |
           (profile->has_lanes ? 0 : DP_MISSING_LANES) |
           (log->n_streams > 0 ? 0 : DP_MISSING_STREAMS) |
           (log->has_metadata && !log->metadata_cut ? 0 : DP_MISSING_METADATA);
}

void dp_report_limits_make(struct dp_report_limits *limits, const struct dp_profile *profile,
                           uint64_t wall_ns, uint64_t cpu_ns)
{
    *limits = (struct dp_report_limits){.missing = missing_of(profile)};
    make_load(&limits->load, profile, wall_ns);
    make_losses(&limits->losses, profile);
    make_overhead(&limits->overhead, profile, wall_ns, cpu_ns);
    make_governor(&limits->governor, profile);
    find_unrecorded(limits, profile);
}

void dp_report_limits_finish(struct dp_report_limits *limits)
{
    free(limits->load.moves);
    free(limits->unrecorded);
    *limits = (struct dp_report_limits){0};
}
