/*
 * The figures of a `machine` record as the runtime gathers and the tool reads them.
 */
#ifndef DP_COMMON_FIGURES_H
#define DP_COMMON_FIGURES_H

#include <stdbool.h>

#include "deep_profile/abi/machine.h"

/* The known ones of all figures. */
struct dp_figures {
    uint64_t known; /* bit 1 << enum dp_figure */
    uint64_t value[DP_FIGURE_COUNT];
};

static inline bool dp_figure_known(const struct dp_figures *figures, enum dp_figure figure)
{
    return figures->known >> figure & 1;
}

#endif
