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
#include "thread/stats.h"

/* A kind is one of the six attributes, as a bit. */
#define DP_KIND(attribute) (1u << DP_ATTRIBUTE_##attribute)

/* One kind of one site, after options, environment and rules. */
struct dp_probe {
    uint32_t chance;           /* that a call is chosen, of 2^32; UINT32_MAX: all */
    uint32_t chance_if_needed; /* the same, when it or a later kind must choose the call */
    uint32_t event_chance;     /* IF_SLOW: that a slow call leaves an event */
    bool event;           /* leaves events, not only aggregates */
    bool memory;          /* counts memory */
    bool load_checked;
    uint64_t duration_ns; /* what is gathered ends here */
    uint64_t threshold;   /* ns, or bytes for MEMORY; 0: none */
};

struct dp_site_names {
    const char *function;
    const char *file;
    const char *module;
    uint32_t line;
};

/*
 * A site in this process. Written under the registry's lock before any call can
 * see the site's weight; read by every thread. Stays when its module goes.
 */
struct dp_site_state {
    /* What an opened call of most sites needs, in one cache line. */
    int64_t chance_weight;     /* always-open sites: weight of the kinds chosen by chance */
    uint32_t always;           /* kinds every call is opened for */
    uint32_t by_chance;        /* kinds chosen by chance */
    uint32_t load_checked;
    uint32_t memory;           /* kinds that count memory */
    bool count_at_gate;        /* exact calls, without the code's own counter */
    bool slow_by_tick;         /* IF_SLOW is judged by the coarse clock */
    bool simple;               /* nothing but a `call` record of each call that is opened */
    bool every;                /* and every call is */
    bool count_only;           /* nothing but exact calls */
    struct dp_population population;
    uint64_t simple_limit_ns;  /* longer calls are not so simple */

    int64_t weight;            /* of the site, while profiling is on */
    uint64_t slow_after;       /* of the site */
    uint64_t slow_threshold_ns;
    struct dp_probe probes[DP_ATTRIBUTE_COUNT];
    /* From here on, what stays when options are decided again. */
    struct dp_site *site;      /* NULL once its module is unloaded */
    uint64_t id;               /* hash of module, file, function, line */
    struct dp_site_names names; /* copies that outlive the module, for the sink */
    const char *options[DP_ATTRIBUTE_COUNT]; /* as written; NULL: not written */
    /* A call was seen to end on another thread than it began on; see stacks.c. */
    _Atomic bool migrates;
    uint32_t switched_on;      /* kinds whose enabled=VARIABLE said yes at registration */
};

#endif
