/*
 * Count slots: the places in every lane's state where inserted code counts calls exactly
 * (deep_profile_counts). A slot belongs to one site for good.
 *
 * The registry of sites gives slots out, under its lock; any thread reads which there are.
 */
#ifndef DP_COUNT_SLOTS_H
#define DP_COUNT_SLOTS_H

#include "lane.h"

/* The slot of a site; a new one, with room in every lane, where it has none yet. 0: there
 * is none left, or no room. Under the registry's lock. */
uint32_t dp_count_slot_for(uint32_t site);
/* Whether the slot's calls leave `calls` events. Under the registry's lock. */
void dp_count_slot_set_events(uint32_t slot, bool events);

/* Highest slot given out. */
uint32_t dp_count_slots(void);
/* The site whose calls a slot counts, when they leave events; or 0. */
uint32_t dp_count_slot_site(uint32_t slot);

/* Calls of a slot that stand in no `calls` event yet. Owner and steward may both claim:
 * each call is claimed once. */
uint64_t dp_count_slot_claim(struct dp_lane *lane, uint32_t slot);
/* They could not be reported. */
void dp_count_slot_unclaim(struct dp_lane *lane, uint32_t slot, uint64_t calls);

/* Reports all of them into the lane's stream: at the thread's end, or when it is gone. */
void dp_count_slots_report(struct dp_lane *lane);

#endif
