/* The gate's mathematics: every call opens it with its own site's rate, whatever
 * other sites take from the shared budget. Fixed seeds: the bounds are five
 * standard deviations, and hold or fail the same way every time. */
#include "base/sampler.h"

#include <math.h>
#include <stdbool.h>

#include "check.h"
#include "deep_profile/abi/gate.h"

static uint64_t seed = 88172645463325252u;
static int64_t budget;

static bool gate_opens(int64_t weight)
{
    budget -= weight;
    if (budget >= 0)
        return false;
    budget = dp_sampler_draw(&seed);
    return true;
}

static void one_site_opens_at_its_rate(double rate)
{
    enum { CALLS = 4000000 };
    int64_t weight = dp_sampler_weight(rate);
    long opened = 0;
    for (int i = 0; i < CALLS; i++)
        opened += gate_opens(weight);
    CHECK_WITHIN(opened, CALLS * rate, 5 * sqrt(CALLS * rate * (1 - rate)));
}

/* Sites of very different rates share one budget, in a fixed interleaving,
 * where anything but a memoryless budget would show a bias. */
static void sites_do_not_disturb_each_other(void)
{
    static const double rates[] = {0.5, 0.001, 0.05, 0.001, 0.9};
    enum { SITES = 5, ROUNDS = 2000000 };
    long opened[SITES] = {0}, both = 0;
    for (int i = 0; i < ROUNDS; i++) {
        bool last = false;
        for (int s = 0; s < SITES; s++) {
            bool now = gate_opens(dp_sampler_weight(rates[s]));
            opened[s] += now;
            both += s == 4 && now && last;
            last = s == 2 ? now : last;
        }
    }
    for (int s = 0; s < SITES; s++)
        CHECK_WITHIN(opened[s], ROUNDS * rates[s], 5 * sqrt(ROUNDS * rates[s] * (1 - rates[s])));
    double expected = 0.05 * 0.9;
    CHECK_WITHIN(both, ROUNDS * expected, 5 * sqrt(ROUNDS * expected * (1 - expected)));
}

static void draws_are_exponential(void)
{
    enum { DRAWS = 1000000 };
    const double mean = (double)(UINT64_C(1) << DP_BUDGET_MEAN_BITS);
    double sum = 0, squares = 0;
    long above_two = 0;
    for (int i = 0; i < DRAWS; i++) {
        double x = (double)dp_sampler_draw(&seed) / mean;
        CHECK(x >= 0 && x < 45);
        sum += x;
        squares += x * x;
        above_two += x > 2;
    }
    CHECK_WITHIN(sum / DRAWS, 1, 5 / sqrt(DRAWS));
    CHECK_WITHIN(squares / DRAWS, 2, 5 * sqrt(20.0 / DRAWS));
    CHECK_WITHIN((double)above_two / DRAWS, exp(-2), 5 * sqrt(exp(-2) / DRAWS));
}

static void weights_are_the_formula(void)
{
    const double mean = (double)(UINT64_C(1) << DP_BUDGET_MEAN_BITS);
    for (double rate = 1e-9; rate < 1; rate *= 1.7) {
        double expected = -mean * log1p(-rate);
        CHECK_WITHIN(dp_sampler_weight(rate), expected, expected * 1e-9 + 1);
    }
    CHECK(dp_sampler_weight(0) == 0);
    CHECK(dp_sampler_weight(1) == DP_WEIGHT_ALWAYS);
}

static void always_is_above_every_draw(void)
{
    uint64_t all_zero_but_one = 1; /* the largest exponential comes from the smallest uniform */
    for (int i = 0; i < 100000; i++)
        CHECK(dp_sampler_draw(&all_zero_but_one) < DP_WEIGHT_ALWAYS / 2);
}

int main(void)
{
    dp_sampler_init();
    budget = dp_sampler_draw(&seed);
    weights_are_the_formula();
    draws_are_exponential();
    always_is_above_every_draw();
    one_site_opens_at_its_rate(0.001);
    one_site_opens_at_its_rate(0.01);
    one_site_opens_at_its_rate(0.3);
    one_site_opens_at_its_rate(0.999);
    sites_do_not_disturb_each_other();
    return 0;
}
