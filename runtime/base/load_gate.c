/* See load_gate.h. */
#include "load_gate.h"

#include "facts.h"

_Atomic uint32_t dp_load_closed;

void dp_load_gate_move(enum dp_resource resource, bool close)
{
    uint32_t bit = 1u << resource;
    if (close)
        atomic_fetch_or_explicit(&dp_load_closed, bit, memory_order_relaxed);
    else
        atomic_fetch_and_explicit(&dp_load_closed, ~bit, memory_order_relaxed);
    dp_process_state()->gate_closed = atomic_load_explicit(&dp_load_closed, memory_order_relaxed);
}

void dp_load_gate_reset(void)
{
    atomic_store_explicit(&dp_load_closed, 0, memory_order_relaxed);
}
