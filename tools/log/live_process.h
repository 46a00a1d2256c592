/*
 * A process that runs: what the system says of its threads, and asking it for a snapshot of
 * them (abi/state.h), which it answers in its log.
 */
#ifndef DP_TOOLS_LIVE_PROCESS_H
#define DP_TOOLS_LIVE_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 0: its files in /proc can be read; -ENOENT: there is no such process; -EACCES. */
int dp_live_look(uint32_t pid);

/* The letter of its state, as ps shows it: 'S', 'T'. 0: there is no such process. */
char dp_live_letter(uint32_t pid);

/* No thread of it is left. (Its first one may end before the others.) */
bool dp_live_is_gone(uint32_t pid);

/* Its number in the innermost of its namespaces of processes; 0: there is no such process. */
uint32_t dp_live_own_number(uint32_t pid);

/* The user it runs as. False: there is no such process. */
bool dp_live_user(uint32_t pid, uint32_t *user);

/* Its name, as ps shows it; "" when it is not known. */
void dp_live_name(uint32_t pid, char name[17]);

struct dp_live_thread {
    uint32_t tid;
    char letter;     /* 0: not known */
    char name[17];
    int32_t syscall; /* -1: none, or not known */
};

/* Its threads; the caller frees them. NULL: there are none to be seen. */
struct dp_live_thread *dp_live_threads(uint32_t pid, size_t *n);

/* Asks for a snapshot: its number. 0 or -errno: -ENOENT, -EACCES, -EINVAL where the log is of
 * another version. */
int dp_live_ask(const char *log, uint32_t *number);
/* Has it been answered? *heartbeat_ns: when the process's steward was last awake, monotonic. */
bool dp_live_answered(const char *log, uint32_t number, uint64_t *heartbeat_ns);

#endif
