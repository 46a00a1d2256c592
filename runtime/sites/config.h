/*
 * The configuration of a site: what happens with its calls. It is decided once (decide.h),
 * published whole, and never changed. A new decision makes a new version.
 *
 * A call ends under the configuration that it began under:
 *
 * - an open call with a frame: the frame has it (struct dp_frame).
 * - an opened call without a frame: dp_site_config_at(), by its start.
 * - a call judged by the tick: dp_site_config_of_due(), by its `due`.
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

/* What one attribute of a site asks for, after options, environment and rules are applied. */
struct dp_probe {
    uint32_t chance;           /* probability that a call is chosen, times 2^32; UINT32_MAX: 1 */
    uint32_t chance_if_needed; /* the same, when it or a later kind must choose the call */
    uint32_t event_chance;     /* IF_SLOW: probability that a slow call leaves an event */
    bool event;           /* leaves events, not only aggregates */
    bool memory;          /* counts memory */
    bool stacks;          /* its threads are looked at while a chosen call lasts */
    bool load_checked;
    uint64_t duration_ns; /* of a call: after that much, nothing more is gathered */
    uint64_t threshold;   /* ns, or bytes for MEMORY; 0: none */
};

/* How enter.c handles an opened call. */
enum dp_path {
    DP_PATH_GENERAL,        /* any combination; the others are short cuts for a single kind */
    DP_PATH_COUNT,          /* count every call, nothing else */
    DP_PATH_RECORD_SAMPLED, /* calls chosen by chance leave a `call` record, nothing else */
    DP_PATH_RECORD_EVERY,   /* every call leaves a `call` record, nothing else */
    DP_PATH_TIME_EVERY,     /* time every call; a slow one leaves a record */
    DP_PATH_MEMORY_EVERY,   /* count the memory of every call, nothing else */
};

struct dp_site_config {
    /* One cache line with all that an opened call of most sites needs. */
    uint32_t path;             /* enum dp_path */
    uint32_t always_open;      /* 1: every call opens the gate, so their number is exact */
    uint32_t always;           /* kinds that need every call opened */
    uint32_t by_chance;        /* kinds chosen by chance */
    uint32_t load_checked;     /* kinds that are off while the load gate is closed */
    uint32_t memory;           /* kinds that count memory */
    uint32_t trees;            /* kinds that keep the calls below (hot/trees.h) */
    /* 1: the gate is whole-program mode's. If two such calls are open, the inner one's gate has
     * the lower stack pointer; gates that were inserted before inlining may share one. */
    uint32_t after_inlining;
    int64_t chance_weight;     /* if always_open: weight of the kinds chosen by chance */
    struct dp_population population;
    /* Shorter calls take a short cut at their end; 0: none do. DP_PATH_RECORD_*: they leave the
     * compact record. DP_PATH_TIME_EVERY: they are not slow. At most
     * 1 << DP_CALL_DURATION_BITS. */
    uint64_t short_below_ns;

    int64_t weight;            /* for dp_site.weight, while profiling is on */
    uint64_t slow_after;       /* for dp_site.slow_after, without DP_ASK */
    uint64_t slow_threshold_ns; /* 0: none */
    bool slow_by_tick;         /* IF_SLOW is judged by the coarse clock */
    bool counted;              /* every call is counted, here or by the inserted code */
    struct dp_probe probes[DP_ATTRIBUTE_COUNT];

    /* The rest is set when it is published. */
    uint32_t version;          /* from 1 */
    uint64_t from_ns;          /* calls that started earlier belong to an older version */
    uint64_t from_tick;        /* the same for the tick that a call's entry read */
    const struct dp_site_config *older; /* NULL: this is the first */
};

/* The newest configuration of each site, by index; NULL: no such site. An array of its own,
 * not a member of struct dp_site_state, since an opened call needs nothing else of that. */
extern DP_HIDDEN const struct dp_site_config **dp_site_configs;

/* Makes room for DP_MAX_SITES. 0 or -errno. */
int dp_site_configs_init(void);
/* Gives the room back. Only when the start has failed and no site is registered. */
void dp_site_configs_release(void);

/*
 * Makes a copy of `decided` the newest configuration of a site and returns it. If the one
 * in force says the same, returns that one. NULL: no memory, and the old one stays in
 * force. Under the registry's lock.
 *
 * The caller stores dp_site.weight and slow_after afterwards. So a thread that is at its
 * gate meanwhile may still enter by the old weight, once.
 */
const struct dp_site_config *dp_site_config_publish(uint32_t index,
                                                    const struct dp_site_config *decided);

static inline const struct dp_site_config *dp_site_config(uint32_t index)
{
    /* Pairs with dp_site_config_publish: the configuration is complete. */
    return __atomic_load_n(&dp_site_configs[index], __ATOMIC_ACQUIRE);
}

/* The search goes no further back than this many versions. */
#define DP_VERSIONS_SEARCHED 64

/*
 * The configuration under which an opened call began, given its exact start: the newest one
 * published by then. NULL: not known. A thread that stops between reading its configuration
 * and its clock, while a new one is published, counts as a call of the new one.
 */
static inline const struct dp_site_config *dp_site_config_at(uint32_t index, uint64_t start_ns)
{
    const struct dp_site_config *config = dp_site_config(index);
    for (int left = DP_VERSIONS_SEARCHED; config && left && config->from_ns > start_ns; left--)
        config = config->older;
    return config && config->from_ns <= start_ns ? config : NULL;
}

/* Do both judge a call with the same `due` in the same way? */
static inline bool dp_site_configs_judge_alike(const struct dp_site_config *a,
                                               const struct dp_site_config *b)
{
    const struct dp_probe *slow_a = &a->probes[DP_ATTRIBUTE_IF_SLOW];
    const struct dp_probe *slow_b = &b->probes[DP_ATTRIBUTE_IF_SLOW];
    return a->slow_after == b->slow_after && a->slow_threshold_ns == b->slow_threshold_ns &&
           slow_a->event == slow_b->event && slow_a->event_chance == slow_b->event_chance;
}

/* The only version that fits; NULL if there is none or if there are several. With
 * `was_tick`, only versions for which it returns true count. */
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
 * The configuration under which a call judged by the tick began. All that is known of the
 * call is due = tick at entry + slow_after. A version fits if due - slow_after lies between
 * the tick of its own publication and that of the next version. After a threshold was
 * lowered, two versions may fit; then the right one is that for which due - slow_after was
 * a tick (`was_tick`: false also when that is not known).
 *
 * NULL: none fits, or several do. Then nobody can know whether the call was slow, and it
 * must not be reported.
 */
static inline const struct dp_site_config *
dp_site_config_of_due(uint32_t index, uint64_t due, bool (*was_tick)(uint64_t tick))
{
    const struct dp_site_config *newest = dp_site_config(index);
    bool several;
    if (newest && !newest->older) /* most sites have one version only */
        return newest->slow_by_tick && due >= newest->slow_after ? newest : NULL;
    const struct dp_site_config *found = dp_site_config_that_fits(newest, due, NULL, &several);
    return several ? dp_site_config_that_fits(newest, due, was_tick, &several) : found;
}

#endif
