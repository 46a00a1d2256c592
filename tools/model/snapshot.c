/* See snapshot.h. */
#include "snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "log/log_cursor.h"
#include "site_paths.h"
#include "stack_names.h"

/* The runtime lists fewer. */
#define MOST_THREADS 65536

/* The threads of one snapshot as they are read. */
struct found {
    uint32_t number;
    struct dp_snapshot_thread *threads;
    size_t n, capacity;
};

static void free_threads(struct dp_snapshot_thread *threads, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(threads[i].calls);
        free((char *)threads[i].look.object);
        free((char *)threads[i].look.holder);
    }
    free(threads);
}

static int by_tid(const void *a, const void *b)
{
    const struct dp_snapshot_thread *x = a, *y = b;

    return x->tid < y->tid ? -1 : x->tid > y->tid;
}

/* The u64 number `i` of the record's column `column`. */
static uint64_t cell(const struct dp_record *record, const struct dp_event_thread *event,
                     unsigned column, uint32_t i)
{
    uint64_t value;

    memcpy(&value,
           record->payload + sizeof *event +
               ((size_t)column * event->n_calls + i) * sizeof value,
           sizeof value);
    return value;
}

static void copy_calls(struct dp_snapshot_thread *thread, const struct dp_record *record,
                       const struct dp_event_thread *event)
{
    thread->calls = dp_allocate((size_t)event->n_calls + 1, sizeof *thread->calls);
    thread->n_calls = event->n_calls;
    thread->more_calls = event->more_calls;
    for (uint32_t i = 0; i < event->n_calls; i++)
        thread->calls[i] = (struct dp_snapshot_call){.index = (uint32_t)cell(record, event, 0, i),
                                                     .open_ns = cell(record, event, 1, i),
                                                     .error_ns = cell(record, event, 2, i)};
}

static void add_thread(struct found *found, const struct dp_record *record)
{
    struct dp_event_thread event;

    dp_record_copy(record, &event);
    if (event.snapshot != found->number) {
        free_threads(found->threads, found->n);
        *found = (struct found){.number = event.snapshot};
    }
    if (found->n == MOST_THREADS)
        return;
    found->threads =
        dp_append(found->threads, &found->n, &found->capacity, sizeof *found->threads);
    struct dp_snapshot_thread *thread = &found->threads[found->n - 1];
    *thread = (struct dp_snapshot_thread){
        .tid = event.tid,
        .time_ns = record->time_ns,
        .cpu_ns = event.cpu_ns,
        .waits_ns = event.waits_ns,
        .look = {.stack_id = event.stack,
                 .holder_stack_id = event.holder_stack,
                 .tid = event.tid,
                 .state = event.state,
                 .flags = event.flags,
                 .syscall = event.syscall,
                 .holder_tid = event.holder_tid,
                 .object = dp_copy(dp_record_text(record, 1)),
                 .holder = dp_copy(dp_record_text(record, 2))}};
    strncpy(thread->name, dp_record_text(record, 0), sizeof thread->name - 1);
    copy_calls(thread, record, &event);
}

/* A thread that has used no processor time since the snapshot before has waited since then. */
static void wait_since(struct found *found, const struct dp_snapshot *before)
{
    for (size_t i = 0; i < found->n; i++) {
        struct dp_snapshot_thread *thread = &found->threads[i];
        const struct dp_snapshot_thread *then =
            before->n_threads > 0 ? bsearch(thread, before->threads, before->n_threads,
                                            sizeof *thread, by_tid)
                                  : NULL;
        if (!then || thread->look.state != DP_THREAD_BLOCKED ||
            then->look.state != DP_THREAD_BLOCKED || then->cpu_ns != thread->cpu_ns ||
            then->time_ns > thread->time_ns)
            continue;
        uint64_t since = thread->time_ns - then->time_ns + then->waits_ns;
        if (since > thread->waits_ns)
            thread->waits_ns = since;
    }
}

/* The last thread of a snapshot has been read: the snapshot replaces the one before it. */
static void complete(struct dp_snapshot *snapshot, struct found *found,
                     const struct dp_record *record, const struct dp_log *log)
{
    struct dp_event_snapshot event;

    dp_record_copy(record, &event);
    if (event.snapshot != found->number) {
        free_threads(found->threads, found->n);
        *found = (struct found){.number = event.snapshot};
    }
    if (found->n > 0)
        qsort(found->threads, found->n, sizeof *found->threads, by_tid);
    wait_since(found, snapshot);
    free_threads(snapshot->threads, snapshot->n_threads);
    snapshot->threads = found->threads;
    snapshot->n_threads = found->n;
    snapshot->number = event.snapshot;
    snapshot->flags = event.flags;
    snapshot->took_ns = event.took_ns;
    snapshot->unix_ns = record->time_ns + log->realtime_offset_ns;
    *found = (struct found){0};
}

static void find(struct dp_snapshot *snapshot, struct dp_log *log, uint32_t number)
{
    struct dp_cursor cursor;
    struct dp_record record;
    struct found found = {0};

    dp_cursor_start(&cursor, log, DP_LANE_RUNTIME);
    while ((number == 0 || snapshot->number != number) && dp_cursor_next(&cursor, &record)) {
        dp_site_table_read(&snapshot->sites, &record);
        if (record.id == DP_EVENT_ID_thread)
            add_thread(&found, &record);
        else if (record.id == DP_EVENT_ID_snapshot)
            complete(snapshot, &found, &record, log);
    }
    free_threads(found.threads, found.n);
    dp_cursor_finish(&cursor);
}

/* ---- stacks and names ---- */

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* The log may have many more stacks than the snapshot: names take time. */
static void read_stacks(struct dp_snapshot *snapshot, struct dp_log *log)
{
    size_t n = 0;
    uint64_t *wanted = dp_allocate(2 * snapshot->n_threads + 1, sizeof *wanted);
    struct dp_cursor cursor;
    struct dp_record record;

    for (size_t i = 0; i < snapshot->n_threads; i++) {
        wanted[n++] = snapshot->threads[i].look.stack_id;
        wanted[n++] = snapshot->threads[i].look.holder_stack_id;
    }
    qsort(wanted, n, sizeof *wanted, by_number);
    dp_cursor_start(&cursor, log, DP_LANE_RUNTIME);
    while (n > 0 && dp_cursor_next(&cursor, &record)) {
        struct dp_event_stack stack;
        if (record.id == DP_EVENT_ID_stack) {
            dp_record_copy(&record, &stack);
            uint64_t id = stack.stack;
            if (!bsearch(&id, wanted, n, sizeof *wanted, by_number))
                continue;
        }
        if (record.id == DP_EVENT_ID_stack || record.id == DP_EVENT_ID_module)
            dp_stacks_read(&snapshot->stacks, &record);
    }
    dp_cursor_finish(&cursor);
    free(wanted);
    dp_stacks_settle(&snapshot->stacks);
    dp_stacks_name(&snapshot->stacks);
}

static size_t place_in(const struct dp_stack *stack, const struct dp_snapshot_call *call)
{
    for (size_t i = 0; call->site && i < stack->n_frames; i++)
        if (strcmp(stack->frames[i].function, call->site->function) == 0)
            return i;
    return SIZE_MAX;
}

/* The start of a call is not known to the nanosecond. Where two calls may have begun in either
 * order, the stack shows which was first. */
static void order_calls(struct dp_snapshot_thread *thread)
{
    for (uint32_t i = 0; thread->look.stack && i + 1 < thread->n_calls; i++) {
        struct dp_snapshot_call *call = &thread->calls[i], inner = call[1];
        size_t place = place_in(thread->look.stack, call);
        if (call->open_ns + call->error_ns + inner.error_ns < inner.open_ns ||
            place == SIZE_MAX || place <= place_in(thread->look.stack, &inner))
            continue;
        call[1] = call[0];
        call[0] = inner;
    }
}

static void tie(struct dp_snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->n_threads; i++) {
        struct dp_snapshot_thread *thread = &snapshot->threads[i];
        struct dp_stack_sample *look = &thread->look;
        look->stack = dp_stacks_find(&snapshot->stacks, look->stack_id);
        look->holder_stack = dp_stacks_find(&snapshot->stacks, look->holder_stack_id);
        for (uint32_t c = 0; c < thread->n_calls; c++)
            thread->calls[c].site = dp_site_find(&snapshot->sites, thread->calls[c].index);
        order_calls(thread);
    }
}

static void find_deadlocks(struct dp_snapshot *snapshot)
{
    struct dp_lock_wait *waits = dp_allocate(snapshot->n_threads + 1, sizeof *waits);
    size_t n = 0, cycle = 1;

    for (size_t i = 0; i < snapshot->n_threads; i++) {
        const struct dp_stack_sample *look = &snapshot->threads[i].look;
        if (look->state == DP_THREAD_BLOCKED && look->holder_tid != 0)
            waits[n++] = (struct dp_lock_wait){.tid = look->tid,
                                               .holder_tid = look->holder_tid,
                                               .holder = look->holder,
                                               .function = dp_stack_function(look->stack)};
    }
    dp_deadlocks_among(&snapshot->deadlocks, waits, n);
    free(waits);
    for (size_t i = 0; i < snapshot->deadlocks.n; i++) {
        const struct dp_snapshot_thread key = {.tid = snapshot->deadlocks.threads[i].tid};
        struct dp_snapshot_thread *thread =
            bsearch(&key, snapshot->threads, snapshot->n_threads, sizeof key, by_tid);
        if (thread)
            thread->deadlock = cycle;
        cycle += snapshot->deadlocks.threads[i].last;
    }
}

bool dp_snapshot_read(struct dp_snapshot *snapshot, struct dp_log *log, uint32_t number)
{
    *snapshot = (struct dp_snapshot){.pid = log->pid};
    memcpy(snapshot->program, log->program, sizeof snapshot->program);
    find(snapshot, log, number);
    if (snapshot->number == 0 || (number != 0 && snapshot->number != number))
        return false;
    dp_site_paths_shorten(&snapshot->sites);
    read_stacks(snapshot, log);
    tie(snapshot);
    find_deadlocks(snapshot);
    return true;
}

void dp_snapshot_finish(struct dp_snapshot *snapshot)
{
    free_threads(snapshot->threads, snapshot->n_threads);
    dp_deadlocks_finish(&snapshot->deadlocks);
    dp_site_table_finish(&snapshot->sites);
    dp_stacks_finish(&snapshot->stacks);
    *snapshot = (struct dp_snapshot){0};
}
