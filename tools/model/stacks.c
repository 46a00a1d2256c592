/* See stacks.h. */
#include "stacks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "log/processes.h"
#include "symbols/symbols.h"

/* ---- adding ---- */

void dp_stacks_add_module(struct dp_stacks *stacks, const struct dp_stack_module *module)
{
    if (stacks->n_modules == DP_STACK_MODULES)
        return;
    stacks->modules = dp_append(stacks->modules, &stacks->n_modules, &stacks->modules_capacity,
                                sizeof *stacks->modules);
    struct dp_stack_module *added = &stacks->modules[stacks->n_modules - 1];
    *added = *module;
    added->path = dp_copy(module->path ? module->path : "");
    if (added->build_id_bytes > sizeof added->build_id)
        added->build_id_bytes = 0;
}

void dp_stacks_unload(struct dp_stacks *stacks, uint64_t start, uint64_t time_ns)
{
    for (size_t i = stacks->n_modules; i-- > 0;) {
        struct dp_stack_module *module = &stacks->modules[i];
        if (module->start == start && module->to_ns == UINT64_MAX && module->from_ns <= time_ns) {
            module->to_ns = time_ns;
            return;
        }
    }
}

void dp_stacks_add_stack(struct dp_stacks *stacks, const struct dp_stack *stack)
{
    struct dp_stack *added = dp_allocate(1, sizeof *added);

    *added = *stack;
    added->frames = NULL;
    added->n_frames = 0;
    added->addresses = dp_allocate(stack->n_addresses + 1, sizeof *added->addresses);
    if (stack->n_addresses > 0)
        memcpy(added->addresses, stack->addresses, stack->n_addresses * sizeof *added->addresses);
    stacks->stacks = dp_append(stacks->stacks, &stacks->n_stacks, &stacks->stacks_capacity,
                               sizeof *stacks->stacks);
    stacks->stacks[stacks->n_stacks - 1] = added;
}

/* Records that follow each other are often equal. */
const char *dp_stacks_text(struct dp_stacks *stacks, const char *text)
{
    if (!text || !*text)
        return "";
    for (size_t i = stacks->n_texts, looked = 0; i-- > 0 && looked < 8; looked++)
        if (strcmp(stacks->texts[i], text) == 0)
            return stacks->texts[i];
    stacks->texts =
        dp_append(stacks->texts, &stacks->n_texts, &stacks->texts_capacity, sizeof *stacks->texts);
    return stacks->texts[stacks->n_texts - 1] = dp_copy(text);
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ hash >> 32;
}

static size_t place_of(const struct dp_stacks *stacks, const struct dp_stack_sample *sample)
{
    uint64_t hash = mix(stacks->key, sample->call);

    hash = mix(hash, sample->stack_id);
    hash = mix(hash, sample->holder_stack_id);
    hash = mix(hash, (uint64_t)sample->site << 32 | sample->tid);
    hash = mix(hash, (uint64_t)sample->state << 32 | (uint32_t)sample->syscall);
    for (const char *at = sample->object; at && *at; at++)
        hash = mix(hash, (unsigned char)*at);
    hash = mix(hash, stacks->key);
    return (size_t)hash & (stacks->table_size - 1);
}

static bool are_alike(const struct dp_stack_sample *x, const struct dp_stack_sample *y)
{
    return x->call == y->call && x->stack_id == y->stack_id &&
           x->holder_stack_id == y->holder_stack_id && x->site == y->site && x->tid == y->tid &&
           x->state == y->state && x->flags == y->flags && x->syscall == y->syscall &&
           x->holder_tid == y->holder_tid && strcmp(x->object, y->object) == 0 &&
           strcmp(x->holder, y->holder) == 0;
}

static void grow_table(struct dp_stacks *stacks)
{
    if (stacks->table_size == 0)
        stacks->key = dp_random();
    if (stacks->table_size == 0 || 2 * stacks->n_samples >= stacks->table_size)
        stacks->table_size = stacks->table_size ? 2 * stacks->table_size : 64;
    free(stacks->table);
    stacks->table = dp_allocate(stacks->table_size, sizeof *stacks->table);
    for (size_t i = 0; i < stacks->n_samples; i++) {
        size_t place = place_of(stacks, &stacks->samples[i]);
        while (stacks->table[place] != 0)
            place = (place + 1) & (stacks->table_size - 1);
        stacks->table[place] = (uint32_t)i + 1;
    }
}

void dp_stacks_add_sample(struct dp_stacks *stacks, const struct dp_stack_sample *sample)
{
    struct dp_stack_sample added = *sample;

    added.object = sample->object ? sample->object : "";
    added.holder = sample->holder ? sample->holder : "";
    added.stack = added.holder_stack = NULL;
    if (!stacks->table || 2 * stacks->n_samples >= stacks->table_size)
        grow_table(stacks);
    size_t place = place_of(stacks, &added);
    for (; stacks->table[place] != 0; place = (place + 1) & (stacks->table_size - 1)) {
        struct dp_stack_sample *known = &stacks->samples[stacks->table[place] - 1];
        if (are_alike(known, &added)) {
            known->looks += sample->looks;
            known->weight_ns += sample->weight_ns;
            return;
        }
    }
    added.object = dp_stacks_text(stacks, added.object);
    added.holder = dp_stacks_text(stacks, added.holder);
    stacks->samples = dp_append(stacks->samples, &stacks->n_samples, &stacks->samples_capacity,
                                sizeof *stacks->samples);
    stacks->samples[stacks->n_samples - 1] = added;
    stacks->table[place] = (uint32_t)stacks->n_samples;
}

/* ---- records ---- */

static void read_module(struct dp_stacks *stacks, const struct dp_record *record)
{
    struct dp_event_module event;
    struct dp_stack_module module = {.from_ns = record->time_ns, .to_ns = UINT64_MAX};

    dp_record_copy(record, &event);
    if (event.end == 0) {
        dp_stacks_unload(stacks, event.start, record->time_ns);
        return;
    }
    module.start = event.start;
    module.end = event.end;
    module.bias = event.bias;
    module.path = (char *)dp_record_text(record, 0);
    if (event.n_build_id <= sizeof module.build_id) {
        module.build_id_bytes = event.n_build_id;
        memcpy(module.build_id, record->payload + sizeof event, event.n_build_id);
    }
    dp_stacks_add_module(stacks, &module);
}

static void read_stack(struct dp_stacks *stacks, const struct dp_record *record)
{
    struct dp_event_stack event;

    dp_record_copy(record, &event);
    uint64_t *addresses = dp_allocate((size_t)event.n_frames + 1, sizeof *addresses);
    memcpy(addresses, record->payload + sizeof event, event.n_frames * sizeof *addresses);
    dp_stacks_add_stack(stacks, &(struct dp_stack){.id = event.stack,
                                                   .flags = event.flags,
                                                   .time_ns = record->time_ns,
                                                   .addresses = addresses,
                                                   .n_addresses = event.n_frames});
    free(addresses);
}

static void read_sample(struct dp_stacks *stacks, const struct dp_record *record)
{
    struct dp_event_sample event;

    dp_record_copy(record, &event);
    dp_stacks_add_sample(stacks,
                         &(struct dp_stack_sample){.call = event.call,
                                                   .stack_id = event.stack,
                                                   .holder_stack_id = event.holder_stack,
                                                   .site = event.site,
                                                   .tid = event.tid ? event.tid : record->tid,
                                                   .state = event.state,
                                                   .flags = event.flags,
                                                   .syscall = event.syscall,
                                                   .holder_tid = event.holder_tid,
                                                   .object = dp_record_text(record, 0),
                                                   .holder = dp_record_text(record, 1),
                                                   .looks = event.looks,
                                                   .weight_ns = event.weight_ns});
}

void dp_stacks_read(struct dp_stacks *stacks, const struct dp_record *record)
{
    if (record->id == DP_EVENT_ID_module)
        read_module(stacks, record);
    else if (record->id == DP_EVENT_ID_stack)
        read_stack(stacks, record);
    else if (record->id == DP_EVENT_ID_sample)
        read_sample(stacks, record);
}

/* ---- settling ---- */

static int by_id(const void *a, const void *b)
{
    const struct dp_stack *x = *(struct dp_stack *const *)a, *y = *(struct dp_stack *const *)b;

    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    return x->time_ns < y->time_ns ? -1 : x->time_ns > y->time_ns;
}

static int by_call_longest_first(const void *a, const void *b)
{
    const struct dp_stack_sample *x = a, *y = b;

    if (x->call != y->call)
        return x->call < y->call ? -1 : 1;
    if (x->weight_ns != y->weight_ns)
        return x->weight_ns > y->weight_ns ? -1 : 1;
    if (x->stack_id != y->stack_id)
        return x->stack_id < y->stack_id ? -1 : 1;
    return x->tid < y->tid ? -1 : x->tid > y->tid;
}

const struct dp_stack *dp_stacks_find(const struct dp_stacks *stacks, uint64_t id)
{
    size_t low = 0, high = stacks->n_stacks;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (stacks->stacks[middle]->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return id != 0 && low < stacks->n_stacks && stacks->stacks[low]->id == id ? stacks->stacks[low]
                                                                              : NULL;
}

void dp_stacks_settle(struct dp_stacks *stacks)
{
    if (stacks->n_stacks > 0)
        qsort(stacks->stacks, stacks->n_stacks, sizeof *stacks->stacks, by_id);
    if (stacks->n_samples > 0)
        qsort(stacks->samples, stacks->n_samples, sizeof *stacks->samples, by_call_longest_first);
    for (size_t i = 0; i < stacks->n_samples; i++) {
        struct dp_stack_sample *sample = &stacks->samples[i];
        sample->stack = dp_stacks_find(stacks, sample->stack_id);
        sample->holder_stack = dp_stacks_find(stacks, sample->holder_stack_id);
    }
    /* The table has the indices from before the sort. */
    free(stacks->table);
    stacks->table = NULL;
}

size_t dp_stacks_of_call(const struct dp_stacks *stacks, uint64_t call, size_t *first)
{
    size_t low = 0, high = stacks->n_samples, n = 0;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (stacks->samples[middle].call < call)
            low = middle + 1;
        else
            high = middle;
    }
    while (low + n < stacks->n_samples && stacks->samples[low + n].call == call)
        n++;
    *first = low;
    return n;
}

/* ---- modules ---- */

/* A module's record may come after the first stack that has an address in it. */
const struct dp_stack_module *dp_stacks_module_at(const struct dp_stacks *stacks, uint64_t address,
                                                  uint64_t time_ns)
{
    const struct dp_stack_module *later = NULL;

    for (size_t i = stacks->n_modules; i-- > 0;) {
        const struct dp_stack_module *module = &stacks->modules[i];
        if (address < module->start || address >= module->end)
            continue;
        if (module->from_ns > time_ns)
            later = module;
        else if (module->to_ns > time_ns)
            return module;
    }
    return later;
}

void dp_stacks_finish(struct dp_stacks *stacks)
{
    for (size_t i = 0; i < stacks->n_modules; i++)
        free(stacks->modules[i].path);
    for (size_t i = 0; i < stacks->n_stacks; i++) {
        free(stacks->stacks[i]->addresses);
        free(stacks->stacks[i]->frames);
        free(stacks->stacks[i]);
    }
    for (size_t i = 0; i < stacks->n_texts; i++)
        free(stacks->texts[i]);
    free(stacks->modules);
    free(stacks->stacks);
    free(stacks->samples);
    free(stacks->table);
    free(stacks->texts);
    dp_symbols_destroy(stacks->symbols);
    *stacks = (struct dp_stacks){0};
}
