/*
 * The registry of sites: which functions there are, in which modules. config.h has what
 * becomes of the calls of each.
 *
 * All of it runs under the registry's lock, in constructors, destructors and
 * the first opened call of a process.
 */
#ifndef DP_SITES_H
#define DP_SITES_H

#include "base/compiler.h"
#include "config.h"
#include "site.h"

extern DP_HIDDEN struct dp_site_state *dp_sites; /* by index; DP_MAX_SITES of them */

extern DP_HIDDEN _Atomic uint32_t dp_n_sites;

/* The highest index given. From any thread: names and options of the sites up to there
 * are written. Pairs with the store in add_site(). */
static inline uint32_t dp_sites_count(void)
{
    return atomic_load_explicit(&dp_n_sites, memory_order_acquire);
}

/* The options of one attribute as written, NULL: not written. From any thread: they change
 * when another build of an unloaded module is loaded. */
static inline const char *dp_site_options(const struct dp_site_state *site, uint32_t attribute)
{
    return __atomic_load_n(&site->options[attribute], __ATOMIC_ACQUIRE);
}

/* Before any module is loaded while profiling is on. 0 or -errno. */
int dp_sites_init(void);
/* The start failed, and no site was registered: gives the tables back to the host. */
void dp_sites_release(void);

/* Registers the module's sites, configures each, opens their gates. */
void dp_sites_add(struct dp_site *start, struct dp_site *stop);
/* Their memory goes away. */
void dp_sites_remove(struct dp_site *start);
/* Closes every gate: nothing opens any more. */
void dp_sites_close(void);
/* In a forked child: configures every site again, opens its gate, writes it into the new log. */
void dp_sites_configure_again(void);
/* Writes every site into the log once more: the file system refused something before. */
void dp_sites_log_again(void);

/* In a forked child: the lock may be held by a thread that is not there. */
void dp_sites_unlock(void);

#endif
