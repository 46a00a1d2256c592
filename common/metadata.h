/*
 * The log's file "metadata": TSDL (CTF 1.8.3) text that describes to babeltrace2 and Trace
 * Compass what log.h describes to us. Events and enumerations come from events.def, so the
 * text always agrees with the structs. The runtime writes it once for a log. The tool
 * writes it again if it is lost, and reads back only the lines of `env` and `clock`.
 * Allocates nothing.
 */
#ifndef DP_COMMON_METADATA_H
#define DP_COMMON_METADATA_H

#include <stdint.h>

#include "text.h"

/* Enough for any metadata text with a program path of up to 4096 bytes. */
#define DP_METADATA_BYTES 32768

struct dp_metadata_info {
    uint8_t uuid[16];            /* the same as in every packet */
    uint64_t realtime_offset_ns; /* realtime = monotonic + this */
    uint32_t pid;
    const char *program; /* any bytes */
};

/* Appends the whole text; text.h says what happens if it does not fit. */
void dp_metadata_write(struct dp_text *out, const struct dp_metadata_info *info);

#endif
