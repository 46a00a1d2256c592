/*
 * The registry of sites: which functions there are, and in which modules. What happens with
 * the calls of each is in config.h. Everything here runs under the registry's lock, in
 * constructors, destructors and the first opened call of a process.
 */
#ifndef DP_SITES_H
#define DP_SITES_H

#include "base/compiler.h"
#include "config.h"
#include "site.h"

extern DP_HIDDEN struct dp_site_state *dp_sites; /* by index; DP_MAX_SITES of them */

/* Longer names of dp_sites_name() are cut, so that they end with a NUL here. */
#define DP_SITE_NAME_BYTES 128

extern DP_HIDDEN _Atomic uint32_t dp_n_sites;

/* The highest index in use. Any thread may call it: the names and options of the sites up
 * to there are complete. Pairs with the store in add_site(). */
static inline uint32_t dp_sites_count(void)
{
    return atomic_load_explicit(&dp_n_sites, memory_order_acquire);
}

/* The options of one attribute as written; NULL: the site does not have it. Any thread may
 * call it. They change when another build of an unloaded module is loaded. */
static inline const char *dp_site_options(const struct dp_site_state *site, uint32_t attribute)
{
    return __atomic_load_n(&site->options[attribute], __ATOMIC_ACQUIRE);
}

/* Call it before any module is loaded while profiling is on. 0 or -errno. */
int dp_sites_init(void);
/* Gives the tables' memory back. Only when the start has failed and no site is registered. */
void dp_sites_release(void);

/* Registers the module's sites, configures each, and opens their gates. */
void dp_sites_add(struct dp_site *start, struct dp_site *stop);
/* The index of what the program calls `name`, of at most `length` bytes. `named`: which of
 * DP_SITE_NAMED it is. 0: no room. May take a moment: not on the hot path. */
uint32_t dp_sites_name(uint32_t named, const char *name, size_t length);
/* The module's memory is about to be unmapped. */
void dp_sites_remove(struct dp_site *start);
/* Closes every gate: no call is opened any more. */
void dp_sites_close(void);
/* In a forked child: configures every site again, opens its gate, and logs it. */
void dp_sites_configure_again(void);
/* Logs every site once more, after the file system refused something. */
void dp_sites_log_again(void);

/* Whether `address` may lie in a struct dp_site of a module; without the lock. */
bool dp_sites_have(uint64_t address);
/* The index of the site whose struct dp_site is at `address`; 0: none is. */
uint32_t dp_site_at(uint64_t address);
/* Its flags (abi/site.h); 0 when its module is unloaded. */
uint32_t dp_site_flags(uint32_t index);
/* The slot that its code counts into (thread/count_slots.h); 0: none, or its module is unloaded. */
uint32_t dp_site_count_slot(uint32_t index);

/* What the governor decides about a site: in which share of the time its gate works, and
 * whether it does now. */
struct dp_site_turn {
    uint32_t index;
    uint8_t share_log2; /* 1/2^share_log2 */
    bool works;
};

/* Sites that are registered from now on begin with this share, and with their gate closed. 0:
 * their gates always work. Call it before any module is loaded, and in a forked child before
 * dp_sites_configure_again(). */
void dp_sites_begin_with(uint8_t share_log2);
/* Carries out `turns`. Any thread but those that are in the registry. */
void dp_sites_take_turns(const struct dp_site_turn *turns, uint32_t count);

/* In a forked child: the lock may be held by a thread that does not exist there. */
void dp_sites_unlock(void);

#endif
