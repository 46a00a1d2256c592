/*
 * When the tick rests (base/tick.h says how): when no thread but the steward has used the
 * processor for a few ticks. That is a guess, and a wrong one costs a wake-up: whoever
 * enters or leaves a call ends the rest. A host that is woken again at once is looked at for
 * longer before the next rest.
 *
 * And how much time a wake-up of the steward takes here: the tick's period follows from it.
 * Steward only.
 */
#ifndef DP_REST_H
#define DP_REST_H

#include <stdbool.h>
#include <stdint.h>

/* Before the steward's loop; also in a forked child. */
void dp_rest_init(void);

/* Once a tick: shall it rest now? */
bool dp_rest_is_time(uint64_t now);

/* In a rest: the host computes without calls that end the rest, and writes records. */
bool dp_rest_is_over(void);

/* The tick was woken, or woke by itself. */
void dp_rest_has_ended(uint64_t now);

/* The shortest period with which all ticks together take at most 1 % of the machine. */
uint64_t dp_rest_shortest_period(void);

/* One more wake-up of the steward. */
void dp_rest_count_wake(void);

#endif
