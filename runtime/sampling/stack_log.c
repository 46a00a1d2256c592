/* See stack_log.h. */
#include "stack_log.h"

#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/memory_ceiling.h"
#include "deep_profile/abi/log.h"
#include "log/process_log.h"
#include "modules.h"

#define WRITTEN_MAX 16384 /* power of two */
#define WRITTEN_FULL (WRITTEN_MAX / 4 * 3)
#define PATH_MOST 1024

static uint64_t *written; /* open addressing; 0: free */
static uint32_t n_written;
static bool modules_known;

static void empty_table(void)
{
    n_written = 0;
    if (written)
        memset(written, 0, WRITTEN_MAX * sizeof *written);
}

void dp_stack_log_init(void)
{
    empty_table();
    modules_known = false;
}

void dp_stack_log_release(void)
{
    dp_memory_ceiling_unmap_for_good(written, WRITTEN_MAX * sizeof *written);
    written = NULL;
}

/* At the first stack. */
static bool make_table(void)
{
    if (!written)
        written = dp_memory_ceiling_map_for_good(WRITTEN_MAX * sizeof *written);
    return written;
}

/* The place of `stack` in the table, or the free place for it. */
static uint64_t *place_of(uint64_t stack)
{
    uint64_t i = stack % WRITTEN_MAX;
    while (written[i] && written[i] != stack)
        i = (i + 1) % WRITTEN_MAX;
    return &written[i];
}

static bool write_stack(uint64_t stack, const struct dp_frames *frames)
{
    struct {
        struct dp_event_stack event;
        uint64_t pcs[DP_FRAMES_MAX];
    } __attribute__((packed)) record = {
        .event = {.stack = stack, .flags = frames->flags, .n_frames = frames->n}};
    memcpy(record.pcs, frames->pcs, frames->n * sizeof *frames->pcs);
    return dp_log_event_if_room(DP_EVENT_ID_stack, &record,
                                sizeof record.event + frames->n * sizeof *frames->pcs);
}

uint64_t dp_stack_log(const struct dp_frames *stack)
{
    if (!stack->n || !make_table())
        return 0;
    uint64_t number = XXH64(stack->pcs, stack->n * sizeof *stack->pcs, 0);
    number += number == 0;
    if (*place_of(number) == number)
        return number;
    if (n_written == WRITTEN_FULL)
        empty_table();
    if (!write_stack(number, stack))
        return 0;
    *place_of(number) = number;
    n_written++;
    return number;
}

static void write_module(const struct dp_module *module, bool gone)
{
    struct {
        struct dp_event_module event;
        uint8_t rest[DP_BUILD_ID_BYTES + PATH_MOST];
    } __attribute__((packed)) record = {.event = {.start = module->start,
                                                  .end = gone ? 0 : module->end,
                                                  .bias = module->bias,
                                                  .n_build_id = (uint8_t)module->build_id_bytes}};
    size_t length = strnlen(module->path, PATH_MOST - 1);
    memcpy(record.rest, module->build_id, module->build_id_bytes);
    memcpy(record.rest + module->build_id_bytes, module->path, length);
    dp_log_event(DP_EVENT_ID_module, &record,
                 sizeof record.event + module->build_id_bytes + length + 1);
}

void dp_modules_log(void)
{
    if (!modules_known || dp_modules_wanted())
        dp_modules_refresh(write_module);
    modules_known = true;
}
