/* See facts.h. */
#include "facts.h"

#include <string.h>

static const volatile uint32_t nobody_forked = 1;
const volatile uint32_t *dp_process_alive = &nobody_forked;

uint64_t dp_process_start_ns;

_Atomic int dp_process_mode_now = DP_MODE_UNKNOWN;
static struct dp_process_state facts;
static struct dp_process_state *state = &facts;
static void (*_Atomic forked)(void);

void dp_process_set_mode(enum dp_mode mode)
{
    atomic_store_explicit(&dp_process_mode_now, mode, memory_order_release);
}

struct dp_process_state *dp_process_state(void)
{
    return state;
}

const struct dp_process_state *dp_process_facts(void)
{
    return &facts;
}

struct dp_process_state *dp_process_facts_to_fill(void)
{
    return &facts;
}

void dp_process_use_state(struct dp_process_state *mapped)
{
    state = mapped ? mapped : &facts;
}

void dp_process_count_site(uint32_t slot, uint32_t site)
{
    facts.counted_site[slot] = state->counted_site[slot] = site;
}

const char *dp_process_program(void)
{
    const char *slash = strrchr(facts.program, '/');
    return slash ? slash + 1 : facts.program;
}

void dp_process_lost(enum dp_loss reason, uint64_t count)
{
    __atomic_fetch_add(&state->lost[reason], count, __ATOMIC_RELAXED);
}

void dp_process_note_end(uint32_t end, uint32_t code)
{
    if (dp_process_mode() != DP_MODE_ON || !dp_process_is_ours())
        return;
    __atomic_store_n(&state->end_code, code, __ATOMIC_RELAXED);
    __atomic_store_n(&state->end, end, __ATOMIC_RELEASE);
}

void dp_process_has_not_ended(void)
{
    if (__atomic_load_n(&state->end, __ATOMIC_RELAXED))
        __atomic_store_n(&state->end, DP_END_UNKNOWN, __ATOMIC_RELAXED);
}

void dp_process_when_forked(void (*when_forked)(void))
{
    atomic_store_explicit(&forked, when_forked, memory_order_release);
}

void dp_process_was_forked(void)
{
    void (*when_forked)(void) = atomic_load_explicit(&forked, memory_order_acquire);
    if (when_forked)
        when_forked();
}
