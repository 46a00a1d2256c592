/*
 * Everything that one log says about its process, as data.
 *
 * profile_gather.c fills it: aggregates from the state files (profile_state.c), or, when
 * there are none, from the streams' records (profile_records.c), which also have the
 * single events. profile_figures.h answers questions about it; report.h is what the
 * printers show of it.
 */
#ifndef DP_TOOLS_PROFILE_H
#define DP_TOOLS_PROFILE_H

#include "alert_records.h"
#include "allocations.h"
#include "call_tree.h"
#include "governor.h"
#include "history.h"
#include "in_flight_ids.h"
#include "latency.h"
#include "log/damage.h"
#include "log/log_open.h"
#include "log/log_state.h"
#include "reasons.h"
#include "saved_trees.h"
#include "settings.h"
#include "site_table.h"
#include "stacks.h"
#include "statistics.h"
#include "timeline.h"
#include "windows.h"

/* A call over its threshold, as its last event in the log reports it. */
struct dp_slow_call {
    uint64_t time_ns; /* its end, or when it was reported in flight */
    uint64_t duration_ns;
    uint64_t threshold_ns;
    uint64_t error_ns;
    uint64_t id;
    uint64_t order; /* as they were read */
    uint32_t site;
    uint32_t flags; /* DP_SLOW_* */
    uint32_t tid;
    char thread_name[17];
};

struct dp_load_move {
    uint64_t time_ns;
    struct dp_event_load event;
};

/* A call that was open at death, or is now. */
struct dp_open_info {
    uint32_t tid;
    char thread_name[17];
    uint32_t site;
    uint32_t depth; /* in its list, from 0 */
    bool exact;     /* a sampled call: its start was read from the clock */
    uint64_t start_ns;
};

struct dp_thread_info {
    uint32_t lane;
    uint32_t tid;
    uint32_t threads; /* that used the lane */
    bool alive;
    char name[17];
    uint64_t slow_paths;
};

struct dp_profile {
    struct dp_log log;
    bool has_process; /* `process` holds */
    bool has_lanes;   /* totals are from state files, not from records */
    struct dp_process_state process;
    enum dp_phase phase;
    uint64_t shown_ns; /* `totals` are of so long a time before now; 0: since the start */
    struct dp_site_table sites;
    struct dp_totals **totals; /* by site index, `n_totals` of them; NULL: none, or in sites.named */
    size_t n_totals;
    size_t totals_capacity;
    bool calls_untimed;    /* for some site, only a part of the calls is timed */
    bool memory_uncounted; /* for some site, the memory of only a part of the calls is counted */

    /* One a call, in no order; of very many the longest. See slow_calls.h. */
    struct dp_slow_call *slow;
    size_t n_slow, slow_capacity;
    uint64_t slow_order;
    size_t slow_limit;    /* operations to show; 0: no slow call is kept */
    uint64_t slow_events; /* calls that left an event; one that left two counts once */
    struct dp_in_flight_ids in_flight;

    struct dp_call_tree *tree; /* NULL: not wanted */
    struct dp_windows windows; /* a zeroed one: the figures are of the whole run */
    struct dp_event_overhead overhead_before; /* the last one before the window */
    uint64_t overhead_before_ns, overhead_ns; /* when these two were written */
    struct dp_category_limits categories; /* of latencies; 0: dp_default_categories */

    struct dp_stacks stacks;
    struct dp_reasons reasons; /* of slow calls */
    struct dp_allocations allocations;
    struct dp_saved_trees saved_trees;
    struct dp_timeline timeline;
    struct dp_alert_records alert_records;
    struct dp_history history; /* of sampled calls */

    struct dp_governor governor;
    struct dp_load_move *load;
    size_t n_load, load_capacity;
    struct dp_setting_info *settings;
    size_t n_settings, settings_capacity;
    struct dp_open_info *open;
    size_t n_open, open_capacity;
    uint64_t forgotten; /* sum over the lanes; see dp_profile_forgotten() */
    struct dp_thread_info *threads;
    size_t n_threads, threads_capacity;

    uint64_t lost[DP_LOSS_COUNT];
    uint64_t lost_events[DP_LOSS_COUNT]; /* as the streams' `lost` records say */
    uint64_t gated;
    uint64_t slow_paths;
    bool has_records; /* all streams were read */
    uint64_t records;
    uint64_t memory_events;
    bool has_overhead;
    struct dp_event_overhead overhead; /* the last one */
    uint64_t stream_bytes;             /* on disk */
    uint64_t first_ns, last_ns;        /* of the records */
    struct dp_damage damage;
};

/* The totals of a site, made when it has none; NULL from DP_MAX_SITES on. */
struct dp_totals *dp_profile_totals(struct dp_profile *profile, uint32_t site);

/* NULL: the site has no totals. */
struct dp_totals *dp_profile_find_totals(const struct dp_profile *profile, size_t site);

/* Drops all that came from the state files, before they are read again. */
void dp_profile_forget_state(struct dp_profile *profile);

/* `profile` may be zeroed. */
void dp_profile_finish(struct dp_profile *profile);

#endif
