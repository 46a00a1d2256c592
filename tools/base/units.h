/*
 * Numbers that people read: 1.24 ms, 3.10 M, 12.5 KB, 93.0 %.
 *
 * Three significant digits. Each function fills `buffer` and returns it.
 */
#ifndef DP_TOOLS_UNITS_H
#define DP_TOOLS_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DP_UNIT_TEXT 32

char *dp_unit_ns(char buffer[DP_UNIT_TEXT], double ns, bool utf8);
char *dp_unit_count(char buffer[DP_UNIT_TEXT], double count);
char *dp_unit_bytes(char buffer[DP_UNIT_TEXT], double bytes);
char *dp_unit_percent(char buffer[DP_UNIT_TEXT], double share);

/* A rate with as many digits as it needs: 1, 0.01, 0.0005. */
char *dp_unit_rate(char buffer[DP_UNIT_TEXT], uint32_t ppb);

/* An amount and its unit in words, "5 records"; "nanoseconds …" becomes "34.2 ms …". Cut to
 * `size`. */
char *dp_unit_amount(char *buffer, size_t size, uint64_t amount, const char *what);

/* Wall-clock time in UTC: 2026-11-21 00:40:03.123456789 or without a fraction. */
char *dp_unit_time(char buffer[DP_UNIT_TEXT], uint64_t unix_ns, bool fraction);

#endif
