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
extern uint32_t dp_n_sites;            /* highest index given */

/* Before any module is loaded while profiling is on. 0 or -errno. */
int dp_sites_init(void);

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
