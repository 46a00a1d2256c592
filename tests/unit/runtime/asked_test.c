/*
 * Calls that enter the runtime because of DP_ASK_ALL, though their budget is not used up:
 * not opened, not lost, and the budget stays. Also in a signal handler inside of the
 * runtime.
 */
#include <stdbool.h>

#include "check.h"
#include "hand_gate.h"
#include "thread/lane.h"

#define BUDGET 1000000

HAND_SITE(recorded, DP_ATTRIBUTE_PROFILE, "rate=1, check_load=false", 0);
HAND_SITE(sampled, DP_ATTRIBUTE_PROFILE, "rate=1e-6, check_load=false", 0);
HAND_SITE(watched, DP_ATTRIBUTE_IF_SLOW, "500ms", DP_SITE_IN_FLIGHT);

/* What the entry does where DP_ASK_ALL is set. */
static void ask(struct dp_site *site)
{
    uint64_t before = deep_profile_tick;
    deep_profile_budget = BUDGET;
    uint64_t due = deep_profile_enter_call(site);
    CHECK(deep_profile_budget == BUDGET);
    CHECK(due >= before + site->slow_after && due <= deep_profile_tick + site->slow_after);
}

static void ask_both(void)
{
    ask(&sampled_site);
    ask(&watched_site);
    sampled_site.slow_after += DP_ASK; /* as in whole-program mode */
    uint64_t due = deep_profile_enter_call(&sampled_site);
    sampled_site.slow_after -= DP_ASK;
    CHECK(!(due & DP_ASKS));
}

static void ask_in_handler(void)
{
    uint64_t lost = dp_self->state->lost[DP_LOSS_REENTERED];
    dp_self->busy = 1;
    ask(&sampled_site);
    CHECK(dp_self->busy == 1);
    dp_self->busy = 0;
    CHECK(dp_self->state->lost[DP_LOSS_REENTERED] == lost);
}

int main(void)
{
    hand_exit(&recorded_site, hand_enter(&recorded_site)); /* the thread's first call */
    ask_both();
    CHECK(dp_self->state->frames_top == 0);
    ask_in_handler();
    /* One that was chosen meanwhile: by every call of its site, or by its budget. */
    deep_profile_budget = BUDGET - DP_WEIGHT_ALWAYS;
    uint64_t due = deep_profile_enter_call(&recorded_site);
    CHECK(due & DP_DUE_OPENED && deep_profile_budget == BUDGET);
    hand_exit(&recorded_site, due);
    return 0;
}
