/*
 * Everything that one log says about its process, gathered for the printers.
 *
 * Used by `report`, `top`, `sites` and `doctor`. Aggregates come from the state
 * files; when those are missing they are made from the streams' records.
 */
#ifndef DP_TOOLS_PROFILE_H
#define DP_TOOLS_PROFILE_H

#include "log/log_state.h"
#include "site_table.h"
#include "statistics.h"

/* A call over its threshold, as one event of the log tells it. */
struct dp_slow_call {
    uint64_t time_ns; /* its end, or when it was reported in flight */
    uint64_t duration_ns;
    uint64_t threshold_ns;
    uint64_t error_ns;
    uint64_t id;
    uint32_t site;
    uint32_t flags; /* DP_SLOW_* */
    uint32_t tid;
    char thread_name[17];
};

struct dp_load_move {
    uint64_t time_ns;
    struct dp_event_load event;
};

struct dp_setting_info {
    char *name;
    char *value;
    char *problem;
    uint32_t source;
};

enum { DP_REFUSED_TEXT = 1024 };

/* A setting whose value did not hold, or a rule that was left out. */
bool dp_setting_refused(const struct dp_setting_info *setting);
/* What was refused and what holds instead, as a clause. */
char *dp_refused_text(const struct dp_setting_info *setting, char text[static DP_REFUSED_TEXT]);

/* A call that was open at death, or is now. */
struct dp_open_info {
    uint32_t tid;
    char thread_name[17];
    uint32_t site;
    uint32_t depth; /* in its list, from 0 */
    bool exact;     /* a profiled call: its start was read from the clock */
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
    bool has_lanes;   /* aggregates come from state files, not from records */
    struct dp_process_state process;
    enum dp_phase phase;
    struct dp_site_table sites;
    struct dp_totals **totals; /* by site index, `n_totals` of them; NULL: none */
    size_t n_totals;
    size_t totals_capacity;
    size_t by_chance; /* sites of which only some calls were sampled */

    /* Worst first. */
    struct dp_slow_call *slow;
    size_t n_slow;
    size_t slow_limit;
    uint64_t slow_events; /* calls, however often each is told of */
    uint64_t *in_flight;  /* a hash table of the ids told of in flight; 0: free */
    uint64_t in_flight_key;
    size_t in_flight_used;
    size_t in_flight_size;

    struct dp_load_move *load;
    size_t n_load, load_capacity;
    struct dp_setting_info *settings;
    size_t n_settings, settings_capacity;
    struct dp_open_info *open;
    size_t n_open, open_capacity;
    uint64_t forgotten; /* as lanes tell; see dp_profile_forgotten() */
    struct dp_thread_info *threads;
    size_t n_threads, threads_capacity;

    uint64_t lost[DP_LOSS_COUNT];
    uint64_t lost_events[DP_LOSS_COUNT]; /* as the streams' own records say */
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

#define DP_PROFILE_STREAMS (1u << 0) /* read the lanes' streams too, not only "runtime" */
#define DP_PROFILE_STATE   (1u << 1)

/*
 * Gathers the log at `path`. Keeps the `slow_limit` worst slow calls. Returns 0,
 * or an exit status with `problem` set.
 */
int dp_profile_gather(struct dp_profile *profile, const char *path, unsigned what,
                      size_t slow_limit, struct dp_problem *problem);

/* Reads the state files once more, from nothing: for a running process. */
int dp_profile_update(struct dp_profile *profile, struct dp_problem *problem);

void dp_profile_finish(struct dp_profile *profile);

/* Calls that are open, or were at a killed process's end, and are not in `open`. When
 * the process has finished they are among what was lost. */
uint64_t dp_profile_forgotten(const struct dp_profile *profile);

/* NULL: nothing is known of the site. */
struct dp_totals *dp_profile_find_totals(const struct dp_profile *profile, size_t site);

/* Whether anything was recorded: calls (also open ones), counts or events of sites. */
bool dp_profile_has_data(const struct dp_profile *profile);

uint64_t dp_profile_start_ns(const struct dp_profile *profile);
/* Until its end, its death (the last sign of life), or now. */
uint64_t dp_profile_wall_ns(const struct dp_profile *profile);
/* For how long the load gate was closed, of the time above. */
uint64_t dp_profile_gate_closed_ns(const struct dp_profile *profile);
uint64_t dp_profile_realtime(const struct dp_profile *profile, uint64_t monotonic_ns);
const char *dp_profile_program(const struct dp_profile *profile);
uint32_t dp_profile_pid(const struct dp_profile *profile);

/*
 * Whether the time inside calls below is known, so that self time is: no call
 * that could be below this site's was left to chance.
 */
bool dp_profile_self_known(const struct dp_profile *profile, uint32_t site);

/* Sites with totals, by estimated inclusive time; the caller frees. */
uint32_t *dp_profile_hottest(const struct dp_profile *profile, size_t *n);

#endif
