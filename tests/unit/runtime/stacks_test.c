/*
 * Which open calls are over when control does not go by calls and returns alone.
 *
 * The calls are made up: frames at chosen places of chosen stacks, on a real lane.
 * What the runtime says of each is caught before it reaches the log, and written down
 * as text: "c longjmp, b return".
 */
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>

#include "arch/arch.h"
#include "base/clock.h"
#include "base/due.h"
#include "base/facts.h"
#include "check.h"
#include "hand_gate.h"
#include "hot/finish.h"
#include "hot/stacks.h"
#include "sites/sites.h"
#include "thread/lane.h"

HAND_SITE(any, DP_ATTRIBUTE_PROFILE, "rate=1, check_load=false", 0);

/* ---- what was said of the calls ---- */

static char said[8192];
static struct dp_lane *finished_on;
static uint32_t finished_kinds;
static bool quiet; /* only counted: from two threads */
static _Atomic int n_finished, n_forgotten;

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
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

static const char *what_was_said(void)
{
    static char text[sizeof said];
    strcpy(text, said);
    said[0] = 0;
    return text;
}

static const char *name_of(enum dp_left left)
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
    say("%c %s%s", (char)frame->site, name_of(left), now < frame->start_ns ? " before it began" : "");
    CHECK(lane->state->frames[i].site == frame->site);
}

/* Of a call that is forgotten; of others dp_finish_left() would ask for it. */
void __wrap_dp_give_up_memory(struct dp_lane *lane, uint64_t i, const struct dp_lane_frame *frame)
{
    CHECK(lane->state->frames[i].site == frame->site);
    n_forgotten++;
    say("%c forgotten", (char)frame->site);
}

/* ---- stacks and calls ---- */

static _Alignas(64) char stack_bytes[1 << 16];

/* Of the thread's stack: the frame of a call, `depth` calls deep; it grows down. */
static uintptr_t at(unsigned depth)
{
    return (uintptr_t)stack_bytes + sizeof stack_bytes - 256 * (depth + 1);
}

/* Coroutines' stacks, on either side of it. */
static uintptr_t on_stack(unsigned number)
{
    return (uintptr_t)stack_bytes + (number % 2 ? -1 : 2) * (1 + (intptr_t)number) * (1 << 16);
}

static struct dp_lane *lane; /* this thread's */
static struct dp_lane_state *state;

static uint64_t later(void)
{
    static uint64_t last;
    uint64_t now;
    do
        now = dp_now_ns();
    while (now <= last);
    last = now;
    return now;
}

static void start_anew(void)
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

/* As open_call() of enter.c does it. */
static uint64_t begin_under(const struct dp_site_config *config, char site, uintptr_t stack)
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

/* Nothing is counted; the gate is an annotated function's, which may be inlined. */
static uint64_t begin(char site, uintptr_t stack)
{
    static const struct dp_site_config annotated;
    return begin_under(&annotated, site, stack);
}

static uint64_t begin_late(char site, uintptr_t stack)
{
    static const struct dp_site_config late = {.after_inlining = 1};
    return begin_under(&late, site, stack);
}

static void end(char site, uint64_t due)
{
    dp_stacks_exit(lane, (unsigned char)site, due, later());
}

/* The open calls of the lane, outermost first. */
static const char *open_calls(void)
{
    static char text[DP_LANE_FRAMES + 1];
    size_t n = 0;
    for (uint64_t i = 0; i < state->frames_top; i++)
        if (!(state->frames[i].start_ns & DP_FRAME_ENDED))
            text[n++] = (char)state->frames[i].site;
    text[n] = 0;
    return text;
}

/* ---- one stack ---- */

static void calls_end_in_order(void)
{
    start_anew();
    uint64_t a = begin('a', at(0)), b = begin('b', at(1)), c = begin('c', at(2));
    end('c', c);
    end('b', b | DP_DUE_UNWOUND);
    CHECK_TEXT(open_calls(), "a");
    end('a', a);
    CHECK_TEXT(what_was_said(), "c return, b unwind, a return");
    CHECK(state->frames_top == 0 && lane == finished_on);
}

static void what_is_deeper_than_a_call_that_ends_was_left(void)
{
    start_anew();
    uint64_t a = begin('a', at(0)), b = begin('b', at(1));
    begin('c', at(2));
    begin('d', at(3));
    end('b', b);
    CHECK_TEXT(what_was_said(), "c longjmp, d longjmp, b return");
    CHECK_TEXT(open_calls(), "a");
    end('a', a);
    CHECK_TEXT(what_was_said(), "a return");
}

static void what_is_deeper_than_a_call_that_begins_was_left(void)
{
    start_anew();
    begin('a', at(0));
    begin('b', at(2));
    begin('c', at(3));
    begin('d', at(1));
    CHECK_TEXT(what_was_said(), "c longjmp, b longjmp");
    CHECK_TEXT(open_calls(), "ad");
    CHECK(state->frames_top == 2);
    begin('e', at(2));
    CHECK_TEXT(what_was_said(), "");
}

/* Two functions of which one was inlined into the other. */
static void calls_in_one_frame_are_not_deeper_than_each_other(void)
{
    start_anew();
    begin('a', at(0));
    uint64_t b = begin('b', at(0));
    CHECK_TEXT(open_calls(), "ab");
    end('b', b);
    begin('c', at(1));
    begin('d', at(0));
    CHECK_TEXT(open_calls(), "ad");
    CHECK_TEXT(what_was_said(), "b return, c longjmp");
}

/* Gates that were inserted after inlining share no frame: an exception left the first. */
static void of_whole_program_calls_with_one_stack_pointer_the_first_was_left(void)
{
    start_anew();
    begin('a', at(0));
    begin_late('b', at(1));
    begin_late('c', at(2));
    begin_late('d', at(1));
    CHECK_TEXT(what_was_said(), "c longjmp, b longjmp");
    CHECK_TEXT(open_calls(), "ad");
    uint64_t e = begin('e', at(1)); /* inlined into d */
    begin('f', at(1));              /* and into e */
    CHECK_TEXT(open_calls(), "adef");
    end('e', e);
    CHECK_TEXT(what_was_said(), "f longjmp, e return");
    begin_late('g', at(0)); /* may be what a was inlined into, so nothing is known of a */
    CHECK_TEXT(what_was_said(), "d longjmp");
    CHECK_TEXT(open_calls(), "ag");
}

/* A call through a thunk has its frame further down than one without. */
static void nor_is_a_plain_call_above_the_call_around_it(void)
{
    start_anew();
    begin('a', at(1) - DP_THUNK_BYTES);
    begin('b', (at(1) - 8) | DP_PLAIN_CALL);
    CHECK_TEXT(open_calls(), "ab");
    begin('c', (at(0) - 8) | DP_PLAIN_CALL);
    CHECK_TEXT(open_calls(), "c");
    begin('d', at(0) + 8 - DP_THUNK_BYTES);
    CHECK_TEXT(open_calls(), "cd"); /* it need not be further down than that */
}

static void a_recursive_function_ends_as_the_call_that_it_is(void)
{
    start_anew();
    uint64_t first = begin('r', at(0)), second = begin('r', at(1));
    begin('r', at(2));
    end('r', second);
    CHECK_TEXT(what_was_said(), "r longjmp, r return");
    end('r', first);
    CHECK_TEXT(what_was_said(), "r return");
    CHECK(state->frames_top == 0);
}

static void time_inside_is_that_of_the_call_around_on_the_same_stack(void)
{
    start_anew();
    uint64_t a = begin('a', at(0)), b = begin('b', at(1)), x = begin('x', on_stack(1));
    uint64_t start_of_b = state->frames[1].start_ns, now;
    end('x', x);
    CHECK(lane->frames[2].child_ns == 0);
    now = later();
    dp_stacks_exit(lane, 'b', b, now);
    CHECK(lane->frames[1].child_ns == now - start_of_b);
    end('a', a);
}

/* bus.c puts zeros in the place of a state whose file was cut. */
static void frames_that_were_cut_off_say_nothing(void)
{
    start_anew();
    begin('a', at(0));
    begin('b', at(1));
    state->frames[0].site = state->frames[1].site = 0;
    begin('c', at(0));
    dp_stacks_leave(lane, DP_LEFT_EXIT);
    CHECK_TEXT(what_was_said(), "c exit");
}

/* ---- coroutines ---- */

static void calls_on_other_stacks_end_in_any_order(void)
{
    start_anew();
    uint64_t a = begin('a', at(0)), x = begin('x', on_stack(1)), y = begin('y', on_stack(2)),
             z = begin('z', on_stack(3));
    end('y', y);
    CHECK_TEXT(open_calls(), "axz");
    CHECK(state->frames_top == 4);
    end('z', z);
    CHECK(state->frames_top == 2);
    end('a', a);
    CHECK_TEXT(open_calls(), "x");
    end('x', x);
    CHECK_TEXT(what_was_said(), "y return, z return, a return, x return");
    CHECK(state->frames_top == 0);
}

static void a_call_on_another_stack_proves_nothing(void)
{
    start_anew();
    begin('a', at(0));
    begin('b', at(5));
    begin('x', on_stack(1));
    begin('y', on_stack(2));
    begin('z', on_stack(1) + 512);
    CHECK_TEXT(open_calls(), "abxyz");
    begin('c', at(1));
    CHECK_TEXT(open_calls(), "axyzc");
    CHECK_TEXT(what_was_said(), "b longjmp");
}

static void the_end_of_a_coroutine_proves_nothing_of_the_threads_own_stack(void)
{
    start_anew();
    begin('a', at(0));
    uint64_t x = begin('x', on_stack(1));
    begin('b', at(1));
    end('x', x);
    CHECK_TEXT(what_was_said(), "x return");
    CHECK_TEXT(open_calls(), "ab");
}

/* By a coarse clock; which of them ends the site says. */
static void calls_may_begin_in_the_same_nanosecond(void)
{
    start_anew();
    uint64_t x = begin('x', on_stack(1));
    begin('y', on_stack(2));
    state->frames[1].start_ns = state->frames[0].start_ns;
    end('x', x);
    CHECK_TEXT(what_was_said(), "x return");
    end('y', x);
    CHECK_TEXT(what_was_said(), "y return");
}

/* Of 16 suspended calls and more it is found later: when the one around it ends. */
static void calls_that_were_left_are_looked_for_behind_few_others(void)
{
    for (unsigned suspended = 15; suspended <= 16; suspended++) {
        start_anew();
        uint64_t a = begin('a', at(0));
        begin('b', at(5));
        for (unsigned i = 0; i < suspended; i++)
            begin('x', on_stack(2 * i + 1)); /* each below the last, and below the own */
        begin('c', at(1));
        CHECK_TEXT(what_was_said(), suspended < 16 ? "b longjmp" : "");
        end('a', a);
        CHECK_TEXT(what_was_said(), suspended < 16 ? "c longjmp, a return"
                                                   : "b longjmp, c longjmp, a return");
    }
}

/* ---- more calls than a lane has frames for ---- */

static void the_oldest_of_too_many_are_forgotten_and_still_end(void)
{
    enum { HALF = DP_LANE_FRAMES / 2 };
    uint64_t dues[DP_LANE_FRAMES + 1];
    start_anew();
    for (unsigned i = 0; i < DP_LANE_FRAMES; i++)
        dues[i] = begin('x', on_stack(i));
    lane->frames[0].child_ns = 1;
    dues[DP_LANE_FRAMES] = begin('x', on_stack(DP_LANE_FRAMES));
    CHECK(state->forgotten == HALF && state->frames_top == HALF + 1);
    CHECK(lane->frames[0].child_ns == 0);
    CHECK((state->frames[0].start_ns & DP_DUE_START_MASK) ==
          (dues[HALF] & DP_DUE_START_MASK)); /* the youngest were kept, in order */
    CHECK(lane->frames[1].stack == on_stack(HALF));
    CHECK((atomic_load(&lane->forgotten_until_ns) & DP_DUE_START_MASK) ==
          (dues[HALF - 1] & DP_DUE_START_MASK));
    what_was_said();
    end('x', dues[HALF - 1]);
    CHECK_TEXT(what_was_said(), "x return without a frame");
    CHECK(finished_kinds == DP_KIND(PROFILE));
    end('x', dues[HALF]);
    CHECK_TEXT(what_was_said(), "x return");
    for (unsigned i = 0; i <= DP_LANE_FRAMES; i++)
        if (i != HALF - 1 && i != HALF)
            end('x', dues[i]);
    CHECK(state->forgotten == 0 && state->frames_top == 0);
}

static void what_has_ended_makes_room_first(void)
{
    uint64_t dues[DP_LANE_FRAMES];
    start_anew();
    for (unsigned i = 0; i < DP_LANE_FRAMES; i++)
        dues[i] = begin('x', on_stack(i));
    for (unsigned i = 0; i < DP_LANE_FRAMES - 1; i += 2)
        end('x', dues[i]);
    CHECK(state->frames_top == DP_LANE_FRAMES);
    uint64_t y = begin('y', on_stack(1000));
    CHECK(state->forgotten == 0 && state->frames_top == DP_LANE_FRAMES / 2 + 1);
    what_was_said();
    end('x', dues[1]);
    end('y', y);
    CHECK_TEXT(what_was_said(), "x return, y return");
}

/* ---- longjmp ---- */

static void jump(uintptr_t target)
{
    dp_stacks_jump(target, at(20), 0, 0);
    CHECK(lane->busy == 0);
}

static void a_longjmp_leaves_what_is_below_its_target(void)
{
    start_anew();
    begin('a', at(0) | DP_PLAIN_CALL);
    begin('x', on_stack(1));
    begin('b', at(1) | DP_PLAIN_CALL);
    begin('c', at(2) | DP_PLAIN_CALL);
    jump(at(2));
    CHECK_TEXT(open_calls(), "axbc");
    jump(at(2) + 1);
    CHECK_TEXT(open_calls(), "axb");
    jump(at(0));
    CHECK_TEXT(open_calls(), "ax");
    CHECK_TEXT(what_was_said(), "c longjmp, b longjmp");
    CHECK(state->frames_top == 2);
}

/* dp_enter() ran below the gate by what the thunk keeps. */
static void a_longjmp_knows_how_deep_a_thunk_goes(void)
{
    start_anew();
    begin('a', at(1));
    jump(at(1) + DP_THUNK_BYTES);
    CHECK_TEXT(open_calls(), "a");
    jump(at(1) + DP_THUNK_BYTES + 1);
    CHECK_TEXT(open_calls(), "");
}

static void a_longjmp_between_coroutines_leaves_nothing(void)
{
    start_anew();
    begin('a', at(0));
    begin('x', on_stack(1));
    begin('y', on_stack(1) - 512);
    for (unsigned i = 1; i <= 3; i++)
        jump(on_stack(i));
    CHECK_TEXT(open_calls(), "axy");
}

/* The handlers' stack is [low, low + 4096). */
static void handlers_on_the_alternate_stack_do_not_come_back(void)
{
    uintptr_t low = on_stack(1);
    start_anew();
    begin('a', at(0) | DP_PLAIN_CALL);
    begin('h', (low + 3072) | DP_PLAIN_CALL);
    begin('i', (low + 1024) | DP_PLAIN_CALL);
    begin('x', on_stack(2) | DP_PLAIN_CALL);
    dp_stacks_jump(low + 2048, low, low, 4096);
    CHECK_TEXT(open_calls(), "ahx");
    dp_stacks_jump(on_stack(3), low, low, 4096);
    CHECK_TEXT(open_calls(), "ahx");
    dp_stacks_jump(at(0), low, low, 4096);
    CHECK_TEXT(open_calls(), "ax");
    CHECK_TEXT(what_was_said(), "i longjmp, h longjmp");
}

static void a_longjmp_out_of_a_handler_may_leave_the_runtime(void)
{
    start_anew();
    uint64_t lost = state->lost[DP_LOSS_REENTERED];
    begin('a', at(0) | DP_PLAIN_CALL);
    begin('b', at(4) | DP_PLAIN_CALL);
    lane->busy = at(5);
    dp_stacks_jump(at(7), at(8), 0, 0); /* within the handler */
    dp_stacks_jump(on_stack(1), at(8), 0, 0); /* to a coroutine */
    dp_stacks_jump(on_stack(2), at(8), 0, 0);
    CHECK(lane->busy == at(5) && state->lost[DP_LOSS_REENTERED] == lost);
    CHECK_TEXT(open_calls(), "ab");
    dp_stacks_jump(at(3), at(8), 0, 0);
    CHECK(lane->busy == 0 && state->lost[DP_LOSS_REENTERED] == lost + 1);
    CHECK_TEXT(what_was_said(), "b longjmp");
    state->frames_top = 0;
    lane->busy = at(5);
    jump(at(3)); /* no call is open */
}

static void a_thread_without_a_lane_jumps_freely(void)
{
    start_anew();
    begin('a', at(1) | DP_PLAIN_CALL);
    dp_self = NULL;
    dp_stacks_jump(at(0), at(2), 0, 0);
    dp_self = lane;
    CHECK_TEXT(what_was_said(), "");
}

/* ---- a handler that finds the runtime busy ---- */

static void who_comes_from_above_proves_that_the_runtime_was_left(void)
{
    start_anew();
    lane->busy = at(4) | DP_PLAIN_CALL;
    CHECK(!dp_stacks_left_runtime(lane, at(5)));
    CHECK(dp_stacks_left_runtime(lane, at(4)));
    CHECK(dp_stacks_left_runtime(lane, at(3)));
    CHECK(!dp_stacks_left_runtime(lane, on_stack(1)));
    CHECK(!dp_stacks_left_runtime(lane, on_stack(2)));
    for (unsigned i = 1; i <= 2; i++) {
        lane->busy = on_stack(i) | DP_PLAIN_CALL;
        CHECK(!dp_stacks_left_runtime(lane, at(4)));
    }
    lane->busy = 0;
}

#if DP_HAVE_THUNKS && !defined __SANITIZE_THREAD__
/* Where the thunk's call into the runtime pushed its return address. */
static void who_comes_from_below_looks_at_the_thunks_return_address(void)
{
    start_anew();
    uintptr_t *back = (uintptr_t *)at(4) - 1;
    lane->busy = at(4);
    *back = (uintptr_t)dp_enter_returns;
    CHECK(!dp_stacks_left_runtime(lane, at(5)));
    *back = (uintptr_t)dp_exit_returns;
    CHECK(!dp_stacks_left_runtime(lane, at(5)));
    *back = 12345;
    CHECK(dp_stacks_left_runtime(lane, at(5)));
    lane->busy = at(4) | DP_PLAIN_CALL;
    CHECK(!dp_stacks_left_runtime(lane, at(5)));
    lane->busy = 0;
}
#endif

/* ---- ends of threads, and other threads ---- */

static void a_thread_that_ends_leaves_its_coroutines_to_others(void)
{
    start_anew();
    begin('a', at(0));
    begin('x', on_stack(1));
    begin('b', at(1));
    dp_stacks_leave(lane, DP_LEFT_THREAD_EXIT);
    CHECK_TEXT(what_was_said(), "b thread exit, x forgotten, a thread exit");
    CHECK(state->forgotten == 1 && state->frames_top == 0);
}

static void a_process_that_ends_leaves_nothing(void)
{
    start_anew();
    begin('a', at(0));
    begin('x', on_stack(1));
    dp_stacks_leave(lane, DP_LEFT_EXIT);
    CHECK_TEXT(what_was_said(), "x exit, a exit");
    start_anew();
    lane->stack_bytes = 0; /* which stack is the thread's is not known */
    begin('a', at(0));
    dp_stacks_leave(lane, DP_LEFT_THREAD_EXIT);
    CHECK_TEXT(what_was_said(), "a thread exit");
}

/* The parent's call, which ends in a forked child, too. */
static void a_call_older_than_the_log_is_not_ours(void)
{
    start_anew();
    uint64_t due = begin('a', at(0));
    state->frames_top = 0;
    dp_stacks_exit(lane, 'a', dp_due_opened(lane->index, 1, dp_process_start_ns - 1), later());
    CHECK_TEXT(what_was_said(), "");
    end('a', due);
    CHECK_TEXT(what_was_said(), "a return without a frame");
    state->forgotten = 0;
}

static void *in_another_thread(void *due)
{
    uint64_t start_ns = dp_due_start(*(uint64_t *)due, dp_now_ns());
    deep_profile_budget = 0;
    hand_exit(&any_site, hand_enter(&any_site));
    what_was_said();
    dp_self->state->forgotten = 0;
    dp_stacks_exit(dp_self, 'x', *(uint64_t *)due, start_ns + 1000);
    CHECK(finished_on == dp_self && finished_on != lane && dp_self->state->forgotten == 0);
    return NULL;
}

static void a_call_ends_on_another_thread_than_it_began_on(void)
{
    pthread_t thread;
    start_anew();
    begin('a', at(0));
    uint64_t x = begin('x', on_stack(1));
    begin('y', on_stack(2));
    atomic_store(&dp_sites['x'].migrates, false);
    CHECK(pthread_create(&thread, NULL, in_another_thread, &x) == 0);
    pthread_join(thread, NULL);
    CHECK_TEXT(what_was_said(), "x return without a frame");
    CHECK(finished_kinds == DP_KIND(PROFILE)); /* as its frame says, not its `due` alone */
    CHECK_TEXT(open_calls(), "ay");
    CHECK(atomic_load(&dp_sites['x'].migrates) && atomic_load(&lane->visitors) == 0);
}

/* ---- a thread forgets a call while another ends it ---- */

enum { ROUNDS = 20000 };

static pthread_barrier_t both;
static uint64_t due_of_round;
static struct dp_lane *other_lane;

static void *end_calls(void *unused)
{
    deep_profile_budget = 0;
    hand_exit(&any_site, hand_enter(&any_site));
    other_lane = dp_self;
    other_lane->state->forgotten = 0;
    pthread_barrier_wait(&both);
    for (int i = 0; i < ROUNDS; i++) {
        pthread_barrier_wait(&both);
        dp_stacks_exit(dp_self, 'x', due_of_round, dp_now_ns());
        pthread_barrier_wait(&both);
    }
    return unused;
}

static void a_call_is_forgotten_or_found_but_not_both(void)
{
    pthread_t thread;
    int finished;
    start_anew();
    quiet = true;
    pthread_barrier_init(&both, NULL, 2);
    CHECK(pthread_create(&thread, NULL, end_calls, NULL) == 0);
    pthread_barrier_wait(&both);
    finished = n_finished;
    n_forgotten = 0;
    for (int i = 1; i <= ROUNDS; i++) {
        due_of_round = begin('x', on_stack(1));
        pthread_barrier_wait(&both);
        for (volatile int wait = i % 500; wait > 0; wait--)
            ; /* so that either is first at times */
        dp_stacks_leave(lane, DP_LEFT_THREAD_EXIT);
        pthread_barrier_wait(&both);
        CHECK(n_finished == finished + i);
        CHECK(state->forgotten == n_forgotten);
        CHECK(state->forgotten + other_lane->state->forgotten == 0);
    }
    pthread_join(thread, NULL);
    quiet = false;
}

int main(void)
{
    calls_end_in_order();
    what_is_deeper_than_a_call_that_ends_was_left();
    what_is_deeper_than_a_call_that_begins_was_left();
    calls_in_one_frame_are_not_deeper_than_each_other();
    of_whole_program_calls_with_one_stack_pointer_the_first_was_left();
    nor_is_a_plain_call_above_the_call_around_it();
    a_recursive_function_ends_as_the_call_that_it_is();
    time_inside_is_that_of_the_call_around_on_the_same_stack();
    frames_that_were_cut_off_say_nothing();
    calls_on_other_stacks_end_in_any_order();
    a_call_on_another_stack_proves_nothing();
    the_end_of_a_coroutine_proves_nothing_of_the_threads_own_stack();
    calls_may_begin_in_the_same_nanosecond();
    calls_that_were_left_are_looked_for_behind_few_others();
    the_oldest_of_too_many_are_forgotten_and_still_end();
    what_has_ended_makes_room_first();
    a_longjmp_leaves_what_is_below_its_target();
    a_longjmp_knows_how_deep_a_thunk_goes();
    a_longjmp_between_coroutines_leaves_nothing();
    handlers_on_the_alternate_stack_do_not_come_back();
    a_longjmp_out_of_a_handler_may_leave_the_runtime();
    a_thread_without_a_lane_jumps_freely();
    who_comes_from_above_proves_that_the_runtime_was_left();
#if DP_HAVE_THUNKS && !defined __SANITIZE_THREAD__
    who_comes_from_below_looks_at_the_thunks_return_address();
#endif
    a_thread_that_ends_leaves_its_coroutines_to_others();
    a_process_that_ends_leaves_nothing();
    a_call_older_than_the_log_is_not_ours();
    a_call_ends_on_another_thread_than_it_began_on();
    a_call_is_forgotten_or_found_but_not_both();
    return 0;
}
