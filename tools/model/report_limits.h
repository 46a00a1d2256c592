/*
 * What limits the meaning of a report's figures: load, loss, damage, the profiler's own
 * cost, and what was requested but is not recorded.
 */
#ifndef DP_TOOLS_REPORT_LIMITS_H
#define DP_TOOLS_REPORT_LIMITS_H

#include "profile.h"

struct dp_report_load_move {
    uint64_t after_ns; /* the start of the process */
    uint64_t time_unix_ns;
    uint32_t resource; /* dp_resource_name() */
    bool closed;       /* the load gate closed; otherwise it opened again */
    double value;
    double limit;
    uint64_t gated; /* calls refused up to then */
};

struct dp_report_load {
    bool known; /* false: there are no streams, which have the moves */
    struct dp_report_load_move *moves;
    size_t n;
    bool closed; /* the load gate is closed now, or was at the end */
    bool running;
    uint64_t refused; /* sampled calls that the load gate refused */
    uint64_t timed;   /* sampled calls that were not refused */
    uint64_t closed_ns;
    double closed_share; /* of the time that the process ran, at most 1 */
    size_t silenced;     /* functions all of whose sampled calls were refused */
};

struct dp_report_loss {
    const char *name; /* for programs */
    const char *what; /* what `lost` counts; see losses.h */
    uint64_t lost;    /* 0: nothing */
};

struct dp_report_losses {
    struct dp_report_loss of[DP_LOSS_COUNT]; /* every kind */
    const struct dp_damage *damage;
    bool any; /* loss or damage */
};

struct dp_report_overhead {
    bool known;     /* false: neither state files nor overhead records */
    bool elsewhere; /* or none near the ends of the window */
    uint64_t steward_cpu_ns;
    double steward_share; /* of one core; NAN: not known */
    uint64_t slow_paths;
    uint64_t slow_path_ns; /* what one costs */
    uint64_t slow_paths_ns;
    uint64_t log_bytes;
    uint64_t memory_bytes; /* that the runtime held for itself; 0: not known */
    uint64_t cost_ns;     /* of the steward and the slow paths together */
    double share_of_core; /* `cost_ns`, of one core's time; NAN: not known */
    double share_of_cpu;  /* the same, of the process's CPU time, at most 1; NAN: not known */
    bool much;            /* so high that it changes the figures */
};

/* What the governor (DEEP_PROFILE_BUDGET) gave up. Shares are of one processor's time. */
struct dp_report_governor {
    bool known; /* there was one */
    double budget;
    double cost;      /* estimated, last */
    double allowed;
    double unlimited; /* what it would cost without a budget */
    size_t sites;     /* functions that are profiled, and how many are throttled */
    size_t throttled;
    const struct dp_site_info *least; /* the one that is seen least; NULL: none */
    double least_share;               /* in which its calls were seen */
};

/* What an attribute in force requests and this version does not record. */
struct dp_report_unrecorded {
    const struct dp_site_info *info;
    const char *what;
};

/* Parts of the log that are missing, and so figures that are not known. */
enum dp_report_missing {
    DP_MISSING_PROCESS = 1 << 0,  /* start, end and command */
    DP_MISSING_LANES = 1 << 1,    /* the figures come from records alone */
    DP_MISSING_STREAMS = 1 << 2,  /* single events */
    DP_MISSING_METADATA = 1 << 3, /* other readers cannot open the log */
};

struct dp_report_limits {
    struct dp_report_load load;
    struct dp_report_losses losses;
    struct dp_report_overhead overhead;
    struct dp_report_governor governor;
    struct dp_report_unrecorded *unrecorded;
    size_t n_unrecorded;
    unsigned missing; /* enum dp_report_missing */
};

/* `wall_ns` and `cpu_ns` of the process; 0: not known. */
void dp_report_limits_make(struct dp_report_limits *limits, const struct dp_profile *profile,
                           uint64_t wall_ns, uint64_t cpu_ns);
void dp_report_limits_finish(struct dp_report_limits *limits);

#endif
