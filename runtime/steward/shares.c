/* See shares.h. */
#include "shares.h"

/* The cost up to which sites keep all of their time. Every round finds the sites that cost
 * less than an equal part, and divides what they leave among the others. */
static double level_of(const struct dp_share *shares, uint32_t count, double allowed)
{
    double level = 0, before = -1;
    while (level > before) {
        double left = allowed;
        uint32_t sharing = 0;
        for (uint32_t i = 0; i < count; i++) {
            if (!shares[i].known)
                continue;
            if (shares[i].cost <= level)
                left -= shares[i].cost;
            else
                sharing++;
        }
        if (!sharing)
            return 1e300;
        before = level;
        level = left / sharing > level ? left / sharing : level;
    }
    return level;
}

/* The largest share 1/2^n that is not above level / cost. */
static uint8_t wanted_log2(double cost, double level)
{
    uint8_t log2 = 0;
    for (; cost > level && log2 < DP_SHARE_LOG2_MOST; log2++)
        cost /= 2;
    return log2;
}

/* By how much the shares of the sites that are too costly alone have to be cut further. */
static uint8_t cut_of_costly(const struct dp_share *shares, uint32_t count, double level,
                             double costly)
{
    double sum = 0;
    uint8_t cut = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (shares[i].known && shares[i].cost > costly)
            sum += 1.0 / (double)(UINT64_C(1) << wanted_log2(shares[i].cost, level));
    }
    for (; sum > DP_SHARE_OF_COSTLY; cut++)
        sum /= 2;
    return cut;
}

static void move(struct dp_share *share, uint8_t wanted)
{
    if (wanted >= share->share_log2 || !share->decided) {
        share->share_log2 = wanted;
        share->patience = 0;
    } else if (++share->patience >= DP_SHARE_PATIENCE) {
        share->share_log2--;
        share->patience = 0;
    }
    share->decided = true;
}

void dp_shares_decide(struct dp_share *shares, uint32_t count, double allowed, double used)
{
    double level = level_of(shares, count, allowed), costly = DP_COSTLY * used;
    uint8_t cut = cut_of_costly(shares, count, level, costly);
    for (uint32_t i = 0; i < count; i++) {
        if (!shares[i].known)
            continue;
        uint32_t wanted = wanted_log2(shares[i].cost, level);
        if (shares[i].cost > costly)
            wanted += cut;
        move(&shares[i], wanted < DP_SHARE_LOG2_MOST ? (uint8_t)wanted : DP_SHARE_LOG2_MOST);
    }
}
