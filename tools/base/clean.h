/*
 * Makes strings from a log safe for a terminal.
 *
 * Function names, thread names, metadata and paths come from the profiled
 * program and may hold anything, escape sequences included. Everything printed
 * as text goes through here: characters that a terminal obeys instead of showing
 * (json_text.h lists them) and bytes that are not UTF-8 become \xNN.
 */
#ifndef DP_TOOLS_CLEAN_H
#define DP_TOOLS_CLEAN_H

#include <stdbool.h>
#include <stddef.h>

/* Set it if the terminal does not use UTF-8: then only ASCII is printed unchanged, since
 * the terminal could take bytes of a longer character for controls. */
extern bool dp_clean_to_ascii;

/* Returns `buffer`, NUL-terminated. A string that does not fit is cut between two
 * characters. */
char *dp_clean(const char *string, char *buffer, size_t size);

/* The same, never cut; the caller frees it. */
char *dp_clean_copy(const char *string);

/* Columns of a cleaned string on a terminal: one for each character. */
size_t dp_text_columns(const char *string);

/* Cuts a cleaned string to `columns`; the last one becomes "…" (or "~"). */
void dp_text_cut(char *string, size_t columns, int utf8);

/* The same at the front: "…/src/db.c:12". */
void dp_text_cut_front(char *string, size_t columns, int utf8);

#endif
