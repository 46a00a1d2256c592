/*
 * The governor's decision: in which share of the time the gate of each site works, so that all
 * together cost no more than is allowed.
 *
 * Pure arithmetic. A share is 1/2^share_log2. Costs are seconds of processor time in a second;
 * a site's, in one in which its gate works.
 */
#ifndef DP_SHARES_H
#define DP_SHARES_H

#include <stdbool.h>
#include <stdint.h>

/* The smallest share: a window of 5 ms in five minutes tells whether a site is still hot. */
#define DP_SHARE_LOG2_MOST 16

/* A site whose gate slows the host down by more than this for as long as it works; and the share
 * of the time in which all of these together work at most. Requests that come then are the
 * slowest: were they a hundredth of all, they would be the p99. */
#define DP_COSTLY 0.2
#define DP_SHARE_OF_COSTLY (1 / 1000.0)

/* Decisions in a row that must allow a larger share before it doubles. */
#define DP_SHARE_PATIENCE 8

struct dp_share {
    double cost;
    uint8_t share_log2; /* in force; then the new one */
    uint8_t patience;   /* how often a larger share was allowed */
    bool known;         /* `cost` was measured at least once */
    bool decided;       /* `share_log2` was decided with a known cost */
};

/*
 * Decides `share_log2` of each site of known cost. The most costly are cut first: below the
 * level at which all that is allowed is used up, nobody is (max-min fairness). A share is cut at
 * once, and doubled after DP_SHARE_PATIENCE decisions. `used`: what the host uses, profiling
 * included.
 */
void dp_shares_decide(struct dp_share *shares, uint32_t count, double allowed, double used);

#endif
