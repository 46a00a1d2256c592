/*
 * Which open calls have ended when calls end, or new ones begin: on one stack, with coroutines,
 * and when a lane has too many. stacks_left_test.c: when control leaves calls in other ways.
 */
#include "made_up_calls.h"

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

/* Two functions; one was inlined into the other. */
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

/* A call through a thunk has its frame further down than a plain call. */
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

/* With a coarse clock. The site says which of them ends. */
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

/* With 16 or more suspended calls it is found later: when the call around it ends. */
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
          (dues[HALF] & DP_DUE_START_MASK)); /* the newest were kept, in order */
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
    return 0;
}
