/*
 * A site in this process: one instrumented function. struct dp_site (abi/site.h) is the
 * part that the code uses, struct dp_site_state is ours.
 */
#ifndef DP_SITE_STATE_H
#define DP_SITE_STATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "deep_profile/abi/site.h"

struct dp_site_names {
    const char *function;
    const char *file;
    const char *module;
    uint32_t line;
};

/* Written under the registry's lock; any thread may read it. It stays when its module is
 * unloaded. What happens with its calls is in config.h. */
struct dp_site_state {
    struct dp_site *site;      /* NULL once its module is unloaded, and where there is no code */
    uint32_t named;            /* DP_SITE_OPERATION, …; 0: a function */
    uint64_t id;               /* hash of module, file, function, line */
    struct dp_site_names names; /* copies that outlive the module, for the sink */
    /* as written; NULL: the site does not have the attribute */
    const char *options[DP_ATTRIBUTE_COUNT];
    /* one of its calls has ended on another thread than it began on; see stacks.c */
    _Atomic bool migrates;
    uint32_t switched_on;      /* kinds whose enabled=VARIABLE was true at registration */
    /* Under the registry's lock. The gate works in a share of the time, 1/2^share_log2; is this
     * such a time? With share_log2 0 it always is. */
    uint8_t share_log2;
    bool has_its_turn;
    bool in_copies; /* several struct dp_site have this index; `site` is the last one */
};

#endif
