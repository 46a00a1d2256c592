/*
 * Made-up calls for the tests of hot/stacks.c: frames at chosen places of chosen stacks, on a real
 * lane. What the runtime reports of each is caught before it reaches the log, and written down as
 * text: "c longjmp, b return". Link with --wrap of the three functions below.
 */
#ifndef MADE_UP_CALLS_H
#define MADE_UP_CALLS_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/due.h"
#include "check.h"
#include "hand_gate.h"
#include "hot/finish.h"
#include "hot/stacks.h"
#include "thread/lane.h"

HAND_SITE(any, DP_ATTRIBUTE_PROFILE, "rate=1, check_load=false", 0);

/* ---- what the runtime reports of the calls ---- */

static char said[8192];
static struct dp_lane *finished_on;
static uint32_t finished_kinds;
static bool quiet; /* only count: two threads report at the same time */
static _Atomic int n_finished, n_forgotten;

__attribute__((format(printf, 1, 2))) static inline void say(const char *format, ...)
{
    va_list arguments;
    size_t length = strlen(said);
    if (quiet)
        return;
    if (length)
        length += (size_t)snprintf(said + length, sizeof said - length, ", ");
    va_start(arguments, format);
    vsnprintf(said + length, sizeof said - length, format, arguments);
    va_end(arguments);
}

static inline const char *what_was_said(void)
{
    static char text[sizeof said];
    strcpy(text, said);
    said[0] = 0;
    return text;
}

static inline const char *name_of(enum dp_left left)
{
    static const char *const names[] = {"return", "longjmp", "unwind", "thread exit", "exit"};
    return names[left];
}

/* stacks.c is compiled to lose no register but rax, r10 and r11 in a call. */
#ifdef __x86_64__
#define KEEPS_REGISTERS __attribute__((no_caller_saved_registers, target("general-regs-only")))
#else
#define KEEPS_REGISTERS
#endif

KEEPS_REGISTERS void __wrap_dp_finish_call(struct dp_lane *lane, const struct dp_lane_frame *frame,
                                           uint64_t i, enum dp_left left, uint64_t now);
KEEPS_REGISTERS void __wrap_dp_finish_left(struct dp_lane *lane, uint64_t i,
                                           const struct dp_lane_frame *frame, enum dp_left left,
                                           uint64_t now);
KEEPS_REGISTERS void __wrap_dp_give_up_memory(struct dp_lane *lane, uint64_t i,
                                              const struct dp_lane_frame *frame);

void __wrap_dp_finish_call(struct dp_lane *lane, const struct dp_lane_frame *frame, uint64_t i,
                           enum dp_left left, uint64_t now)
{
    n_finished++;
    finished_on = lane;
    finished_kinds = frame->kinds;
    say("%c %s%s%s", (char)frame->site, name_of(left), i == DP_NO_FRAME ? " without a frame" : "",
        now < frame->start_ns ? " before it began" : "");
}

void __wrap_dp_finish_left(struct dp_lane *lane, uint64_t i, const struct dp_lane_frame *frame,
                           enum dp_left left, uint64_t now)
{
    n_finished++;
    say("%c %s%s", (char)frame->site, name_of(left),
        now < frame->start_ns ? " before it began" : "");
    CHECK(lane->state->frames[i].site == frame->site);
}

/* For a call that is forgotten. For other calls dp_finish_left() would call it. */
void __wrap_dp_give_up_memory(struct dp_lane *lane, uint64_t i, const struct dp_lane_frame *frame)
{
    CHECK(lane->state->frames[i].site == frame->site);
    n_forgotten++;
    say("%c forgotten", (char)frame->site);
}

/* ---- stacks and calls ---- */

static _Alignas(64) char stack_bytes[1 << 16];

/* Where the frame of a call is on the thread's stack, `depth` calls deep. The stack grows down. */
static inline uintptr_t at(unsigned depth)
{
    return (uintptr_t)stack_bytes + sizeof stack_bytes - 256 * (depth + 1);
}

/* A frame on a coroutine's stack; these lie on both sides of the thread's. */
static inline uintptr_t on_stack(unsigned number)
{
    return (uintptr_t)stack_bytes + (number % 2 ? -1 : 2) * (1 + (intptr_t)number) * (1 << 16);
}

static struct dp_lane *lane; /* this thread's */
static struct dp_lane_state *state;

static inline uint64_t later(void)
{
    static uint64_t last;
    uint64_t now;
    do
        now = dp_now_ns();
    while (now <= last);
    last = now;
    return now;
}

static inline void start_anew(void)
{
    deep_profile_budget = 0;
    hand_exit(&any_site, hand_enter(&any_site));
    lane = dp_self;
    state = lane->state;
    lane->stack_low = (uintptr_t)stack_bytes;
    lane->stack_bytes = sizeof stack_bytes;
    lane->busy = 0;
    state->frames_top = 0;
    state->forgotten = 0;
    atomic_store(&lane->forgotten_until_ns, 0);
    said[0] = 0;
}

/* Opens a call as open_call() of enter.c does. */
static inline uint64_t begin_under(const struct dp_site_config *config, char site, uintptr_t stack)
{
    uint64_t depth = state->frames_top, start_ns;
    if (lane->frames[depth].stack < stack + config->after_inlining)
        depth = dp_stacks_enter(lane, depth, config, stack);
    if (depth == DP_LANE_FRAMES)
        depth = dp_stacks_make_room(lane);
    start_ns = later();
    lane->frames[depth + 1] = (struct dp_frame){.stack = stack, .config = config};
    state->frames[depth] = (struct dp_lane_frame){
        .start_ns = start_ns, .site = (unsigned char)site, .kinds = DP_KIND(PROFILE)};
    __atomic_store_n(&state->frames_top, depth + 1, __ATOMIC_RELEASE);
    return dp_due_opened(lane->index, DP_KIND(PROFILE), start_ns);
}

/* A call of an annotated function, whose gate was inserted before inlining. */
static inline uint64_t begin(char site, uintptr_t stack)
{
    static const struct dp_site_config annotated;
    return begin_under(&annotated, site, stack);
}

/* A call of a function in whole-program mode, whose gate was inserted after inlining. */
static inline uint64_t begin_late(char site, uintptr_t stack)
{
    static const struct dp_site_config late = {.after_inlining = 1};
    return begin_under(&late, site, stack);
}

static inline void end(char site, uint64_t due)
{
    dp_stacks_exit(lane, (unsigned char)site, due, later());
}

/* The open calls of the lane, outermost first. */
static inline const char *open_calls(void)
{
    static char text[DP_LANE_FRAMES + 1];
    size_t n = 0;
    for (uint64_t i = 0; i < state->frames_top; i++)
        if (!(state->frames[i].start_ns & DP_FRAME_ENDED))
            text[n++] = (char)state->frames[i].site;
    text[n] = 0;
    return text;
}

#endif
