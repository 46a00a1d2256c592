/*
 * A site in this process: an annotated function. struct dp_site (abi/site.h) is the
 * code's side of it, struct dp_site_state ours.
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

/* Written under the registry's lock; read by every thread. Stays when its module goes. What
 * becomes of its calls stands apart: config.h. */
struct dp_site_state {
    struct dp_site *site;      /* NULL once its module is unloaded */
    uint64_t id;               /* hash of module, file, function, line */
    struct dp_site_names names; /* copies that outlive the module, for the sink */
    const char *options[DP_ATTRIBUTE_COUNT]; /* as written; NULL: not written */
    /* A call was seen to end on another thread than it began on; see stacks.c. */
    _Atomic bool migrates;
    uint32_t switched_on;      /* kinds whose enabled=VARIABLE said yes at registration */
};

#endif
