/*
 * Numbers in the text files of /proc and of control groups. Pure, async-signal-safe; the text
 * ends with a NUL.
 */
#ifndef DP_PROC_TEXT_H
#define DP_PROC_TEXT_H

#include <stdbool.h>
#include <stdint.h>

/* The decimal number at *at, after blanks; 0 if there is none. Moves *at behind it. */
uint64_t dp_proc_number(const char **at);

/* The number behind `key` in the text; 0 if the text does not have the key. */
uint64_t dp_proc_number_after(const char *text, const char *key);

/* Of /proc/stat, in its ticks: the time of all processors, and that in which they were not idle.
 * False: it is something else. */
bool dp_proc_processors(const char *text, uint64_t *busy, uint64_t *all);

/* A field of the file `stat`, from the third on: the second, the command, may contain anything.
 * NULL: there is none. */
const char *dp_proc_stat_field(const char *text, int wanted);

#endif
