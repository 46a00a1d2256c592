/*
 * All streams of a log as one, in order of time: a heap of cursors.
 *
 * Used by `events`. It may be asked again after the last record: a log may grow.
 */
#ifndef DP_TOOLS_LOG_MERGE_H
#define DP_TOOLS_LOG_MERGE_H

#include "log_cursor.h"

struct dp_merge_entry {
    struct dp_cursor cursor;
    struct dp_record record; /* the next one, when `ready` */
    bool ready;
};

struct dp_merge {
    struct dp_log *log;
    struct dp_merge_entry **entries; /* one a lane */
    size_t n_entries;
    size_t capacity;
    struct dp_merge_entry **heap; /* the ready ones, earliest first */
    size_t n_heap;
    size_t heap_capacity;
    struct dp_merge_entry *given; /* its record was handed out last */
};

void dp_merge_start(struct dp_merge *merge, struct dp_log *log);

/* Looks for new streams and new records at the end of the known ones. */
void dp_merge_refresh(struct dp_merge *merge);

/* The earliest record; it stays valid until the next call. NULL: no more. */
const struct dp_record *dp_merge_next(struct dp_merge *merge);

/* How much was read, of how much, in bytes. */
void dp_merge_progress(const struct dp_merge *merge, uint64_t *read, uint64_t *total);

/* Adds what could not be read. */
void dp_merge_damage(const struct dp_merge *merge, struct dp_damage *damage);

void dp_merge_finish(struct dp_merge *merge);

#endif
