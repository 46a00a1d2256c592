/* See log_merge.h. */
#include "log_merge.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "files.h"

static bool before(const struct dp_merge_entry *a, const struct dp_merge_entry *b)
{
    if (a->record.time_ns != b->record.time_ns)
        return a->record.time_ns < b->record.time_ns;
    return a->cursor.lane < b->cursor.lane;
}

static void sift_down(struct dp_merge *merge, size_t i)
{
    struct dp_merge_entry *moving = merge->heap[i];

    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= merge->n_heap)
            break;
        if (child + 1 < merge->n_heap && before(merge->heap[child + 1], merge->heap[child]))
            child++;
        if (!before(merge->heap[child], moving))
            break;
        merge->heap[i] = merge->heap[child];
        i = child;
    }
    merge->heap[i] = moving;
}

static void push(struct dp_merge *merge, struct dp_merge_entry *entry)
{
    size_t i = merge->n_heap++;

    merge->heap = dp_grow(merge->heap, &merge->heap_capacity, merge->n_heap, sizeof *merge->heap);
    for (; i > 0 && before(entry, merge->heap[(i - 1) / 2]); i = (i - 1) / 2)
        merge->heap[i] = merge->heap[(i - 1) / 2];
    merge->heap[i] = entry;
}

static void add_lane(struct dp_merge *merge, int64_t lane)
{
    for (size_t i = 0; i < merge->n_entries; i++)
        if (merge->entries[i]->cursor.lane == lane)
            return;
    struct dp_merge_entry *entry = dp_allocate(1, sizeof *entry);
    dp_cursor_start(&entry->cursor, merge->log, lane);
    merge->entries =
        dp_grow(merge->entries, &merge->capacity, merge->n_entries + 1, sizeof *merge->entries);
    merge->entries[merge->n_entries++] = entry;
}

static void find_lanes(struct dp_merge *merge)
{
    const struct dp_log *log = merge->log;

    /* Streams are sorted by lane. */
    for (size_t i = 0; i < log->n_streams; i++)
        if (i == 0 || log->streams[i].lane != log->streams[i - 1].lane)
            add_lane(merge, log->streams[i].lane);
}

static void find_records(struct dp_merge *merge)
{
    for (size_t i = 0; i < merge->n_entries; i++) {
        struct dp_merge_entry *entry = merge->entries[i];
        if (entry->ready || entry == merge->given)
            continue;
        entry->ready = dp_cursor_next(&entry->cursor, &entry->record);
        if (entry->ready)
            push(merge, entry);
    }
}

void dp_merge_start(struct dp_merge *merge, struct dp_log *log)
{
    *merge = (struct dp_merge){.log = log};
    find_lanes(merge);
    find_records(merge);
}

void dp_merge_refresh(struct dp_merge *merge)
{
    dp_log_refresh(merge->log);
    find_lanes(merge);
    find_records(merge);
}

const struct dp_record *dp_merge_next(struct dp_merge *merge)
{
    struct dp_merge_entry *given = merge->given;

    /* The record handed out last is done with: its cursor may move. */
    merge->given = NULL;
    if (given) {
        given->ready = dp_cursor_next(&given->cursor, &given->record);
        if (!given->ready)
            merge->heap[0] = merge->heap[--merge->n_heap];
        if (merge->n_heap > 0)
            sift_down(merge, 0);
    }
    if (merge->n_heap == 0)
        return NULL;
    merge->given = merge->heap[0];
    return &merge->given->record;
}

void dp_merge_progress(const struct dp_merge *merge, uint64_t *read, uint64_t *total)
{
    *read = *total = 0;
    for (size_t i = 0; i < merge->n_entries; i++)
        *read += dp_cursor_position(&merge->entries[i]->cursor);
    for (size_t i = 0; i < merge->log->n_streams; i++) {
        struct dp_look look;
        char *path = dp_join(merge->log->path, merge->log->streams[i].name);
        if (dp_look_inside(path, &look) == 0)
            *total += look.bytes;
        free(path);
    }
}

void dp_merge_damage(const struct dp_merge *merge, struct dp_damage *damage)
{
    for (size_t i = 0; i < merge->n_entries; i++)
        dp_damage_add(damage, &merge->entries[i]->cursor.damage);
}

void dp_merge_finish(struct dp_merge *merge)
{
    for (size_t i = 0; i < merge->n_entries; i++) {
        dp_cursor_finish(&merge->entries[i]->cursor);
        free(merge->entries[i]);
    }
    free(merge->entries);
    free(merge->heap);
    *merge = (struct dp_merge){0};
}
