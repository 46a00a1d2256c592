/*
 * Count slots: the places in every lane's state where inserted code counts calls exactly
 * (deep_profile_counts). A slot belongs to one site for ever. The registry of sites
 * allocates slots, under its lock; any thread may read which exist.
 */
#ifndef DP_COUNT_SLOTS_H
#define DP_COUNT_SLOTS_H

#include "lane.h"

/* The slot of a site. A site without a slot gets a new one, with room in every lane. 0: no
 * slot is left, or no room. Under the registry's lock. */
uint32_t dp_count_slot_for(uint32_t site);
/* Sets whether the slot's calls leave `calls` events. Under the registry's lock. */
void dp_count_slot_set_events(uint32_t slot, bool events);

/* The highest slot in use. */
uint32_t dp_count_slots(void);
/* The site whose calls a slot counts; 0 if they leave no events. */
uint32_t dp_count_slot_site(uint32_t slot);

/* Claims the calls of a slot that are in no `calls` event yet, and returns their number.
 * Owner and steward may both claim: each call is claimed once. */
uint64_t dp_count_slot_claim(struct dp_lane *lane, uint32_t slot);
/* Takes a claim back, when the calls could not be reported. */
void dp_count_slot_unclaim(struct dp_lane *lane, uint32_t slot, uint64_t calls);

/* Reports all of them into the lane's stream: at the thread's end, or after it. */
void dp_count_slots_report(struct dp_lane *lane);

#endif
