/* See in_flight_ids.h. */
#include "in_flight_ids.h"

#include <stdlib.h>

#include "base/memory.h"
#include "log/processes.h"

/* A forged log could hold ids that all fall on one place of the table; nobody who
 * does not know the key can make such ids. */
static uint64_t mix(uint64_t id, uint64_t key)
{
    id = (id ^ key) * UINT64_C(0x9E3779B97F4A7C15);
    id = (id ^ id >> 32 ^ key) * UINT64_C(0xD6E8FEB86659FD93);
    return id ^ id >> 32;
}

/* Where `id` is, or the free place for it. */
static uint64_t *place_of(const struct dp_in_flight_ids *set, uint64_t id)
{
    size_t i = (size_t)mix(id, set->key) & (set->size - 1);

    while (set->ids[i] != 0 && set->ids[i] != id)
        i = (i + 1) & (set->size - 1);
    return &set->ids[i];
}

static void grow(struct dp_in_flight_ids *set)
{
    struct dp_in_flight_ids larger = {.key = set->size ? set->key : dp_random(),
                                      .used = set->used,
                                      .size = set->size ? 2 * set->size : 64};

    larger.ids = dp_allocate(larger.size, sizeof *larger.ids);
    for (size_t i = 0; i < set->size; i++)
        if (set->ids[i] != 0)
            *place_of(&larger, set->ids[i]) = set->ids[i];
    free(set->ids);
    *set = larger;
}

bool dp_in_flight_has(const struct dp_in_flight_ids *set, uint64_t id)
{
    return set->size > 0 && *place_of(set, id) != 0;
}

void dp_in_flight_add(struct dp_in_flight_ids *set, uint64_t id)
{
    if (2 * set->used >= set->size)
        grow(set);
    *place_of(set, id) = id;
    set->used++;
}

void dp_in_flight_finish(struct dp_in_flight_ids *set)
{
    free(set->ids);
    *set = (struct dp_in_flight_ids){0};
}
