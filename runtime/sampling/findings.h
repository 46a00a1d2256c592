/*
 * Adds up the looks at one call: looks with the same state, stack, wait and holder are one
 * finding, which has their number and their time. At most DP_FINDINGS_MAX: what does not fit is
 * added to the last finding, which then has no stack. Steward only.
 */
#ifndef DP_FINDINGS_H
#define DP_FINDINGS_H

#include <stdint.h>

#include "look.h"

#define DP_FINDINGS_MAX 16

struct dp_finding {
    uint32_t state, flags, looks;
    uint64_t weight_ns;
    struct dp_wait wait;
    struct dp_frames stack, holder_stack;
};

struct dp_findings {
    uint32_t n;
    struct dp_finding found[DP_FINDINGS_MAX];
};

void dp_findings_start(struct dp_findings *findings);
/* Adds a look that stands for `weight_ns`. `looks` is 1, or 0 to add time to an earlier look. */
void dp_findings_add(struct dp_findings *findings, const struct dp_look *look, uint32_t looks,
                     uint64_t weight_ns);
/* Writes a `sample` for each finding, after its stacks. */
void dp_findings_log(const struct dp_findings *findings, uint32_t site, uint32_t tid,
                     uint64_t call);

/* Writes a `sample` for one look, after its stacks; two where the thread waited for a processor
 * in part of the time. */
void dp_look_log(const struct dp_look *look, uint32_t looks, uint64_t weight_ns, uint32_t site);

#endif
