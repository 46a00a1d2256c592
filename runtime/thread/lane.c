/* See lane.h. */
#include "lane.h"

#include "base/os.h"
#include "base/peek.h"

DP_INITIAL_EXEC _Thread_local struct dp_lane *dp_self;
DP_INITIAL_EXEC _Thread_local int64_t deep_profile_budget = -1;
DP_INITIAL_EXEC _Thread_local struct dp_open_calls *deep_profile_open;
DP_INITIAL_EXEC _Thread_local uint64_t *deep_profile_counts;

struct dp_lane **dp_lanes;
_Atomic uint32_t dp_n_lanes;

int dp_lane_map_over(const struct dp_lane *lane, struct dp_lane_state *state)
{
    int error = dp_os_map_over(state, lane->state_bytes);
    if (error)
        return error;
    state->arena_used = state->file_bytes = lane->state_bytes;
    state->owner = DP_LANE_OWNED;
    return 0;
}

void dp_lane_add_sums(const struct dp_lane *lane, struct dp_lane_sums *sums)
{
    const struct dp_lane_state *state = dp_lane_state_of(lane);
    const uint64_t *lost = state ? state->lost : lane->kept.lost;
    for (uint32_t reason = 0; reason < DP_LOSS_COUNT; reason++)
        sums->lost[reason] += dp_peek(&lost[reason]);
    sums->slow_paths += dp_peek(state ? &state->slow_paths : &lane->kept.slow_paths);
    sums->gated += dp_peek(state ? &state->gated : &lane->kept.gated);
    sums->forgotten +=
        (int64_t)dp_peek((const uint64_t *)(state ? &state->forgotten : &lane->kept.forgotten));
}
