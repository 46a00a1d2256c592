/*
 * Which open calls have ended when control leaves them otherwise than by return: longjmp, a
 * handler that finds the runtime busy, the end of a thread, an end on another thread.
 */
#include <pthread.h>

#include "arch/arch.h"
#include "base/facts.h"
#include "made_up_calls.h"
#include "sites/sites.h"

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

/* dp_enter() ran below the gate, further down by the registers that the thunk saves. */
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
    dp_stacks_jump(at(7), at(8), 0, 0);       /* within the handler */
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

/* A call of the parent, which also ends in a forked child. */
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
    CHECK(finished_kinds == DP_KIND(PROFILE)); /* from its frame; its `due` alone says less */
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
            ; /* so that sometimes one thread is first, sometimes the other */
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
