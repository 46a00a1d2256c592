/*
 * Where all threads of a process were at one moment: a snapshot in its log, or, where the process
 * did not answer, what can be seen of it from outside. Data for text and JSON.
 */
#ifndef DP_TOOLS_SNAPSHOT_H
#define DP_TOOLS_SNAPSHOT_H

#include "deadlocks.h"
#include "log/log_open.h"
#include "site_table.h"
#include "stacks.h"

struct dp_snapshot_call {
    const struct dp_site_info *site; /* NULL: the log does not name it */
    uint32_t index;
    uint64_t open_ns, error_ns;
};

struct dp_snapshot_thread {
    uint32_t tid;
    char name[17];
    char letter;      /* its state as ps shows it, where it was seen from outside only; else 0 */
    uint64_t time_ns; /* when it was looked at */
    uint64_t cpu_ns;
    uint64_t waits_ns; /* it has waited at least so long; 0: not known */
    struct dp_stack_sample look; /* from outside: its syscall alone */
    struct dp_snapshot_call *calls; /* innermost first */
    uint32_t n_calls, more_calls;
    size_t deadlock; /* of dp_snapshot.deadlocks, from 1; 0: none */
};

struct dp_snapshot {
    uint32_t number; /* 0: from outside */
    uint32_t flags;  /* DP_SNAPSHOT_* */
    uint32_t pid;
    char program[256];
    uint64_t unix_ns;
    uint64_t took_ns;
    struct dp_snapshot_thread *threads; /* by tid */
    size_t n_threads;
    struct dp_deadlocks deadlocks;
    struct dp_site_table sites;
    struct dp_stacks stacks;
};

/* Reads a snapshot from the open log; `number` 0: the last one. False: the log does not have all of
 * it. Keep the log open while you use the snapshot. The caller finishes it in both cases. */
bool dp_snapshot_read(struct dp_snapshot *snapshot, struct dp_log *log, uint32_t number);

void dp_snapshot_finish(struct dp_snapshot *snapshot);

#endif
