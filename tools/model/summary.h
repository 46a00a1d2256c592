/*
 * The executive summary of a report: what a person should know first. Data; renderers choose the
 * words. Says nothing that is not known.
 */
#ifndef DP_TOOLS_SUMMARY_H
#define DP_TOOLS_SUMMARY_H

#include "report_calls.h"
#include "report_functions.h"

/* A function in which slow operations spent their time: the innermost one of their longest
 * calls. */
struct dp_summary_slow {
    const struct dp_report_slow_call *worst; /* with its reason */
    uint64_t calls;     /* certainly over the threshold; more than left an event */
    double share;       /* of all its calls; NAN: not known well enough */
    bool estimated;     /* the number of all its calls, and so `share` */
    uint64_t events;    /* calls that the next two are of */
    uint64_t first_after_ns; /* the start of the first one, after that of the process */
    uint64_t last_after_ns;
    uint64_t first_unix_ns;
    bool waits; /* it seems to wait for work: dp_report_slow.waiting */
};


enum { DP_SUMMARY_MOST = 3 };

struct dp_summary {
    struct dp_summary_slow slow[DP_SUMMARY_MOST]; /* the worst first */
    size_t n_slow;
    size_t more_slow;     /* functions among the operations of the report that are left out */
    bool watched;         /* some function is watched for slowness */
    bool watched_all;     /* and no slow call can have been missed */
    const struct dp_report_function *critical[DP_SUMMARY_MOST];
    size_t n_critical;
    /* Where most time went; NULL: of no function a time is known. */
    const struct dp_report_function *busiest;
    bool busiest_known; /* false: more may have passed in a function of which a part is known */
    bool by_self;                         /* its own time, without that of functions below */
    const struct dp_report_function *most_memory; /* NULL: no call's memory was counted */
    uint64_t lost_kinds; /* kinds of loss, damage among them */
};

struct dp_report;

/* From a report that is made but for this, and its profile. */
void dp_summary_make(struct dp_summary *summary, const struct dp_report *report,
                     const struct dp_profile *profile);

#endif
