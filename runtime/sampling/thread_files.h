/*
 * What /proc says of one thread of ours: what it waits in, how long it waited for a processor,
 * its faults and switches. Steward only. Nothing stays open between two reads: the host may
 * close any descriptor, and use its number again.
 */
#ifndef DP_THREAD_FILES_H
#define DP_THREAD_FILES_H

#include <stdbool.h>
#include <stdint.h>

/* Where a thread is, by the file `syscall`. */
enum dp_task {
    DP_TASK_RUNS,     /* it runs, or waits for a processor */
    DP_TASK_WAITS,    /* it waits in the kernel; pc and sp are those it will go on with */
    DP_TASK_NOT_TOLD, /* the file cannot be read: PR_SET_DUMPABLE, hidepid, no /proc, a sandbox */
    DP_TASK_GONE,
};

struct dp_thread_waits {
    int32_t syscall; /* -1: in none, as at a page fault */
    uint64_t arguments[6];
    uint64_t sp, pc;
};

enum dp_task dp_thread_place(uint32_t tid, struct dp_thread_waits *waits);

/* The letter of the file `stat`; 0: not known. It can be read where `syscall` cannot. */
char dp_thread_letter(uint32_t tid);

/* For how long it has waited for a processor since it began. False: not known. */
bool dp_thread_runnable_ns(uint32_t tid, uint64_t *ns);

struct dp_thread_counts {
    uint64_t minor_faults, major_faults;
    uint64_t voluntary, involuntary; /* switches */
    bool faults_known, switches_known;
    bool in_sandbox; /* of seccomp; also where that is not known */
};

void dp_thread_counts(uint32_t tid, struct dp_thread_counts *counts);

/* The signals that it blocks, and whether it is in a sandbox of seccomp. False: not known. */
bool dp_thread_signals(uint32_t tid, uint64_t *blocked, bool *in_sandbox);

/* Its name, NUL-terminated; empty when not known. */
void dp_thread_name(uint32_t tid, char name[16]);

#endif
