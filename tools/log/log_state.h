/*
 * Reads a log's state files: live aggregates, also of a killed process.
 *
 * Every offset is checked; what lies outside the file is left out and noted as
 * damage. The files may be written while they are read.
 */
#ifndef DP_TOOLS_LOG_STATE_H
#define DP_TOOLS_LOG_STATE_H

#include <deep_profile/abi/state.h>

#include "damage.h"
#include "log_open.h"

enum dp_phase {
    DP_PHASE_UNKNOWN, /* no state */
    DP_PHASE_RUNNING,
    DP_PHASE_FINISHED,
    DP_PHASE_KILLED,    /* ended without exit(): a signal, _exit, or exec */
    DP_PHASE_ELSEWHERE, /* not finished, and not of this machine or container */
    DP_PHASE_FAILED,    /* the program ran without being profiled: start_error says why */
};

const char *dp_phase_name(enum dp_phase phase);

/*
 * Reads state/process. Returns 0, or an exit status with `problem` set; a
 * missing or cut file is `*found` false.
 */
int dp_state_read(const struct dp_log *log, struct dp_process_state *process, bool *found,
                  struct dp_problem *problem);

/* Asks /proc whether a process whose state says that it runs still exists and has not
 * become another program by exec. */
enum dp_phase dp_state_phase(const struct dp_log *log, const struct dp_process_state *process);

/* Of a process that is DP_PHASE_KILLED: whether it goes on as another program. */
bool dp_state_was_replaced(const struct dp_log *log, const struct dp_process_state *process);

/* Which of a site's histograms. */
enum dp_histogram_of { DP_HISTOGRAM_SAMPLED, DP_HISTOGRAM_SLOW_LEAST, DP_HISTOGRAM_SLOW_MOST };

/* Called with what the lanes hold; NULL members are not called. */
struct dp_lane_visitor {
    void *context;
    void (*lane)(void *context, const struct dp_lane_state *lane);
    void (*stats)(void *context, const struct dp_lane_state *lane,
                  const struct dp_site_stats *stats);
    /* Counters of one block of the site that `stats` had last: uint32_t[DP_HISTOGRAM_SUB]. */
    void (*block)(void *context, uint32_t site, enum dp_histogram_of of, uint32_t block,
                  const uint32_t *counters);
    void (*count)(void *context, const struct dp_lane_state *lane, uint32_t slot, uint64_t calls);
};

/*
 * Reads every state/lane-*; returns how many there were. Lanes of another
 * version and what is cut are damage.
 */
size_t dp_state_lanes(const struct dp_log *log, const struct dp_lane_visitor *visitor,
                      struct dp_damage *damage);

#endif
