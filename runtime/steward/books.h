/*
 * The books: what the process's stream repeats about cost, losses, the clock and exact
 * counts. Steward only.
 */
#ifndef DP_BOOKS_H
#define DP_BOOKS_H

#include <stdbool.h>
#include <stdint.h>

/* Before the steward runs; also in a forked child. */
void dp_books_init(void);
/* Sums up the losses and costs of lanes and process, and writes `overhead` and `lost`
 * events whose intervals are over; with `last`, all of them. */
void dp_books_keep(uint64_t now, bool last);
/* Writes a `clock` event: the same moment by three clocks. */
void dp_books_log_clock(void);
/* Writes a `calls` event for each count slot of each lane that has counted since the last
 * time (DEEP_PROFILE_CALLS_PERIOD). Counts that find no room are reported when their thread
 * ends. */
void dp_books_report_calls(void);

/* The interval between two events that repeat, at least `least_ns`: it grows as the
 * process's age / 64, so that one that runs for weeks keeps a small log. */
uint64_t dp_books_interval_ns(uint64_t now, uint64_t least_ns);

#endif
