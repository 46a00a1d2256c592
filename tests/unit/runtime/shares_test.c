/* Who is throttled, and how much: steward/shares.h. Nothing of the runtime runs here. */
#include <string.h>

#include "check.h"
#include "steward/shares.h"

#define SITES 100

static struct dp_share shares[SITES];

static void given(uint32_t count, const double costs[])
{
    memset(shares, 0, sizeof shares);
    for (uint32_t i = 0; i < count; i++)
        shares[i] = (struct dp_share){.cost = costs[i], .known = true, .share_log2 = 6};
}

static double part_of(const struct dp_share *share)
{
    return 1.0 / (double)(UINT64_C(1) << share->share_log2);
}

static double cost_of_all(uint32_t count)
{
    double sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += shares[i].cost * part_of(&shares[i]);
    return sum;
}

static void what_is_allowed_together_is_left_alone(void)
{
    given(3, (double[]){0.004, 0.003, 0.0029});
    dp_shares_decide(shares, 3, 0.01, 1);
    for (int i = 0; i < 3; i++)
        CHECK(shares[i].share_log2 == 0);
}

static void the_most_costly_are_cut_first(void)
{
    given(4, (double[]){0.1, 0.001, 0.002, 0.1});
    dp_shares_decide(shares, 4, 0.01, 1);
    CHECK(shares[1].share_log2 == 0 && shares[2].share_log2 == 0);
    /* 0.007 is left, so 0.0035 for each: 1/28.6, and so 1/32 */
    CHECK(shares[0].share_log2 == 5 && shares[3].share_log2 == 5);
    CHECK(cost_of_all(4) <= 0.01);
}

static void whatever_they_cost_it_is_no_more_than_allowed(void)
{
    double costs[SITES], seed = 0.5;
    for (int round = 0; round < 200; round++) {
        for (int i = 0; i < SITES; i++) {
            seed = seed * 3.99 * (1 - seed); /* the logistic map: between 0 and 1 */
            costs[i] = seed * seed * 0.19;
        }
        given(SITES, costs);
        dp_shares_decide(shares, SITES, 0.01, 1);
        CHECK(cost_of_all(SITES) <= 0.01);
        CHECK(cost_of_all(SITES) >= 0.0025); /* powers of two: at least a half of most */
    }
}

static void sites_that_slow_the_host_down_alone_work_seldom(void)
{
    enum { COSTLY = 10 };
    double costs[COSTLY], time = 0;
    for (int i = 0; i < COSTLY; i++)
        costs[i] = 0.3;
    given(COSTLY, costs);
    dp_shares_decide(shares, COSTLY, 0.05, 1);
    for (int i = 0; i < COSTLY; i++)
        time += part_of(&shares[i]);
    CHECK(time <= DP_SHARE_OF_COSTLY && time > DP_SHARE_OF_COSTLY / 4);
    for (int i = 0; i < 50 * DP_SHARE_PATIENCE; i++)
        dp_shares_decide(shares, COSTLY, 0.05, 2); /* of two processors they are not so much */
    CHECK(shares[0].share_log2 == 6); /* 0.005 of 0.3: 1/60 */
}

static void a_share_is_cut_at_once_and_grows_with_patience(void)
{
    given(1, (double[]){0.32});
    dp_shares_decide(shares, 1, 0.01, 10);
    CHECK(shares[0].share_log2 == 5);
    shares[0].cost = 0.64;
    dp_shares_decide(shares, 1, 0.01, 10);
    CHECK(shares[0].share_log2 == 6);
    shares[0].cost = 0.01;
    for (int i = 1; i < DP_SHARE_PATIENCE; i++) {
        dp_shares_decide(shares, 1, 0.01, 10);
        CHECK(shares[0].share_log2 == 6);
    }
    dp_shares_decide(shares, 1, 0.01, 10);
    CHECK(shares[0].share_log2 == 5);
}

static void of_unknown_cost_nothing_is_decided(void)
{
    given(2, (double[]){1, 0});
    shares[1].known = false;
    dp_shares_decide(shares, 2, 0.01, 100);
    CHECK(shares[0].share_log2 == 7 && shares[1].share_log2 == 6);
}

static void the_smallest_share(void)
{
    given(1, (double[]){1e9});
    dp_shares_decide(shares, 1, 0.01, 1);
    CHECK(shares[0].share_log2 == DP_SHARE_LOG2_MOST);
}

int main(void)
{
    what_is_allowed_together_is_left_alone();
    the_most_costly_are_cut_first();
    whatever_they_cost_it_is_no_more_than_allowed();
    sites_that_slow_the_host_down_alone_work_seldom();
    a_share_is_cut_at_once_and_grows_with_patience();
    of_unknown_cost_nothing_is_decided();
    the_smallest_share();
    return 0;
}
