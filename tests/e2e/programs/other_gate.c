/*
 * Objects of two releases in one program: `ours` is compiled by this one, and of `older` there is
 * what an earlier one left, whose gate was another.
 */
#include <deep_profile.h>
#include <deep_profile/abi/gate.h>

static const struct dp_site_desc older = {"older", __FILE__, __LINE__, 0, 0, DP_ABI_VERSION - 1, 0};
static struct dp_site older_site __attribute__((section(DP_SITE_SECTION), used, aligned(32))) = {
    0, DP_SLOW_NEVER, 0, 0, &older};

DEEP_PROFILE(rate=1)
__attribute__((noinline)) static int ours(int n)
{
    return n + 1;
}

int main(void)
{
    int n = ours(1) + ours(2);
    return n == 5 && older_site.weight == 0 && older_site.index == 0 ? 0 : 1;
}
