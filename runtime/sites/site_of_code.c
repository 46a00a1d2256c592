/* See site_of_code.h. */
#include "site_of_code.h"

#include <stddef.h>
#include <string.h>

#include "base/os.h"
#include "sampling/view.h"
#include "sites.h"

#define PIECE 4096
#define MOST_BYTES 65536 /* of a function */
#define DISTANCE 4       /* bytes of a relative address, which is the last in its instruction */

static uint64_t function_around(uint64_t pc)
{
    struct dp_code code = dp_view_find(dp_view_enter(), pc);
    uint64_t start = code.table ? dp_table_function(code.table, pc) : 0;
    dp_view_leave();
    return start;
}

/* What the inserted code refers to: the site itself, or its second word. */
static uint32_t unlisted_site_at(uint64_t address)
{
    uint32_t index = dp_site_at(address);
    if (!index)
        index = dp_site_at(address - offsetof(struct dp_site, slow_after));
    return index && !(dp_site_flags(index) & DP_SITE_IN_FLIGHT) ? index : 0;
}

/* *found: what was found before, or 0. False: there are several. */
static bool search(const uint8_t *code, size_t bytes, uint64_t address, uint32_t *found)
{
    for (size_t i = 0; i + DISTANCE <= bytes; i++) {
        int32_t distance;
        memcpy(&distance, code + i, sizeof distance);
        uint64_t target = address + i + DISTANCE + (uint64_t)(int64_t)distance;
        uint32_t index = dp_sites_have(target) ? unlisted_site_at(target) : 0;
        if (index && *found && index != *found)
            return false;
        *found = index ? index : *found;
    }
    return true;
}

/* The entry lies between the function's start and the place that it has reached. */
uint32_t dp_site_of_code(uint64_t pc)
{
    static uint8_t code[PIECE + DISTANCE - 1];
    uint64_t start = function_around(pc);
    uint32_t found = 0;
    if (!start || pc - start > MOST_BYTES)
        return 0;
    for (uint64_t at = start; at < pc; at += PIECE) {
        size_t bytes = pc - at < sizeof code ? (size_t)(pc - at) : sizeof code;
        if (!dp_os_read_memory(at, code, bytes) || !search(code, bytes, at, &found))
            return 0;
    }
    return found;
}

bool dp_site_is_on(const struct dp_frames *stack, uint32_t site)
{
    for (uint32_t i = 0; i < stack->n; i++)
        if (dp_site_of_code(stack->pcs[i]) == site)
            return true;
    return false;
}
