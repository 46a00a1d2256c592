/*
 * Cuts a profile to a window of time (window.h).
 *
 * Records have times. What is only added up, in the state files, is cut by `interval` records,
 * which say what a site's aggregates grew by; what grew after the last of them is the rest of the
 * aggregates. Of a site whose every timed call has a record, the records cut exactly. A call
 * belongs to the moment at which it ended.
 */
#ifndef DP_TOOLS_WINDOWS_H
#define DP_TOOLS_WINDOWS_H

#include "log/log_cursor.h"
#include "statistics.h"
#include "window.h"

struct dp_profile;

struct dp_window_lane {
    uint32_t lane;
    struct dp_totals known; /* of its records so far */
};

struct dp_window_site {
    struct dp_totals all;    /* of all `interval` records */
    struct dp_totals inside; /* of those that belong to the window */
    uint64_t last_ns;        /* the end of the last one; 0: there is none */
    bool uncut;              /* an interval with calls is longer than the window */
    uint64_t recorded;       /* timed calls that have records, in the window or not */
    struct dp_window_lane *lanes;
    size_t n_lanes, lanes_capacity;
};

struct dp_windows {
    bool set; /* the next two hold: CLOCK_MONOTONIC */
    uint64_t from_ns, to_ns;
    bool to_the_end; /* it ends with the run, or now */
    struct dp_window_site **sites; /* by index; NULL: none */
    size_t n_sites, sites_capacity;
    struct dp_totals **recorded; /* of the records in the window, by site, as in a profile */
    size_t n_recorded, recorded_capacity;
    /* By how much the figures of sites that intervals cut begin or end away from the window. */
    uint64_t before_ns, after_ns;
    size_t exact; /* functions with calls in it whose figures are cut exactly */
    size_t cut;   /* by intervals */
    bool cost_unknown; /* what the profiler cost was not written near its ends */
    uint64_t lost[DP_LOSS_COUNT]; /* by all `lost` records, in the window or not */
    size_t uncut; /* not at all: an interval is more than four times as long; no figures */
};

/* Asks for the window, before records are read and after the state. False: the process has no
 * state, or did not run then. */
bool dp_windows_set(struct dp_profile *profile, const struct dp_window_request *request);

/* Whether a record about single calls belongs to the window; true without one. */
bool dp_windows_has(const struct dp_windows *windows, uint64_t time_ns);

void dp_windows_read_interval(struct dp_windows *windows, const struct dp_record *record);
/* A record of a timed call, of the attribute's kind; `inside` adds it to the window's. */
struct dp_window_site *dp_windows_site(struct dp_windows *windows, uint32_t site);

/* Puts the window's figures in the place of the profile's. When all records are read. */
void dp_windows_settle(struct dp_profile *profile);

void dp_windows_finish(struct dp_windows *windows);

#endif
