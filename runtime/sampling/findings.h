/*
 * What looks at one call found, added up: the same state, stack, wait and holder are one
 * finding, with its share of the time. Bounded; what does not fit is added to the last one,
 * without a stack. Steward only.
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
/* A look that stands for `weight_ns`. `looks`: 0 for more time of one that was added before. */
void dp_findings_add(struct dp_findings *findings, const struct dp_look *look, uint32_t looks,
                     uint64_t weight_ns);
/* Writes a `sample` for each, the stacks before them. */
void dp_findings_log(const struct dp_findings *findings, uint32_t site, uint32_t tid,
                     uint64_t call);

/* A `sample` of a look, the stacks before it; two where part of the time it waited for a
 * processor. */
void dp_look_log(const struct dp_look *look, uint32_t looks, uint64_t weight_ns, uint32_t site);

#endif
