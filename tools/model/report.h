/*
 * A report as data: all that its renderers show, decided and without a word of text.
 *
 * Made from a profile; `report` and `top` make it and give it to a renderer. Ranking,
 * limits, how certain a figure is, what is not known and what belongs before all figures
 * are decided here; renderers choose words, units, widths and colours.
 *
 * Strings, sites and lanes point into the profile, which must outlive the report.
 */
#ifndef DP_TOOLS_REPORT_H
#define DP_TOOLS_REPORT_H

#include "detector.h"
#include "ending.h"
#include "flame.h"
#include "flame_requests.h"
#include "report_calls.h"
#include "report_functions.h"
#include "report_heap.h"
#include "report_limits.h"
#include "report_named.h"
#include "report_reasons.h"
#include "sampled_functions.h"
#include "summary.h"

/* A setting that was refused, or a rule that names no function. */
struct dp_report_problem {
    const struct dp_setting_info *setting; /* NULL: it is a rule */
    char *rule;
};

/* `--tree`. Points into the profile. */
struct dp_report_tree {
    const struct dp_tree_node *root; /* NULL: not asked for */
    const struct dp_site_table *sites;
    bool complete; /* every call of the functions that are profiled has a record */
    struct dp_flame *flame; /* of samples of all that ran, owned; NULL: there are none */
};

/* What calls below those of strategy call_graph and time took. */
struct dp_report_below {
    struct dp_tree_node root; /* its callees are those functions, their trees added up */
    const struct dp_site_table *sites;
    uint64_t left_out, left, missing, not_kept; /* as in saved_trees.h */
};

/* The flame graphs that functions ask for. */
struct dp_report_pictures {
    struct dp_flame_requests wanted;
    bool *drawn;         /* of each */
    size_t missing;      /* not drawn */
    bool to_come;        /* the process runs: they are drawn at its end */
    const char *problem; /* why some are missing; NULL: not known */
};

/* Of which time the figures are; see windows.h. */
struct dp_report_window {
    bool set; /* false: of the whole run, or `shown_ns` */
    uint64_t from_ns, to_ns; /* after the start */
    uint64_t from_unix_ns, to_unix_ns;
    uint64_t before_ns, after_ns; /* how far off the edges of functions are that intervals cut */
    size_t exact, cut, uncut;     /* functions */
};

struct dp_report {
    /* The process. NULL is what is not known. */
    const char *program; /* "": not known */
    uint32_t pid;
    const char *command;
    const char *env;
    const char *rules;
    enum dp_phase phase;
    struct dp_ending ending; /* of DP_PHASE_KILLED */
    int start_error; /* errno of DP_PHASE_FAILED */
    uint64_t start_unix_ns;
    uint64_t wall_ns;
    uint64_t shown_ns; /* the functions' figures are of the last so many ns; 0: of all */
    struct dp_report_window window;
    bool cpu_known;
    uint64_t cpu_ns; /* 0: not known, or none yet */

    /* The log. */
    const char *log;
    uint64_t log_bytes;
    bool records_known; /* false: the lanes' streams were not read */
    uint64_t records;
    bool from_state; /* aggregates come from state files, not from records */
    const struct dp_thread_info *lanes;
    size_t n_lanes;

    /* Requests to the profiler that are not in force. */
    struct dp_report_problem *problems;
    size_t n_problems;
    uint32_t out_of_force; /* annotated functions whose attributes are not in force */

    bool has_data; /* false: no call was recorded, and no sample of a stack or an allocation */
    bool full;     /* every section is shown; the caller sets it */
    struct dp_category_limits categories;
    struct dp_report_functions functions;
    struct dp_report_named named;
    struct dp_sampled_functions sampled; /* nothing, where nothing was sampled */
    size_t sampled_shown;                /* as many as a table may have */
    struct dp_report_slow slow;
    struct dp_report_reasons reasons;
    struct dp_report_open open;
    struct dp_report_heap heap;
    struct dp_report_tree tree;
    struct dp_report_below below;
    struct dp_report_pictures pictures;
    const struct dp_timeline *timeline;
    uint64_t to_unix_ns; /* of a time of the log */
    size_t threads_shown; /* as many as a table may have; 0: all */
    struct dp_alerts alerts;
    struct dp_report_limits limits;
    struct dp_summary summary;
};

/* At most `limit` functions a table; 0: all. The caller finishes it. */
void dp_report_make(struct dp_report *report, const struct dp_profile *profile, size_t limit);

void dp_report_finish(struct dp_report *report);

#endif
