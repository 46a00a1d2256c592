/*
 * The control group that limits the process, of version 1 or 2: its quota of processor time and
 * its memory. The limits are those of the nearest group around the process that has one. In a
 * container the group's own path may not be visible; then the mounted root stands for it.
 * Steward only.
 */
#ifndef DP_CONTROL_GROUP_H
#define DP_CONTROL_GROUP_H

#include <stdbool.h>
#include <stdint.h>

/* Finds out which groups there are. Before the steward starts; also in a forked child. */
void dp_control_group_find(void);

struct dp_group_cpu {
    bool limited;          /* the members below hold */
    uint64_t quota_ppm;    /* millionths of a processor */
    uint64_t used_us;      /* so far */
    bool throttled_known;
    uint64_t throttled_us; /* so far */
};
void dp_control_group_cpu(struct dp_group_cpu *cpu);

struct dp_group_memory {
    bool limited; /* the members below hold */
    uint64_t limit_bytes;
    uint64_t used_bytes; /* without inactive page cache */
};
void dp_control_group_memory(struct dp_group_memory *memory);

/* How long some task of the group, or of the machine where the group does not say, has waited
 * for "cpu", "memory" or "io" so far; `full`: all tasks at once. False: not known. */
bool dp_control_group_pressure(const char *resource, bool full, uint64_t *waited_us);

#endif
