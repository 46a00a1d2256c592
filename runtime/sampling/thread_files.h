/*
 * What /proc says about one thread of this process: the system call that it waits in, how long
 * it waited for a processor, its context switches. Steward only. No file stays open between two
 * reads: the host may close any descriptor and reuse its number.
 */
#ifndef DP_THREAD_FILES_H
#define DP_THREAD_FILES_H

#include <stdbool.h>
#include <stdint.h>

/* What a thread does, by the file `syscall`. */
enum dp_task {
    DP_TASK_RUNS,    /* it runs, or waits for a processor */
    DP_TASK_WAITS,   /* it waits in the kernel; pc and sp are those that it will return to */
    DP_TASK_UNKNOWN, /* the file cannot be read: PR_SET_DUMPABLE, hidepid, no /proc, a sandbox */
    DP_TASK_GONE,
};

struct dp_thread_waits {
    int32_t syscall; /* -1: in none, as at a page fault */
    uint64_t arguments[6];
    uint64_t sp, pc;
};

enum dp_task dp_thread_place(uint32_t tid, struct dp_thread_waits *waits);

/* The state letter of the file `stat`, which may be readable when `syscall` is not; 0: unknown. */
char dp_thread_letter(uint32_t tid);

/* How long it has waited for a processor since it started. False: not known. */
bool dp_thread_runnable_ns(uint32_t tid, uint64_t *ns);

struct dp_thread_counts {
    uint64_t minor_faults, major_faults;
    uint64_t voluntary, involuntary; /* switches */
    bool faults_known, switches_known;
    bool in_sandbox; /* of seccomp; also when that is not known */
};

void dp_thread_counts(uint32_t tid, struct dp_thread_counts *counts);

/* The signals that it blocks, and whether it is in a seccomp sandbox. False: not known. */
bool dp_thread_signals(uint32_t tid, uint64_t *blocked, bool *in_sandbox);

/* The signals that wait for the process because all its threads block them. False: not known. */
bool dp_process_signals(uint32_t tid, uint64_t *waiting, bool *in_sandbox);

/* Its name, NUL-terminated; empty when not known. */
void dp_thread_name(uint32_t tid, char name[16]);

#endif
