/*
 * The gate: everything that code inserted by the plugin touches at run time.
 *
 * Read by the plugin (which emits accesses to these names) and by the runtime
 * (which defines them). Nothing here may change without a new
 * DP_ABI_VERSION: the functions of object files of one version are refused by a
 * runtime of another, and counted as `other_gate`.
 *
 * What the inserted code does, in C:
 *
 *     deep_profile_budget -= site.weight;                    entry
 *     int64_t due = deep_profile_entry_tick + site.slow_after;
 *     if ((deep_profile_budget | due) < 0)
 *         due = deep_profile_enter(&site);                   cold
 *     if (site is watched in flight && deep_profile_open)    DP_SITE_IN_FLIGHT
 *         push {due, site.index} on deep_profile_open
 *     if (site is counted && deep_profile_counts)            DP_SITE_COUNTED
 *         deep_profile_counts[site.count_slot]++;
 *     ... the body ...
 *     if (it was pushed && deep_profile_open)                every exit
 *         pop to the depth seen at entry, if it is deeper
 *     if ((int64_t)deep_profile_tick >= due)
 *         deep_profile_exit(&site, due);                     cold
 *
 * `due` is the tick from which on the call is slow. Where an exception leaves
 * the body, exit is given due | DP_DUE_UNWOUND.
 *
 * In whole-program mode (DP_SITE_WHOLE_PROGRAM) there are more calls, and most
 * are of no interest, so the budget is not touched before the site asks for it:
 *
 *     int64_t due = deep_profile_entry_tick + site.slow_after;
 *     if (due < 0) {                              cold; see DP_ASK
 *         deep_profile_budget -= site.weight;
 *         if (deep_profile_budget < 0 || due & DP_ASK_ALL_SHOWS)
 *             due = deep_profile_enter(&site);
 *         else
 *             due &= ~DP_ASKS;
 *         if (site.count_slot && deep_profile_counts)
 *             deep_profile_counts[site.count_slot]++;
 *     }
 *     ... the body, and the same exit ...
 */
#ifndef DEEP_PROFILE_ABI_GATE_H
#define DEEP_PROFILE_ABI_GATE_H

#include <stdint.h>

#include "site.h"

/* Increases with any change to gate.h or site.h. */
#define DP_ABI_VERSION 4

/* The runtime's files hold this text and then its release ("0.1.0"): deep-profile-cc links no
 * other than its own. */
#define DP_RELEASE_MARK "deep-profile's runtime of release "

/*
 * `due` of a call that the gate let through has this bit set: a negative number,
 * so every tick is past it. To the inserted code the rest means nothing; it names
 * the call wherever it ends, also on another thread:
 *
 *     bit 63      DP_DUE_OPENED
 *     bit 62      DP_DUE_UNWOUND, in what `exit` is given
 *     56 to 61    the low bits of the lane that it began on
 *     50 to 55    what it is profiled for: bit 1u << enum dp_attribute
 *     0 to 49     the low bits of its start time, in nanoseconds (13 days)
 */
#define DP_DUE_OPENED (UINT64_C(1) << 63)
#define DP_DUE_LANE_SHIFT 56
#define DP_DUE_LANES 64
#define DP_DUE_KINDS_SHIFT 50
#define DP_DUE_KINDS 63
#define DP_DUE_START_BITS 50
#define DP_DUE_START_MASK ((UINT64_C(1) << DP_DUE_START_BITS) - 1)

/* Set in the `due` that `exit` gets when an exception ends the call (C++, forced unwinding,
 * -fexceptions in C). Ticks are far below it. */
#define DP_DUE_UNWOUND (UINT64_C(1) << 62)

/* slow_after of a site without a threshold: no tick reaches it. */
#define DP_SLOW_NEVER (UINT64_C(1) << 60)

/*
 * What makes the `due` of an entry negative:
 *
 *     DP_ASK       -2^62, in slow_after of a whole-program site whose calls are
 *                  sampled, recorded or counted: the entry looks at the budget
 *     DP_ASK_ALL   -2^61, in deep_profile_entry_tick: every entry, of an annotated
 *                  function too, calls deep_profile_enter, whatever the budget is
 *
 * Tick and slow_after together stay below 2^61. So a due with one or both of them
 * is negative, DP_ASK_ALL_SHOWS is set in it exactly when DP_ASK_ALL is part of it,
 * and with DP_ASKS cleared it is what it was without them.
 */
#define DP_ASK (UINT64_C(3) << 62)
#define DP_ASK_ALL       (UINT64_C(7) << 61)
#define DP_ASK_ALL_SHOWS (UINT64_C(1) << 61)
#define DP_ASKS          (UINT64_C(7) << 61)

/* Weight of a site whose every call must open the gate: larger than any budget. */
#define DP_WEIGHT_ALWAYS (INT64_C(1) << 61)

/* Calls of in-flight sites that a thread has open now, outermost first. The list is in the
 * mapped state of the thread's lane (state.h), where the steward and a reader of a killed
 * process can see it. Deeper than DP_OPEN_MAX it wraps: the entries of the outermost calls
 * are overwritten, `top` still counts them. */
#define DP_OPEN_MAX 64

struct dp_open_call {
    uint64_t due;  /* tick at entry + slow_after, or a number with DP_DUE_OPENED */
    uint32_t site; /* index of the site in this process */
    uint32_t reserved;
};

struct dp_open_calls {
    uint64_t top; /* number of open calls; entry i is calls[i % DP_OPEN_MAX] */
    struct dp_open_call calls[DP_OPEN_MAX];
};

#ifdef __cplusplus
extern "C" {
#define DP_THREAD_LOCAL thread_local
#else
#define DP_THREAD_LOCAL _Thread_local
#endif
#define DP_INITIAL_EXEC __attribute__((tls_model("initial-exec")))
#pragma GCC visibility push(default) /* the runtime hides everything else */

/* What is left until this thread's gate opens. Exponentially distributed after an opening;
 * -1 in a thread that the runtime has not met yet. */
extern DP_INITIAL_EXEC DP_THREAD_LOCAL int64_t deep_profile_budget;

/* NULL while profiling is off, and in a thread that the runtime has not met yet. */
extern DP_INITIAL_EXEC DP_THREAD_LOCAL struct dp_open_calls *deep_profile_open;

/* Exact counts by site.count_slot (slot 0 belongs to no site). NULL: nothing is counted, or
 * the runtime has not met the thread yet. */
extern DP_INITIAL_EXEC DP_THREAD_LOCAL uint64_t *deep_profile_counts;

/* Coarse time: nanoseconds of CLOCK_MONOTONIC, stored by the steward every tick period; 0
 * while profiling is off. Alone in its cache line. */
extern volatile uint64_t deep_profile_tick;

/* The same for entries. In a forked child it has DP_ASK_ALL added until its runtime has
 * started. */
extern volatile uint64_t deep_profile_entry_tick;

/*
 * The cold calls. On x86-64 the inserted code does not call but jumps, from an
 * asm that clobbers r10, r11 and flags only:
 *
 *     lea  site(%rip), %r10
 *     lea  1f(%rip), %r11
 *     jmp  *deep_profile_enter@GOTPCREL(%rip)      rax out: due
 *  1:
 *     jmp  *deep_profile_exit@GOTPCREL(%rip)       rax in: due
 *
 * The runtime's thunks step over the red zone, preserve every other register
 * and go back to %r11. Nothing is pushed on the caller's stack, so a leaf
 * function stays one and unwinding needs no help. DP_DUE_OPENED is already
 * set in what `enter` returns when the call is to be profiled; otherwise it is
 * what the inserted code had computed, without DP_ASKS. `enter` is also called
 * with a budget that is not used up: because of DP_ASK_ALL.
 *
 * Elsewhere, and for code that cannot jump so, the same as plain C calls:
 */
uint64_t deep_profile_enter_call(struct dp_site *site);
/* the whole cold path of a whole-program entry */
uint64_t deep_profile_ask_call(struct dp_site *site);
void deep_profile_exit_call(struct dp_site *site, uint64_t due);

/*
 * Registers the sites [start, stop) of one loaded module. A constructor of priority 99 in
 * each translation unit calls it; later calls with the same `start` return at once. `abi`
 * is the DP_ABI_VERSION that the caller was built with; what counts is that of each site, since
 * objects of several versions may be linked into one module. Safe before main, from any thread;
 * takes the registry's lock.
 */
void deep_profile_module_load(uint32_t abi, struct dp_site *start, struct dp_site *stop);

/* The opposite, when the module is unloaded: from a destructor of priority 99. */
void deep_profile_module_unload(struct dp_site *start);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
