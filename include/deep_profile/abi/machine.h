/*
 * The figures of a `machine` record: ../machine.def. The bit of a figure in `known` is its
 * place in the table, and the record's values stand in that order.
 */
#ifndef DEEP_PROFILE_ABI_MACHINE_H
#define DEEP_PROFILE_ABI_MACHINE_H

#include <stdint.h>

#include "site.h"

enum dp_figure {
#define DP_FIGURE(id, name, unit, of, what) DP_FIGURE_##id,
#include "../machine.def"
    DP_FIGURE_COUNT
};

DP_ABI_ASSERT(DP_FIGURE_COUNT <= 64);

/* Threads in a record, and the bytes of a thread's name with its newline. */
#define DP_MACHINE_THREADS 8
#define DP_MACHINE_NAME 16

#endif
