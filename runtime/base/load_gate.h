/*
 * The load gate: closed while the machine is under load, for attributes that asked for
 * it (check_load). The steward moves it (steward/load.c); the hot path reads it.
 */
#ifndef DP_LOAD_GATE_H
#define DP_LOAD_GATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "compiler.h"
#include "deep_profile/abi/log.h"

/* Bits 1u << enum dp_resource of the overloaded resources; 0: the load gate is open. */
extern DP_HIDDEN _Atomic uint32_t dp_load_closed;

static inline bool dp_load_gate_closed(void)
{
    return atomic_load_explicit(&dp_load_closed, memory_order_relaxed) != 0;
}

static inline bool dp_load_gate_closed_for(enum dp_resource resource)
{
    return atomic_load_explicit(&dp_load_closed, memory_order_relaxed) & 1u << resource;
}

/* Also stores it in the process's state, for readers of the log. */
void dp_load_gate_move(enum dp_resource resource, bool close);
/* In a forked child. */
void dp_load_gate_reset(void);

#endif
