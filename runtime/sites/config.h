/*
 * What becomes of one site's calls: decided once (decide.h), published whole, and not
 * changed afterwards. A site that is decided about again gets a new version.
 *
 * A call ends under the configuration that it began under. Which one that is:
 *
 *   - an open call with a frame: the frame says so (struct dp_frame).
 *   - an opened call without one: dp_site_config_at(), by its start.
 *   - a call that the tick judged: dp_site_config_of_due(), by its `due`.
 *
 * Versions are published under the registry's lock and never freed: any thread may read any
 * of them at any time. The functions here are called from the hot path.
 */
#ifndef DP_SITE_CONFIG_H
#define DP_SITE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
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

/* The way that an opened call takes through enter.c. */
enum dp_path {
    DP_PATH_GENERAL,        /* any combination; the others are shorter ways for a single kind */
    DP_PATH_COUNT,          /* every call is counted, and nothing else */
    DP_PATH_RECORD_SAMPLED, /* calls chosen by chance leave a `call` record, and nothing else */
    DP_PATH_RECORD_EVERY,   /* every call does */
    DP_PATH_TIME_EVERY,     /* every call is timed, and leaves a record when it was slow */
};

struct dp_site_config {
    /* What an opened call of most sites needs, in one cache line. */
    uint32_t path;             /* enum dp_path */
    uint32_t always_open;      /* 1: every call opens the gate, so their number is exact */
    uint32_t always;           /* kinds every call is opened for */
    uint32_t by_chance;        /* kinds chosen by chance */
    uint32_t load_checked;     /* kinds that the load gate refuses */
    uint32_t memory;           /* kinds that count memory */
    uint32_t after_inlining;   /* 1: whole-program mode's gate. Of two such calls that are open
                                  the inner one's gate has the lower stack pointer; gates that
                                  were inserted before inlining may share one */
    int64_t chance_weight;     /* where always_open: weight of the kinds chosen by chance */
    struct dp_population population;
    uint64_t short_below_ns;   /* shorter calls end on the short way; 0: none. DP_PATH_RECORD_*:
                                  those that leave the compact record. TIME_EVERY: not slow */

    int64_t weight;            /* of the code's site, while profiling is on */
    uint64_t slow_after;       /* of the code's site, without DP_ASK */
    uint64_t slow_threshold_ns; /* 0: none */
    bool slow_by_tick;         /* IF_SLOW is judged by the coarse clock */
    bool counted;              /* every call is counted: here, or by the inserted code */
    struct dp_probe probes[DP_ATTRIBUTE_COUNT];

    /* From here on, what its publication says of it. */
    uint32_t version;          /* from 1 */
    uint64_t from_ns;          /* calls with an earlier start began under an older one */
    uint64_t from_tick;        /* the same, of the tick that a call's entry read */
    const struct dp_site_config *older; /* NULL: this is the first */
};

/* The newest of each site, by index; NULL: no such site. Its own array, not a member of
 * struct dp_site_state: an opened call needs nothing else of that. */
extern DP_HIDDEN const struct dp_site_config **dp_site_configs;

/* Room for DP_MAX_SITES. 0 or -errno. */
int dp_site_configs_init(void);
/* The start failed, and no site was registered: gives the room back. */
void dp_site_configs_release(void);

/*
 * Makes a copy of `decided` the newest configuration of a site, and returns it; or the one
 * in force when that says the same. NULL: no memory, and the one before stays in force.
 * Under the registry's lock. What the code reads (dp_site.weight, slow_after) is changed
 * afterwards: a thread at its gate meanwhile may be let in by the weight of before, once.
 */
const struct dp_site_config *dp_site_config_publish(uint32_t index,
                                                    const struct dp_site_config *decided);

static inline const struct dp_site_config *dp_site_config(uint32_t index)
{
    /* Pairs with dp_site_config_publish: what it points to is whole. */
    return __atomic_load_n(&dp_site_configs[index], __ATOMIC_ACQUIRE);
}

/* Further back is not looked. */
#define DP_VERSIONS_SEARCHED 64

/*
 * Under which configuration an opened call began, by its exact start: the newest that was
 * published by then. A thread that stood still between reading its configuration and its
 * clock, while a new one was published, is taken for a call of the new one. NULL: not known.
 */
static inline const struct dp_site_config *dp_site_config_at(uint32_t index, uint64_t start_ns)
{
    const struct dp_site_config *config = dp_site_config(index);
    for (int left = DP_VERSIONS_SEARCHED; config && left && config->from_ns > start_ns; left--)
        config = config->older;
    return config && config->from_ns <= start_ns ? config : NULL;
}

/* Do both judge a call of this `due` alike? */
static inline bool dp_site_configs_judge_alike(const struct dp_site_config *a,
                                               const struct dp_site_config *b)
{
    const struct dp_probe *slow_a = &a->probes[DP_ATTRIBUTE_IF_SLOW];
    const struct dp_probe *slow_b = &b->probes[DP_ATTRIBUTE_IF_SLOW];
    return a->slow_after == b->slow_after && a->slow_threshold_ns == b->slow_threshold_ns &&
           slow_a->event == slow_b->event && slow_a->event_chance == slow_b->event_chance;
}

/* The only version that fits, NULL: none, or `several`. Of those with `was_tick`, if given,
 * that say yes. */
static inline const struct dp_site_config *
dp_site_config_that_fits(const struct dp_site_config *newest, uint64_t due,
                         bool (*was_tick)(uint64_t tick), bool *several)
{
    const struct dp_site_config *found = NULL;
    uint64_t until_tick = UINT64_MAX;
    int left = DP_VERSIONS_SEARCHED;
    *several = false;
    for (const struct dp_site_config *c = newest; c && left--; c = c->older) {
        uint64_t tick = due - c->slow_after;
        bool fits = c->slow_by_tick && due >= c->slow_after && tick >= c->from_tick &&
                    tick <= until_tick && (!was_tick || was_tick(tick));
        until_tick = c->from_tick;
        if (fits && !found)
            found = c;
        else if (fits && !dp_site_configs_judge_alike(found, c))
            *several = true;
    }
    return *several ? NULL : found;
}

/*
 * Under which configuration a call began that the tick judged. All that is known of it is
 * due = tick at entry + slow_after. A version fits when due - slow_after lies between the
 * ticks of its own publication and of the next one's. Where a threshold was lowered, two may
 * fit; then that one is right by which the entry read a tick that there was (`was_tick`:
 * false where that is not known). NULL: none fits, or more than one: whether the call was
 * slow cannot be known, and it must not be reported.
 */
static inline const struct dp_site_config *
dp_site_config_of_due(uint32_t index, uint64_t due, bool (*was_tick)(uint64_t tick))
{
    const struct dp_site_config *newest = dp_site_config(index);
    bool several;
    if (newest && !newest->older) /* most sites, for good */
        return newest->slow_by_tick && due >= newest->slow_after ? newest : NULL;
    const struct dp_site_config *found = dp_site_config_that_fits(newest, due, NULL, &several);
    return several ? dp_site_config_that_fits(newest, due, was_tick, &several) : found;
}

#endif
