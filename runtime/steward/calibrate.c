/* See calibrate.h. Runs before the first site is registered and uses the last index of the
 * table, which no site has yet. */
#include "calibrate.h"

#include "base/clock.h"
#include "base/due.h"
#include "base/os.h"
#include "sites/config.h"
#include "thread/lane.h"

#define ROUNDS 64
#define CALLS 8

/* A lane without files: its state and its packet are memory. */
struct scratch {
    struct dp_lane lane;
    struct dp_site_stats *stats[DP_MAX_SITES];
    struct dp_lane_state state;
    struct dp_site_stats aggregates;
    uint32_t histogram[DP_HISTOGRAM_SUB]; /* for every power of two; nobody reads it */
    _Alignas(64) char packet[4096];
};

static void prepare(struct scratch *scratch, uint32_t index)
{
    struct dp_lane *lane = &scratch->lane;
    uint64_t histogram = (uint64_t)((char *)scratch->histogram - (char *)&scratch->state);
    lane->due = dp_due_opened(0, 0, 0);
    lane->state = &scratch->state;
    lane->stats = scratch->stats;
    lane->random = 1;
    lane->frames[0].stack = UINTPTR_MAX;
    scratch->stats[index] = &scratch->aggregates;
    for (size_t i = 0; i < DP_HISTOGRAM_BLOCKS; i++)
        scratch->aggregates.blocks[i] = (uint32_t)histogram;
    lane->stream.packet = (struct dp_packet *)scratch->packet;
    lane->stream.limit = sizeof scratch->packet;
    lane->stream.parents = true; /* no packet follows this one */
}

static uint64_t best_of(struct scratch *scratch, struct dp_site *site)
{
    uint64_t best = UINT64_MAX;
    for (int i = 0; i < ROUNDS; i++) {
        scratch->lane.stream.position = sizeof(struct dp_packet);
        uint64_t start = dp_now_ns();
        for (int j = 0; j < CALLS; j++) {
            deep_profile_budget = -DP_WEIGHT_ALWAYS;
            deep_profile_exit_call(site, deep_profile_enter_call(site));
        }
        uint64_t taken = (dp_now_ns() - start) / CALLS;
        if (taken < best)
            best = taken;
    }
    return best;
}

uint64_t dp_calibrate(void)
{
    const uint32_t index = DP_MAX_SITES - 1;
    struct dp_site site = {.index = index, .weight = DP_WEIGHT_ALWAYS, .slow_after = DP_SLOW_NEVER};
    struct scratch *scratch = dp_os_map_memory(sizeof *scratch);
    struct dp_lane *lane = dp_self;
    int64_t budget = deep_profile_budget;
    struct dp_os_signals saved;
    if (!scratch)
        return 0;
    dp_os_block_signals(&saved);
    prepare(scratch, index);
    const struct dp_site_config every = {.path = DP_PATH_RECORD_EVERY,
                                         .always_open = 1,
                                         .short_below_ns = UINT64_C(1) << DP_CALL_DURATION_BITS,
                                         .population = {.estimated = DP_WEIGHT_UNIT,
                                                        .copies = 1}};
    dp_site_configs[index] = &every;
    dp_self = &scratch->lane;
    uint64_t best = best_of(scratch, &site);
    dp_self = lane;
    deep_profile_budget = budget;
    dp_site_configs[index] = NULL;
    dp_os_restore_signals(&saved);
    dp_os_unmap(scratch, sizeof *scratch);
    return best;
}
