/* See memory_ceiling.h. */
#include "memory_ceiling.h"

#include <stdatomic.h>
#include <string.h>

#include "common/text.h"
#include "os.h"
#include "settings.h"

#define SHARE_OF_MACHINE 8
#define LEAST (UINT64_C(8) << 20)
#define MOST (UINT64_C(1) << 30)

static uint64_t limit = MOST;
static _Atomic uint64_t used, kept; /* kept: the part of `used` that is never given back */

/* The number after `key` in a small file; UINT64_MAX if there is none. */
static uint64_t number_in(const char *path, const char *key)
{
    char text[512];
    if (dp_os_read_file(path, text, sizeof text) <= 0)
        return UINT64_MAX;
    const char *at = strstr(text, key);
    if (!at)
        return UINT64_MAX;
    at += strlen(key);
    at += strspn(at, " \t");
    uint64_t value = 0, digits = strspn(at, "0123456789");
    for (uint64_t i = 0; i < digits && value < UINT64_MAX / 16; i++)
        value = value * 10 + (uint64_t)(at[i] - '0');
    return digits ? value : UINT64_MAX; /* "max" */
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The limit of the control group that a line of /proc/self/cgroup names after `prefix`. In
 * a container that name may belong to the world outside, while our group is the root. */
static uint64_t group_limit(const char *groups, const char *prefix, const char *root,
                            const char *file)
{
    char path[640];
    struct dp_text text = {path, sizeof path - 1, 0};
    const char *name = strstr(groups, prefix);
    dp_text_string(&text, root);
    dp_text_string(&text, file);
    path[text.length] = 0;
    uint64_t found = number_in(path, "");
    if (!name)
        return found;
    name += strlen(prefix);
    text.length = 0;
    dp_text_string(&text, root);
    dp_text_bytes(&text, name, strcspn(name, "\n"));
    dp_text_string(&text, file);
    if (text.length >= sizeof path)
        return found;
    path[text.length] = 0;
    return smaller(found, number_in(path, ""));
}

static uint64_t memory_of_machine(void)
{
    char groups[2048];
    uint64_t least = number_in("/proc/meminfo", "MemTotal:");
    least = least == UINT64_MAX ? least : least * 1024;
    if (dp_os_read_file("/proc/self/cgroup", groups, sizeof groups) <= 0)
        return least;
    least = smaller(least, group_limit(groups, "0::", "/sys/fs/cgroup", "/memory.max"));
    return smaller(least, group_limit(groups, ":memory:", "/sys/fs/cgroup/memory",
                                      "/memory.limit_in_bytes"));
}

void dp_memory_ceiling_init(void)
{
    limit = dp_setting_value(DP_SETTING_OWN_MEMORY);
    if (limit)
        return;
    limit = smaller(memory_of_machine() / SHARE_OF_MACHINE, MOST);
    if (limit < LEAST)
        limit = LEAST;
}

bool dp_memory_ceiling_take(uint64_t bytes)
{
    if (atomic_fetch_add_explicit(&used, bytes, memory_order_relaxed) + bytes <= limit)
        return true;
    dp_memory_ceiling_give(bytes);
    return false;
}

void dp_memory_ceiling_take_anyway(uint64_t bytes)
{
    atomic_fetch_add_explicit(&used, bytes, memory_order_relaxed);
}

void dp_memory_ceiling_give(uint64_t bytes)
{
    atomic_fetch_sub_explicit(&used, bytes, memory_order_relaxed);
}

bool dp_memory_ceiling_take_for_good(uint64_t bytes)
{
    if (!dp_memory_ceiling_take(bytes))
        return false;
    atomic_fetch_add_explicit(&kept, bytes, memory_order_relaxed);
    return true;
}

static void give_for_good(uint64_t bytes)
{
    dp_memory_ceiling_give(bytes);
    atomic_fetch_sub_explicit(&kept, bytes, memory_order_relaxed);
}

void *dp_memory_ceiling_map_for_good(uint64_t bytes)
{
    if (!dp_memory_ceiling_take_for_good(bytes))
        return NULL;
    void *at = dp_os_map_memory(bytes);
    if (!at)
        give_for_good(bytes);
    return at;
}

void dp_memory_ceiling_unmap_for_good(void *at, uint64_t bytes)
{
    if (!at)
        return;
    dp_os_unmap(at, bytes);
    give_for_good(bytes);
}

void dp_memory_ceiling_reset(void)
{
    atomic_store_explicit(&used, atomic_load_explicit(&kept, memory_order_relaxed),
                          memory_order_relaxed);
}

uint64_t dp_memory_ceiling_used(void)
{
    return atomic_load_explicit(&used, memory_order_relaxed);
}
