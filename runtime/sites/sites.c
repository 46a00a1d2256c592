/* See sites.h. */
#include "sites.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/facts.h"
#include "base/lock.h"
#include "base/memory_ceiling.h"
#include "base/os.h"
#include "base/peek.h"
#include "configure.h"
#include "describe.h"
#include "log/process_log.h"
#include "thread/count_slots.h"

#define MAX_MODULES 1024
#define ID_TABLE (2 * DP_MAX_SITES)

struct dp_site_state *dp_sites;
_Atomic uint32_t dp_n_sites;

static struct dp_lock registry_lock;
static uint32_t *ids; /* index by hash of the site's identity; 0: free */

static uint8_t first_share_log2;

static struct module {
    struct dp_site *start;
    uint32_t count;
} modules[MAX_MODULES];
static uint32_t n_modules;

int dp_sites_init(void)
{
    dp_sites = dp_os_map_memory(DP_MAX_SITES * sizeof *dp_sites);
    ids = dp_os_map_memory(ID_TABLE * sizeof *ids);
    return dp_sites && ids ? dp_site_configs_init() : -ENOMEM;
}

void dp_sites_release(void)
{
    dp_os_unmap(dp_sites, DP_MAX_SITES * sizeof *dp_sites);
    dp_os_unmap(ids, ID_TABLE * sizeof *ids);
    dp_sites = NULL;
    ids = NULL;
    dp_site_configs_release();
}

void dp_sites_unlock(void)
{
    dp_lock_init(&registry_lock);
}

/* Stable across builds that keep function, file and line. */
static uint64_t site_id(const char *module, const struct dp_site_desc *desc)
{
    XXH64_state_t state;
    XXH64_reset(&state, 0);
    XXH64_update(&state, module, strlen(module) + 1);
    XXH64_update(&state, desc->file, strlen(desc->file) + 1);
    XXH64_update(&state, desc->function, strlen(desc->function) + 1);
    XXH64_update(&state, &desc->line, sizeof desc->line);
    return XXH64_digest(&state);
}

static const char *module_name(const void *address)
{
    Dl_info info;
    if (dladdr(address, &info) == 0 || !info.dli_fname || !*info.dli_fname)
        return dp_process_program(); /* static programs */
    const char *slash = strrchr(info.dli_fname, '/');
    return slash ? slash + 1 : info.dli_fname;
}

/* Returns the place of the index of `id`, or where it would go. Copies of one inline
 * function have the same identity, and so share a site. Open addressing; the table is twice
 * as large as the greatest number of sites. */
static uint32_t *slot_of(uint64_t id)
{
    uint32_t at = (uint32_t)(id % ID_TABLE);
    while (ids[at] && dp_sites[ids[at]].id != id)
        at = (at + 1) % ID_TABLE;
    return &ids[at];
}

/* Calls are judged by the tick all the time; the rest is done when the gate works. */
static void open_gate(struct dp_site *site, const struct dp_site_config *config)
{
    const struct dp_site_state *state = &dp_sites[site->index];
    bool works = !state->share_log2 || state->has_its_turn;
    uint64_t weight = works ? (uint64_t)config->weight : 0;
    uint64_t slow_after = config->slow_after;
    if (site->desc->flags & DP_SITE_WHOLE_PROGRAM && state->share_log2)
        __atomic_store_n(&site->count_slot, 0, __ATOMIC_RELAXED); /* the gate counts its share */
    if (site->desc->flags & DP_SITE_WHOLE_PROGRAM &&
        (weight || site->count_slot || dp_configure_trees()))
        slow_after += DP_ASK;
    dp_poke(&site->weight, weight);
    dp_poke(&site->slow_after, slow_after);
}

/* A site without memory: its gate stays closed, so its calls are not seen. */
static void leave_out(struct dp_site *site, struct dp_site_state *state)
{
    site->count_slot = 0;
    if (state)
        state->site = NULL;
    dp_process_lost(DP_LOSS_SITES, 1);
}

/* Adds a site that is not known yet, with the next index. */
static uint32_t new_index(uint64_t id)
{
    const uint64_t bytes = sizeof *dp_sites + sizeof *ids + sizeof *dp_site_configs;
    uint32_t index = dp_sites_count() + 1;
    if (index >= DP_MAX_SITES || !dp_memory_ceiling_take_for_good(bytes))
        return 0;
    dp_sites[index].id = id;
    return index;
}

/* Where the code is of another version of the gate, the gate stays closed, as it was compiled. */
static bool is_of_our_gate(const struct dp_site *site)
{
    if (site->desc->abi == DP_ABI_VERSION)
        return true;
    dp_process_lost(DP_LOSS_OTHER_GATE, 1);
    return false;
}

static void add_site(struct dp_site *site, const char *module)
{
    if (!is_of_our_gate(site))
        return;
    uint64_t id = site_id(module, site->desc);
    uint32_t *slot = slot_of(id);
    bool known = *slot != 0;
    uint32_t index = known ? *slot : new_index(id);
    if (!index) {
        leave_out(site, NULL);
        return;
    }
    struct dp_site_state *state = &dp_sites[index];
    bool loaded_again = known && !state->site;
    state->in_copies |= known && state->site;
    state->site = site;
    if (!known)
        state->share_log2 = first_share_log2;
    if (site->desc->flags & DP_SITE_COUNTED || (known && dp_site_config(index)->counted))
        site->count_slot = dp_count_slot_for(index);
    if ((!known || (loaded_again && !dp_site_is_unchanged(state))) &&
        !dp_site_describe(index, state, module)) {
        leave_out(site, state);
        return;
    }
    if (!known) {
        *slot = index;
        atomic_store_explicit(&dp_n_sites, index, memory_order_release);
        dp_process_state()->sites = index;
    }
    const struct dp_site_config *config = dp_site_config(index);
    /* If counting is off for the site, the code counts into slot 0, which belongs to
     * nobody. */
    if (!config->counted)
        site->count_slot = 0;
    site->index = index;
    open_gate(site, config);
}

/* As `desc` of what has no code. */
static struct dp_site_desc named_desc(uint32_t named, const char *name)
{
    return (struct dp_site_desc){.function = name, .file = "", .flags = named};
}

static uint32_t add_name(uint32_t named, const char *name)
{
    const struct dp_site_desc desc = named_desc(named, name);
    uint64_t id = site_id("", &desc) + named;
    uint32_t *slot = slot_of(id);
    if (*slot)
        return *slot;
    uint32_t index = new_index(id);
    if (!index || !dp_site_describe_name(index, &dp_sites[index], &desc))
        return 0;
    *slot = index;
    atomic_store_explicit(&dp_n_sites, index, memory_order_release);
    dp_process_state()->sites = index;
    return index;
}

uint32_t dp_sites_name(uint32_t named, const char *name, size_t length)
{
    char copy[DP_SITE_NAME_BYTES];
    struct dp_os_signals saved;
    length = strnlen(name, length < sizeof copy - 1 ? length : sizeof copy - 1);
    memcpy(copy, name, length);
    copy[length] = 0;
    dp_lock_take(&registry_lock, &saved);
    uint32_t index = add_name(named, copy);
    dp_lock_give(&registry_lock, &saved);
    return index;
}

/* Another thread may add or remove a module meanwhile. */
bool dp_sites_have(uint64_t address)
{
    uint32_t count = dp_peek_32(&n_modules);
    for (uint32_t m = 0; m < count; m++) {
        uint64_t start = dp_peek((const uint64_t *)(const void *)&modules[m].start);
        uint64_t bytes = (uint64_t)dp_peek_32(&modules[m].count) * sizeof *modules[m].start;
        if (start && address - start < bytes)
            return true;
    }
    return false;
}

static bool is_in(const struct module *module, uint64_t address)
{
    uint64_t start = (uintptr_t)module->start;
    return start && address >= start && address < start + module->count * sizeof *module->start &&
           (address - start) % sizeof *module->start == 0;
}

uint32_t dp_site_at(uint64_t address)
{
    struct dp_os_signals saved;
    uint32_t index = 0;
    dp_lock_take(&registry_lock, &saved);
    for (uint32_t m = 0; m < n_modules && !index; m++)
        if (is_in(&modules[m], address))
            index = ((const struct dp_site *)(uintptr_t)address)->index;
    dp_lock_give(&registry_lock, &saved);
    return index;
}

uint32_t dp_site_flags(uint32_t index)
{
    struct dp_os_signals saved;
    dp_lock_take(&registry_lock, &saved); /* else the descriptor may be unloaded meanwhile */
    const struct dp_site *site = dp_sites[index].site;
    uint32_t flags = site ? site->desc->flags : 0;
    dp_lock_give(&registry_lock, &saved);
    return flags;
}

static struct module *find_module(const struct dp_site *start)
{
    for (uint32_t i = 0; i < n_modules; i++) {
        if (modules[i].start == start)
            return &modules[i];
    }
    return NULL;
}

/* A call that keeps those below needs every gate of whole-program mode to look at the budget. */
static void make_gates_ask(void)
{
    for (uint32_t m = 0; m < n_modules; m++)
        for (uint32_t i = 0; modules[m].start && i < modules[m].count; i++) {
            struct dp_site *site = &modules[m].start[i];
            if (site->index && dp_sites[site->index].site == site)
                open_gate(site, dp_site_config(site->index));
        }
}

void dp_sites_add(struct dp_site *start, struct dp_site *stop)
{
    struct dp_os_signals saved;
    const char *module = module_name(start);
    dp_lock_take(&registry_lock, &saved);
    bool asked = dp_configure_trees();
    if (!find_module(start)) {
        struct module *slot = find_module(NULL);
        if (!slot && n_modules < MAX_MODULES)
            slot = &modules[n_modules++];
        for (struct dp_site *site = start; site < stop; site++) {
            if (slot)
                add_site(site, module);
            else
                dp_process_lost(DP_LOSS_SITES, 1);
        }
        if (slot)
            *slot = (struct module){.start = start, .count = (uint32_t)(stop - start)};
    }
    if (!asked && dp_configure_trees())
        make_gates_ask();
    dp_lock_give(&registry_lock, &saved);
}

static void close_gates(const struct module *module)
{
    for (uint32_t i = 0; module->start && i < module->count; i++) {
        dp_poke(&module->start[i].weight, 0);
        dp_poke(&module->start[i].slow_after, DP_SLOW_NEVER);
    }
}

void dp_sites_remove(struct dp_site *start)
{
    struct dp_os_signals saved;
    dp_lock_take(&registry_lock, &saved);
    struct module *module = find_module(start);
    if (module) {
        close_gates(module); /* at exit, threads may still run the module's code */
        for (uint32_t i = 1; i <= dp_n_sites; i++) {
            if (dp_sites[i].site >= start && dp_sites[i].site < start + module->count)
                dp_sites[i].site = NULL;
        }
        module->start = NULL;
    }
    dp_lock_give(&registry_lock, &saved);
}

void dp_sites_close(void)
{
    struct dp_os_signals saved;
    dp_lock_take(&registry_lock, &saved);
    for (uint32_t m = 0; m < n_modules; m++)
        close_gates(&modules[m]);
    dp_lock_give(&registry_lock, &saved);
}

/* Calls it for every site of a module that is loaded. */
static void for_each_site(void (*visit)(struct dp_site *, struct dp_site_state *))
{
    struct dp_os_signals saved;
    dp_lock_take(&registry_lock, &saved); /* another thread may unload a module meanwhile */
    for (uint32_t m = 0; m < n_modules; m++) {
        for (uint32_t i = 0; modules[m].start && i < modules[m].count; i++) {
            struct dp_site *site = &modules[m].start[i];
            struct dp_site_state *state = &dp_sites[site->index];
            if (site->index && state->site == site)
                visit(site, state);
        }
    }
    dp_lock_give(&registry_lock, &saved);
}

uint32_t dp_site_count_slot(uint32_t index)
{
    struct dp_os_signals saved;
    dp_lock_take(&registry_lock, &saved); /* else the module may be unloaded meanwhile */
    const struct dp_site *site = dp_sites[index].site;
    uint32_t slot = site ? site->count_slot : 0;
    dp_lock_give(&registry_lock, &saved);
    return slot;
}

void dp_sites_begin_with(uint8_t share_log2)
{
    first_share_log2 = share_log2;
}

static void configure_again(struct dp_site *site, struct dp_site_state *state)
{
    state->share_log2 = first_share_log2;
    state->has_its_turn = false;
    if (dp_configure(site->index, state)) /* on failure the old configuration stays in force */
        open_gate(site, dp_site_config(site->index));
    dp_site_log(site->index, state);
}

static void log_again(struct dp_site *site, struct dp_site_state *state)
{
    dp_site_log(site->index, state);
}

static void log_names_again(void)
{
    for (uint32_t i = 1; i <= dp_sites_count(); i++) {
        const struct dp_site_state *state = &dp_sites[i];
        const struct dp_site_desc desc = named_desc(state->named, state->names.function);
        if (state->named)
            dp_log_site(i, state->id, &desc, "");
    }
}

void dp_sites_configure_again(void)
{
    for_each_site(configure_again);
    log_names_again();
}

void dp_sites_log_again(void)
{
    for_each_site(log_again);
    log_names_again();
}

/* True: its index belongs to several struct dp_site. */
static bool take_turn(const struct dp_site_turn *turn)
{
    struct dp_site_state *state = &dp_sites[turn->index];
    uint8_t share_before = state->share_log2;
    state->share_log2 = turn->share_log2;
    state->has_its_turn = turn->works;
    if (!state->site)
        return false;
    if (turn->share_log2 != share_before && !dp_configure(turn->index, state))
        state->share_log2 = share_before; /* no memory: the old configuration says so */
    if (!state->in_copies)
        open_gate(state->site, dp_site_config(turn->index));
    return state->in_copies;
}

static void open_gates_of_copies(void)
{
    for (uint32_t m = 0; m < n_modules; m++)
        for (uint32_t i = 0; modules[m].start && i < modules[m].count; i++) {
            struct dp_site *site = &modules[m].start[i];
            const struct dp_site_state *state = &dp_sites[site->index];
            if (!site->index || !state->in_copies || !state->site)
                continue;
            __atomic_store_n(&site->count_slot, state->site->count_slot, __ATOMIC_RELAXED);
            open_gate(site, dp_site_config(site->index));
        }
}

void dp_sites_take_turns(const struct dp_site_turn *turns, uint32_t count)
{
    struct dp_os_signals saved;
    bool copies = false;
    dp_lock_take(&registry_lock, &saved);
    for (uint32_t i = 0; i < count; i++)
        copies |= take_turn(&turns[i]);
    if (copies)
        open_gates_of_copies();
    dp_lock_give(&registry_lock, &saved);
}
