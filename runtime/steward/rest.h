/*
 * Decides when the tick rests (base/tick.h says how): when no thread except the steward has
 * used the processor for a few ticks. That is a guess; a wrong one costs a wake-up, since
 * any entry or exit ends the rest. If rests turn out short, the host must be quiet for
 * longer before the next one.
 *
 * Also measures how much processor time a wake-up of the steward takes, which limits the
 * tick's period. Steward only.
 */
#ifndef DP_REST_H
#define DP_REST_H

#include <stdbool.h>
#include <stdint.h>

/* Call it before the steward's loop; also in a forked child. */
void dp_rest_init(void);

/* Call it once a tick: should the tick rest now? */
bool dp_rest_is_time(uint64_t now);

/* During a rest: is the host computing, without calls that would end the rest? Then it may
 * be writing records, which need pages. */
bool dp_rest_is_over(void);

/* The rest is over: a thread has ended it, or the steward itself. */
void dp_rest_has_ended(uint64_t now);

/* The shortest period with which all ticks together take at most 1 % of the machine. */
uint64_t dp_rest_shortest_period(void);

/* Counts a wake-up of the steward. */
void dp_rest_count_wake(void);

#endif
