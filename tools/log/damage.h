/*
 * The parts of a log that could not be read: how many places, how many bytes, and the first
 * place in words. Every reader of a log's bytes notes them and goes on; the verbs show
 * them.
 */
#ifndef DP_TOOLS_DAMAGE_H
#define DP_TOOLS_DAMAGE_H

#include <stdint.h>

#include "base/message.h"

struct dp_damage {
    uint64_t places;
    uint64_t bytes;          /* of the files, not read because of it */
    struct dp_problem first; /* "stream-0-0, byte 4096: …" */
};

/* One more place, and how many bytes were skipped there. */
void dp_damage_note(struct dp_damage *damage, uint64_t bytes, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void dp_damage_add(struct dp_damage *to, const struct dp_damage *from);

#endif
