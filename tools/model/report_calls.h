/*
 * The single calls of a report: the worst slow operations, and calls that are open.
 */
#ifndef DP_TOOLS_REPORT_CALLS_H
#define DP_TOOLS_REPORT_CALLS_H

#include "profile.h"

/* metadata=key:value of profile_if_slow. Points into the profile; not NUL-terminated. */
struct dp_report_metadata {
    struct dp_word key;
    struct dp_word value;
};

struct dp_report_slow_call {
    uint32_t site;
    const struct dp_site_info *info; /* NULL: the log does not name the site */
    uint64_t duration_ns;
    uint64_t error_ns; /* the duration may be wrong by so much */
    uint64_t threshold_ns;
    uint64_t after_ns; /* from the start of the process to that of the call */
    uint64_t end_unix_ns;
    uint32_t tid;
    const char *thread_name; /* "": not known */
    bool in_flight;          /* it had not returned when it was reported last */
    bool at_least;           /* the same, and when it began is not known */
    uint32_t operation;      /* 1: the worst; see operations.h */
    uint32_t depth;          /* in its operation; 0: the outermost call */
    bool leaf;               /* the innermost of the operation's longest calls */
    uint64_t elsewhere;      /* slow calls in it that are operations of their own */
    struct dp_reason reason;
    const struct dp_saved_tree *tree; /* of the calls below; NULL: none was kept */
    struct dp_report_metadata *metadata; /* each key once, with the value given last */
    size_t n_metadata;
};

/* A function that was slow because it waited, as an event loop without work does: its slow calls
 * took longer than the process's CPU time. */
struct dp_report_waiting {
    const struct dp_site_info *info; /* NULL: there is none */
    uint64_t calls;
    uint64_t ns;
};

struct dp_report_slow {
    struct dp_report_slow_call *calls; /* the worst operation first, each outside in */
    size_t n;
    size_t n_operations; /* that `calls` has */
    size_t operations;   /* all of them */
    uint64_t counted;    /* slow calls, whether they are above or not */
    uint64_t events;     /* of them: those that left an event */
    struct dp_report_waiting waiting;
    uint64_t maybe; /* calls that may have been slow; `counted` does not have them */
    double maybe_least_ns, maybe_most_ns; /* bounds of the mean duration of these */
};

/* `wall_ns` and `cpu_ns` of the process; 0: not known. */
void dp_report_slow_make(struct dp_report_slow *slow, const struct dp_profile *profile,
                         uint64_t wall_ns, uint64_t cpu_ns);
void dp_report_slow_finish(struct dp_report_slow *slow);

struct dp_report_open_call {
    uint32_t site;
    const struct dp_site_info *info; /* NULL: the log does not name the site */
    uint32_t tid;
    const char *thread_name; /* "": not known */
    uint32_t depth;          /* in its thread, from 0 */
    uint64_t open_ns;        /* for how long, until now or the end of the process */
    uint64_t start_unix_ns;
    bool exact; /* the start was read from the clock */
};

/* `n` calls from `first` on: 1, or a long recursion of one function in one thread, of
 * which a reader wants to see the first and the last. */
struct dp_report_open_group {
    size_t first;
    size_t n;
};

struct dp_report_open {
    bool running;                      /* the calls are open now */
    struct dp_report_open_call *calls; /* thread by thread, outermost first */
    size_t n;
    struct dp_report_open_group *groups; /* of the first calls: as many as people read */
    size_t n_groups;
    size_t left_out;    /* calls behind the groups */
    uint64_t forgotten; /* further calls, further out than those that a thread keeps */
};

/* `wall_ns` as in struct dp_report. */
void dp_report_open_make(struct dp_report_open *open, const struct dp_profile *profile,
                         uint64_t wall_ns);
void dp_report_open_finish(struct dp_report_open *open);

#endif
