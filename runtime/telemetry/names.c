/* See names.h. Hot, but for register_name(), which is called out. */
#include "names.h"

#include <stdatomic.h>

#include "arch/call_out.h"
#include "base/clock.h"
#include "base/mix.h"
#include "sites/sites.h"

#define TABLE (2 * DP_NAMES_MOST) /* so that a search ends */
#define MOST_BYTES (DP_SITE_NAME_BYTES - 1)
#define RETRY_NS UINT64_C(100000000)

static _Atomic uint32_t table[TABLE]; /* indices, by hash; 0: free. Entries never change. */
static _Atomic uint32_t n_names;      /* in the table */
static _Atomic uint64_t retry_ns;     /* until then no new name is registered */

/* `kept` is a name's copy, which may be cut. */
static bool is_called(uint32_t index, uint32_t named, const char *name)
{
    const struct dp_site_state *site = &dp_sites[index];
    const char *kept = site->names.function;
    size_t i = 0;
    if (site->named != named)
        return false;
    while (kept[i] && kept[i] == name[i])
        i++;
    return !kept[i] && (!name[i] || i == MOST_BYTES);
}

static uint32_t hash_of(uint32_t named, const char *name)
{
    uint64_t hash = named;
    for (size_t i = 0; i < MOST_BYTES && name[i]; i++)
        hash = hash * 33 + (unsigned char)name[i];
    return (uint32_t)(dp_mix(hash) % TABLE);
}

/* Where the name is in the table, or would be. The load with acquire pairs with the store with
 * release in register_name(): whoever sees an index sees the name. */
static uint32_t place_of(uint32_t named, const char *name, uint32_t *index)
{
    uint32_t at = hash_of(named, name);
    while ((*index = atomic_load_explicit(&table[at], memory_order_acquire)) != 0 &&
           !is_called(*index, named, name))
        at = (at + 1) % TABLE;
    return at;
}

/* A dp_out_function. Two threads may come with the same name, or with two that belong in one
 * place: whoever comes second looks again. */
static uint64_t register_name(void *name, uintptr_t named, uintptr_t unused)
{
    uint32_t index, at, made;
    (void)unused;
    if (atomic_load_explicit(&n_names, memory_order_relaxed) >= DP_NAMES_MOST)
        return 0;
    made = dp_sites_name((uint32_t)named, name, MOST_BYTES);
    if (!made) {
        atomic_store_explicit(&retry_ns, dp_now_ns() + RETRY_NS, memory_order_relaxed);
        return 0;
    }
    for (;;) {
        uint32_t none = 0;
        at = place_of((uint32_t)named, name, &index);
        if (index)
            return index;
        if (atomic_compare_exchange_strong_explicit(&table[at], &none, made, memory_order_release,
                                                    memory_order_relaxed))
            break;
    }
    atomic_fetch_add_explicit(&n_names, 1, memory_order_relaxed);
    return made;
}

static bool may_register(void)
{
    uint64_t until = atomic_load_explicit(&retry_ns, memory_order_relaxed);
    return atomic_load_explicit(&n_names, memory_order_relaxed) < DP_NAMES_MOST &&
           (!until || dp_now_ns() >= until);
}

static __attribute__((noinline)) uint32_t search(struct dp_lane *lane, uint32_t named,
                                                 const char *name)
{
    uint32_t index;
    place_of(named, name, &index);
    if (!index && may_register())
        index = (uint32_t)dp_call_out(register_name, (void *)(uintptr_t)name, named, 0);
    if (!index)
        lane->state->lost[DP_LOSS_NAMES]++;
    return index;
}

/* A literal is found by its address, and its text compared: an address may come again with
 * another one. */
uint32_t dp_name_index(struct dp_lane *lane, uint32_t named, const char *name)
{
    if (!name || !*name)
        return 0;
    uint64_t hash = (uintptr_t)name * UINT64_C(0x9E3779B97F4A7C15);
    struct dp_name_seen *seen = &lane->seen[hash >> 32 & (DP_NAMES_SEEN - 1)];
    if (DP_LIKELY(seen->at == name && is_called(seen->index, named, name)))
        return seen->index;
    uint32_t index = search(lane, named, name);
    if (index)
        *seen = (struct dp_name_seen){name, index};
    return index;
}
