/*
 * Makes strings from a log fit for a terminal.
 *
 * Function names, thread names, metadata and paths come from the profiled
 * program and may hold anything, escape sequences included. Whatever is
 * printed as text goes through here: characters that are obeyed and not shown
 * (event_json.h lists them) and bytes that are not UTF-8 become \xNN.
 */
#ifndef DP_TOOLS_CLEAN_H
#define DP_TOOLS_CLEAN_H

#include <stdbool.h>
#include <stddef.h>

/* For a terminal that knows no UTF-8: it may see controls in the bytes of other
 * characters. */
extern bool dp_clean_to_ascii;

/* Returns `buffer`, terminated; cut at a whole character when it is full. */
char *dp_clean(const char *string, char *buffer, size_t size);

/* The same into memory that the caller frees. */
char *dp_clean_copy(const char *string);

/* Columns that a cleaned string takes on a terminal. */
size_t dp_text_columns(const char *string);

/* Cuts a cleaned string to `columns`, its last one "…" (or "~"). */
void dp_text_cut(char *string, size_t columns, int utf8);

#endif
