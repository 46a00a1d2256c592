/*
 * The ids of slow calls that were reported while they still ran.
 *
 * The report of a call's end has the same id: with this set the call is counted
 * once. A hash table; 0 is no id.
 */
#ifndef DP_TOOLS_IN_FLIGHT_IDS_H
#define DP_TOOLS_IN_FLIGHT_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Starts zeroed. */
struct dp_in_flight_ids {
    uint64_t *ids; /* 0: a free place */
    uint64_t key;  /* random, see in_flight_ids.c */
    size_t used;
    size_t size; /* a power of two, or 0 */
};

bool dp_in_flight_has(const struct dp_in_flight_ids *set, uint64_t id);

/* `id` is not in the set yet. */
void dp_in_flight_add(struct dp_in_flight_ids *set, uint64_t id);

void dp_in_flight_finish(struct dp_in_flight_ids *set);

#endif
