/*
 * What one call adds to the aggregates and to the log, against this program's own clock.
 *
 * Both clocks are CLOCK_MONOTONIC (DEEP_PROFILE_CLOCK), so the times read around the two ends
 * of a call bound what may be said of it, however busy the machine is.
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/facts.h"
#include "base/load_gate.h"
#include "base/memory_ceiling.h"
#include "base/os.h"
#include "base/tick.h"
#include "check.h"
#include "hand_gate.h"
#include "hot/aggregate.h"
#include "sites/sites.h"
#include "thread/lanes.h"
#include "thread/memory.h"

#define MS UINT64_C(1000000)
#define KB UINT64_C(1024)

/* The short way out of a call, and the general one. */
HAND_SITE(parent, DP_ATTRIBUTE_PROFILE, "rate=1, check_load=false", 0);
HAND_SITE(child, DP_ATTRIBUTE_PROFILE, "rate=1, check_load=false", 0);
HAND_SITE(general_parent, DP_ATTRIBUTE_PROFILE, "rate=1, threshold=1ns, check_load=false", 0);
HAND_SITE(general_child, DP_ATTRIBUTE_PROFILE, "rate=1, threshold=1ns, check_load=false", 0);
HAND_SITE(there, DP_ATTRIBUTE_PROFILE, "rate=1, check_load=false", 0);
HAND_SITE(and_back, DP_ATTRIBUTE_PROFILE, "rate=1, check_load=false", 0);
HAND_SITE(general_there, DP_ATTRIBUTE_PROFILE, "rate=1, threshold=1ns, check_load=false", 0);
HAND_SITE(general_and_back, DP_ATTRIBUTE_PROFILE, "rate=1, threshold=1ns, check_load=false", 0);
HAND_SITE(long_and_short, DP_ATTRIBUTE_PROFILE, "rate=1, check_load=false", 0);
HAND_SITE(capped, DP_ATTRIBUTE_PROFILE, "rate=1, duration=100us, check_load=false", 0);
HAND_SITE(long_ones, DP_ATTRIBUTE_PROFILE, "rate=1, threshold=1ms, check_load=false", 0);
HAND_SITE(left, DP_ATTRIBUTE_PROFILE, "rate=1, check_load=false", 0);
HAND_SITE(sampled, DP_ATTRIBUTE_PROFILE, "strategy=calls, check_load=false", 0);
HAND_SITE(timed, DP_ATTRIBUTE_IF_SLOW, "999us, rate=1", 0);    /* slow by the clock */
HAND_SITE(watched, DP_ATTRIBUTE_IF_SLOW, "16ms, rate=1", 0); /* by the tick */
HAND_SITE(checked, DP_ATTRIBUTE_PROFILE, "rate=1", 0);
HAND_SITE(production, DP_ATTRIBUTE_PRODUCTION, "rate=1", 0);
HAND_SITE(memory, DP_ATTRIBUTE_MEMORY, "100KB", 0);
HAND_SITE(around, DP_ATTRIBUTE_MEMORY, "", 0);
HAND_SITE(inside, DP_ATTRIBUTE_MEMORY, "", 0);
HAND_SITE(memory_always, DP_ATTRIBUTE_MEMORY, "", 0);
HAND_SITE(in_child, DP_ATTRIBUTE_PROFILE, "rate=0.5, check_load=false", 0);
HAND_SITE(handed_on, DP_ATTRIBUTE_PROFILE, "rate=1, check_load=false", 0);

/* The steward does not move the load gate: the tests do. */
void __wrap_dp_load_check(void);
void __wrap_dp_load_check(void)
{
}

static uint64_t own_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void spin(uint64_t ns)
{
    uint64_t start = own_clock();
    while (own_clock() - start < ns)
        ;
}

static struct dp_site_stats *stats_of(const struct dp_site *site)
{
    struct dp_site_stats *stats = dp_stats_of(dp_self, site->index);
    CHECK(stats);
    return stats;
}

static bool call(struct dp_site *site)
{
    uint64_t due = hand_enter(site);
    hand_exit(site, due);
    return due & DP_DUE_OPENED;
}

/* The record that was written last, of `bytes` without its header. */
static void copy_last_record(void *event, size_t bytes)
{
    const struct dp_stream *stream = &dp_self->stream;
    memcpy(event, (const char *)stream->packet + stream->packet->content_size_bits / 8 - bytes,
           bytes);
}

/* ---- the time of calls below ---- */

static __attribute__((noinline)) void one_millisecond(struct dp_site *site)
{
    uint64_t due = hand_enter(site);
    spin(MS);
    hand_exit(site, due);
}

static void self_time_is_without_the_children(struct dp_site *parent, struct dp_site *child)
{
    struct dp_site_stats *around = stats_of(parent), *below = stats_of(child);
    uint64_t due = hand_enter(parent);
    for (int i = 0; i < 3; i++)
        one_millisecond(child);
    hand_exit(parent, due);
    CHECK(below->sampled == 3 && below->total_ns >= 3 * MS && below->child_ns == 0);
    CHECK(around->child_ns == below->total_ns);
    CHECK(around->total_ns > around->child_ns);

    /* A later call at the same depth without calls inside has no child time. */
    uint64_t child_ns = around->child_ns;
    one_millisecond(parent);
    CHECK(around->sampled == 2 && around->child_ns == child_ns);
}

/* ---- recursion ---- */

#define STEP (MS / 10)

static __attribute__((noinline)) void descend(struct dp_site *site, struct dp_site *other,
                                              int depth)
{
    uint64_t due = hand_enter(site);
    spin(STEP);
    if (depth > 0)
        descend(other, site, depth - 1);
    hand_exit(site, due);
}

/* a calls b calls a calls b: the outermost of each has the time of those inside. The first
 * time round their aggregates are made when the innermost call ends. */
static void recursion_is_counted_once(struct dp_site *a, struct dp_site *b)
{
    for (int round = 1; round <= 2; round++) {
        descend(a, b, 3);
        const struct dp_site_stats *of_a = stats_of(a), *of_b = stats_of(b);
        CHECK(of_a->sampled == 2u * (unsigned)round && of_b->sampled == 2u * (unsigned)round);
        uint64_t once_a = of_a->total_ns - of_a->nested_ns;
        uint64_t once_b = of_b->total_ns - of_b->nested_ns;
        CHECK(of_a->nested_ns >= (unsigned)round * 2 * STEP && of_b->nested_ns >= (unsigned)round * STEP);
        CHECK(of_a->nested_ns < of_b->total_ns && of_b->nested_ns < of_a->nested_ns);
        CHECK(once_a > once_b && once_a >= (unsigned)round * 4 * STEP);
    }
    /* An earlier recursion leaves nothing behind. */
    uint64_t nested_ns = stats_of(a)->nested_ns;
    uint64_t due = hand_enter(b);
    one_millisecond(a);
    hand_exit(b, due);
    one_millisecond(a);
    CHECK(stats_of(a)->nested_ns == nested_ns);
}

/* ---- calls of every kind ---- */

static void the_shortest_and_the_longest(void)
{
    const struct dp_site_stats *stats = stats_of(&long_and_short_site);
    one_millisecond(&long_and_short_site);
    for (int i = 0; i < 1000; i++)
        call(&long_and_short_site);
    one_millisecond(&long_and_short_site);
    call(&long_and_short_site);
    CHECK(stats->max_ns >= MS && stats->max_ns < stats->total_ns);
    one_millisecond(&long_and_short_site);
    CHECK(stats->min_ns < MS && stats->sampled == 1004);
}

static void a_call_longer_than_its_cap(void)
{
    struct dp_event_call_wide event;
    one_millisecond(&capped_site);
    copy_last_record(&event, sizeof event);
    CHECK(event.site == capped_site.index && event.flags == DP_CALL_CAPPED);
    one_millisecond(&left_site);
    spin(MS); /* too long for a record of 8 bytes */
    uint64_t due = hand_enter(&left_site);
    spin(2 * MS);
    hand_exit(&left_site, due);
    copy_last_record(&event, sizeof event);
    CHECK(event.site == left_site.index && event.flags == 0 && event.duration_ns >= 2 * MS);
}

static void only_calls_over_the_threshold_leave_records(void)
{
    const struct dp_site_stats *stats = stats_of(&long_ones_site);
    uint64_t records = dp_self->stream.records;
    uint64_t before = own_clock();
    for (int i = 0; i < 10; i++)
        call(&long_ones_site);
    if (own_clock() - before < MS) /* none was interrupted for so long */
        CHECK(dp_self->stream.records == records);
    records = dp_self->stream.records;
    one_millisecond(&long_ones_site);
    CHECK(dp_self->stream.records == records + 1 && stats->sampled == 11);
}

static jmp_buf back;

static __attribute__((noinline)) void leave(void)
{
    hand_enter(&left_site);
    longjmp(back, 1);
}

static void a_call_that_is_left(void)
{
    const struct dp_site_stats *stats = stats_of(&left_site);
    uint64_t sampled = stats->sampled;
    if (setjmp(back) == 0)
        leave();
    hand_exit(&parent_site, hand_enter(&parent_site)); /* from above: the other is over */
    CHECK(stats->exceptions == 1 && stats->sampled == sampled);
}

/* One call in a hundred is timed; the others are opened only to be counted: one slow path each. */
static void calls_that_are_only_counted(void)
{
    const struct dp_site_stats *stats = stats_of(&sampled_site);
    uint64_t slow_paths = dp_self->state->slow_paths;
    for (int i = 0; i < 1000; i++)
        call(&sampled_site);
    CHECK(stats->calls == 1000 && stats->sampled < 100);
    CHECK(dp_self->state->slow_paths == slow_paths + 1000);
}

/* ---- slow calls ---- */

static void slow_calls_add_up(void)
{
    const struct dp_site_stats *stats = stats_of(&timed_site);
    uint64_t total_ns = 0, most_ns = 0;
    for (unsigned i = 0; i < 3; i++) {
        struct dp_event_slow_operation event;
        uint64_t due = hand_enter(&timed_site);
        spin((i == 1 ? 3 : 2) * MS);
        hand_exit(&timed_site, due);
        copy_last_record(&event, sizeof event);
        CHECK(event.site == timed_site.index && event.duration_ns >= 2 * MS);
        CHECK(event.flags & DP_SLOW_EXACT && event.duration_error_ns == 0);
        total_ns += event.duration_ns;
        most_ns = event.duration_ns > most_ns ? event.duration_ns : most_ns;
    }
    CHECK(stats->slow == 3 && stats->slow_total_ns == total_ns && stats->slow_max_ns == most_ns);
}

/* Begins at any moment between two ticks. The thread makes calls meanwhile: it is not idle. */
static void until_some_moment(unsigned i)
{
    uint64_t start = own_clock(), ns = (i * 377 % 1000) * 7000;
    while (own_clock() - start < ns)
        call(&watched_site);
}

/*
 * A call that is known by its ticks alone. It began at the tick of its entry, `first`, or
 * later, but before that tick was replaced, `latest`. The reported duration is in the middle
 * between the two, and its error reaches both.
 *
 * Whether the duration is as often too long as too short is not measured here: on a busy
 * machine a call begins at no random moment between two ticks, since the steward runs when
 * this thread sleeps.
 */
static void a_duration_is_right_within_its_error(void)
{
    enum { CALLS = 40 };
    const struct dp_site_stats *stats = stats_of(&watched_site);
    const uint64_t slow_after = dp_site_config(watched_site.index)->slow_after;
    for (unsigned i = 0, judged = 0; judged < CALLS; i++) {
        struct dp_event_slow_operation event;
        until_some_moment(i);
        uint64_t slow = stats->slow, before = own_clock(), due = hand_enter(&watched_site);
        uint64_t inside = own_clock(), first = due - slow_after;
        CHECK(!(due & DP_DUE_OPENED)); /* DEEP_PROFILE_SLOW_BASELINE */
        usleep(40000); /* over the threshold with every tick of a quiet machine */
        uint64_t outside = own_clock();
        hand_exit(&watched_site, due);
        uint64_t after = own_clock(), latest = dp_tick_latest_start(NULL, first, after);
        if (stats->slow == slow)
            continue; /* ticks so far apart that it is not certain */
        judged++;
        CHECK(first <= inside && latest >= before);
        copy_last_record(&event, sizeof event);
        CHECK(event.site == watched_site.index && event.duration_error_ns > 0);
        CHECK(!(event.flags & DP_SLOW_EXACT));
        uint64_t longest = event.duration_ns + event.duration_error_ns;
        uint64_t shortest = event.duration_ns - event.duration_error_ns;
        CHECK(longest >= outside - first && longest <= after - first + 1);
        CHECK(shortest + 1 + latest >= outside && shortest <= after - latest);
    }
}

/* A call that ends when its threshold has passed since the tick before it. What the tick knows of
 * such calls is added up. (Where it knows more, or this thread lost its processor: once more.) */
static void what_calls_took_that_may_have_been_slow_has_bounds(void)
{
    const struct dp_site_stats *stats = stats_of(&watched_site);
    const struct dp_site_config *config = dp_site_config(watched_site.index);
    uint64_t maybe = stats->maybe_slow, least = stats->maybe_slow_least_ns;
    uint64_t most = stats->maybe_slow_most_ns, before, inside, outside, after;
    do {
        before = own_clock();
        uint64_t due = hand_enter(&watched_site);
        inside = own_clock();
        do
            outside = own_clock();
        while (outside < due - config->slow_after + config->slow_threshold_ns);
        hand_exit(&watched_site, due);
        after = own_clock();
    } while (stats->maybe_slow == maybe);
    CHECK(stats->maybe_slow == maybe + 1);
    least = stats->maybe_slow_least_ns - least;
    most = stats->maybe_slow_most_ns - most;
    CHECK(least <= after - before && most >= outside - inside);
    CHECK(least < config->slow_threshold_ns && most >= config->slow_threshold_ns);
}

/* ---- the load gate ---- */

/* Both where the call's record is all that it would leave and where it has a general way. */
static void a_refused_call_is_counted(struct dp_site *site)
{
    const struct dp_site_stats *stats = stats_of(site);
    uint64_t gated = stats->gated, lanes = dp_self->state->gated, sampled = stats->sampled;
    dp_load_gate_move(DP_RESOURCE_CPU, true);
    for (int i = 0; i < 5; i++)
        CHECK(!call(site));
    dp_load_gate_move(DP_RESOURCE_CPU, false);
    CHECK(call(site));
    CHECK(stats->gated == gated + 5 && dp_self->state->gated == lanes + 5);
    CHECK(stats->sampled == sampled + 1);
}

/* ---- memory ---- */

static void a_threshold_of_memory_is_of_what_stays_allocated(void)
{
    const struct dp_site_stats *stats = stats_of(&memory_site);
    uint64_t records = dp_self->stream.records, due = hand_enter(&memory_site);
    for (int i = 0; i < 10; i++) {
        dp_memory_allocated(200 * KB);
        dp_memory_freed(200 * KB);
    }
    hand_exit(&memory_site, due);
    CHECK(stats->memory_calls == 1 && stats->allocated_bytes == 2000 * KB);
    CHECK(stats->freed_bytes == 2000 * KB && stats->peak_bytes == 200 * (int64_t)KB);
    CHECK(dp_self->stream.records == records);

    struct dp_event_memory event;
    due = hand_enter(&memory_site);
    dp_memory_allocated(128 * KB);
    hand_exit(&memory_site, due);
    CHECK(dp_self->stream.records == records + 1);
    copy_last_record(&event, sizeof event);
    CHECK(event.site == memory_site.index && event.allocated_bytes == 128 * KB);
    dp_memory_freed(128 * KB);

    /* Without a threshold every call leaves one, also when it only frees. */
    records = dp_self->stream.records;
    due = hand_enter(&memory_always_site);
    dp_memory_freed(1 * KB);
    hand_exit(&memory_always_site, due);
    CHECK(dp_self->stream.records == records + 1);
}

static void allocate_for_a_while(uint64_t bytes)
{
    dp_memory_allocated(bytes);
    dp_memory_freed(bytes);
}

static __attribute__((noinline)) void call_inside(uint64_t bytes)
{
    uint64_t due = hand_enter(&inside_site);
    allocate_for_a_while(bytes);
    hand_exit(&inside_site, due);
}

static int64_t peak_of(const struct dp_site *site)
{
    return stats_of(site)->peak_bytes;
}

/* Each call has its own peak; the peak of the call around it is not affected. */
static void a_peak_is_the_highest_of_a_call(void)
{
    dp_memory_allocated(1000 * KB); /* before them: of none */
    uint64_t due = hand_enter(&around_site);
    allocate_for_a_while(200 * KB);
    dp_memory_allocated(10 * KB);
    call_inside(50 * KB);
    call_inside(20 * KB);
    dp_memory_freed(10 * KB);
    hand_exit(&around_site, due);
    CHECK(peak_of(&around_site) == 200 * (int64_t)KB && peak_of(&inside_site) == 50 * (int64_t)KB);
    due = hand_enter(&around_site);
    call_inside(300 * KB);
    hand_exit(&around_site, due);
    CHECK(peak_of(&around_site) == 300 * (int64_t)KB && peak_of(&inside_site) == 300 * (int64_t)KB);
    const struct dp_site_stats *stats = stats_of(&around_site);
    CHECK(stats->memory_calls == 2 && stats->allocations == 5 && stats->frees == 5);
    CHECK(stats->allocated_bytes == 580 * KB && stats->freed_bytes == 580 * KB);
    dp_memory_freed(1000 * KB);
}

static uint64_t own_bytes(const struct dp_site *site)
{
    return stats_of(site)->self_allocated_bytes;
}

static bool own_is_known(const struct dp_site *site)
{
    return !(stats_of(site)->flags & DP_STATS_SELF_MEMORY_UNKNOWN);
}

/* A call's own allocations are those that no counted call below it made. */
static void what_is_allocated_below_is_not_a_call_s_own(void)
{
    uint64_t around = own_bytes(&around_site), inside = own_bytes(&inside_site);
    uint64_t due = hand_enter(&around_site);
    dp_memory_allocated(10 * KB);
    uint64_t again = hand_enter(&around_site); /* recursion */
    call_inside(50 * KB);
    dp_memory_allocated(1 * KB);
    hand_exit(&around_site, again);
    call_inside(20 * KB);
    hand_exit(&around_site, due);
    CHECK(own_bytes(&around_site) == around + 11 * KB);
    CHECK(own_bytes(&inside_site) == inside + 70 * KB);
    CHECK(own_is_known(&around_site) && own_is_known(&inside_site));
    dp_memory_freed(11 * KB);
}

static ucontext_t main_stack, other_stack;

static void begin_and_end_on_another_stack(void)
{
    uint64_t due = hand_enter(&inside_site);
    swapcontext(&other_stack, &main_stack);
    hand_exit(&inside_site, due);
}

/* Coroutines: whose an allocation is, nobody knows. */
static void nor_is_it_known_of_calls_that_end_in_the_order_of_their_start(void)
{
    static char stack[1 << 16];
    uint64_t around = own_bytes(&around_site), inside = own_bytes(&inside_site);
    getcontext(&other_stack);
    other_stack.uc_stack.ss_sp = stack;
    other_stack.uc_stack.ss_size = sizeof stack;
    other_stack.uc_link = &main_stack;
    makecontext(&other_stack, begin_and_end_on_another_stack, 0);
    uint64_t due = hand_enter(&around_site);
    swapcontext(&main_stack, &other_stack);
    allocate_for_a_while(1 * KB);
    hand_exit(&around_site, due);
    swapcontext(&main_stack, &other_stack);
    CHECK(!own_is_known(&around_site) && !own_is_known(&inside_site));
    CHECK(own_bytes(&around_site) == around && own_bytes(&inside_site) == inside);
    due = hand_enter(&memory_site); /* what begins later is not concerned */
    allocate_for_a_while(1 * KB);
    hand_exit(&memory_site, due);
    CHECK(own_is_known(&memory_site) && own_bytes(&memory_site) >= 1 * KB);
}

void *__wrap_malloc(size_t bytes);
void *__wrap_realloc(void *pointer, size_t bytes);
void __wrap_free(void *pointer);
void *__real_malloc(size_t bytes);
void *__real_realloc(void *pointer, size_t bytes);
void __real_free(void *pointer);

void *__real_malloc(size_t bytes)
{
    return malloc(bytes);
}

static bool no_room;

void *__real_realloc(void *pointer, size_t bytes)
{
    return no_room ? NULL : realloc(pointer, bytes);
}

void __real_free(void *pointer)
{
    free(pointer);
}

static void a_realloc_that_fails_frees_nothing(void)
{
    CHECK(dp_memory_counted);
    void *pointer = __wrap_malloc(1000);
    struct dp_memory_counts before = dp_self->memory;
    no_room = true;
    CHECK(!__wrap_realloc(pointer, 2000));
    CHECK(memcmp(&before, &dp_self->memory, sizeof before) == 0);
    no_room = false;
    pointer = __wrap_realloc(pointer, 3000); /* one block replaces another */
    CHECK(pointer && dp_self->memory.frees == before.frees + 1);
    CHECK(dp_self->memory.allocations == before.allocations + 1);
    CHECK(dp_self->memory.live_bytes >= before.live_bytes + 1900);
    __wrap_free(pointer);
    CHECK(dp_self->memory.frees == before.frees + 2);
    CHECK(dp_self->memory.live_bytes <= before.live_bytes - 1000);
}

/* ---- the order of the stores ---- */

static struct dp_packet *watched_packet;
static char *watched_page;
static uint64_t committed; /* when the record's first byte was stored */

static void at_first_store(int signal, siginfo_t *info, void *context)
{
    (void)context;
    char *address = info->si_addr;
    if (address < watched_page || address >= watched_page + 4096)
        _exit(signal);
    committed = watched_packet->content_size_bits;
    mprotect(watched_page, 4096, PROT_READ | PROT_WRITE);
}

/* On its own page, which is write-protected until the test looks. */
static void a_record_is_there_before_its_size(struct dp_site *site)
{
    struct dp_stream *stream = &dp_self->stream;
    do
        call(site);
    while (stream->position % 4096 > 64 || stream->position < 4096);
    watched_packet = stream->packet;
    watched_page = (char *)stream->packet + stream->position;
    watched_page -= (uintptr_t)watched_page % 4096;
    uint64_t before = watched_packet->content_size_bits, records = stream->records;
    committed = 0;
    CHECK(mprotect(watched_page, 4096, PROT_READ) == 0);
    call(site);
    CHECK(stream->packet == watched_packet && stream->records == records + 1);
    CHECK(committed == before);
    CHECK(watched_packet->content_size_bits > before);
}

static void records_are_there_before_their_size(void)
{
    struct sigaction action = {.sa_sigaction = at_first_store, .sa_flags = SA_SIGINFO}, saved;
    CHECK(sigaction(SIGSEGV, &action, &saved) == 0);
    a_record_is_there_before_its_size(&parent_site);
    a_record_is_there_before_its_size(&production_site);
    CHECK(sigaction(SIGSEGV, &saved, NULL) == 0);
}

/* ---- lanes that are handed on ---- */

/* When the last thread ended. After that its lane belongs to the steward. */
static struct dp_lane *lane_of_thread;
static struct dp_site_stats sums_of_thread;
static uint32_t threads_of_lane;

static void *five_calls(void *unused)
{
    for (int i = 0; i < 5; i++)
        CHECK(call(&handed_on_site));
    lane_of_thread = dp_self;
    sums_of_thread = *stats_of(&handed_on_site);
    threads_of_lane = dp_self->state->threads;
    return unused;
}

static struct dp_lane *run_thread(void)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, five_calls, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    return lane_of_thread;
}

/* Waits until the lane rests; returns what is used of the memory ceiling then. Only the steward
 * sends a lane to rest, one that has been free for a second. */
static uint64_t used_when_it_rests(const struct dp_lane *lane)
{
    uint64_t before = dp_memory_ceiling_used();
    for (int i = 0; i < 60000 && dp_lane_state_of(lane); i++)
        usleep(1000);
    CHECK(!dp_lane_state_of(lane));
    for (int i = 0; i < 60000 && dp_memory_ceiling_used() == before; i++)
        usleep(1000);
    CHECK(dp_memory_ceiling_used() < before);
    return dp_memory_ceiling_used();
}

/* The lane's file has the sums while nobody has it mapped. */
static void a_lane_that_has_rested_keeps_its_sums(void)
{
    struct dp_lane *lane = run_thread();
    uint64_t used = used_when_it_rests(lane);
    CHECK(run_thread() == lane && threads_of_lane == 2);
    CHECK(sums_of_thread.calls == 10 && sums_of_thread.sampled == 10);
    CHECK(sums_of_thread.estimated == 10 * DP_WEIGHT_UNIT);
    CHECK(used_when_it_rests(lane) == used);
}

/* ---- a forked child ---- */

static void figures_of_a_child(void)
{
    enum { CALLS = 20000 };
    for (int i = 0; i < CALLS; i++)
        call(&in_child_site);
    const struct dp_site_stats *stats = stats_of(&in_child_site);
    CHECK(stats->sampled > CALLS / 3 && stats->estimated == stats->sampled * 2 * DP_WEIGHT_UNIT);
    CHECK_WITHIN(stats->estimated / DP_WEIGHT_UNIT, CALLS, 6 * 142); /* standard deviations */
    CHECK(stats->variance == stats->sampled * 2 * DP_WEIGHT_UNIT);
    /* Nobody measures again what a slow path costs. */
    CHECK(dp_process_facts()->slow_path_ns > 0);
    CHECK(dp_process_state()->slow_path_ns == dp_process_facts()->slow_path_ns);
    _exit(0);
}

static void a_forked_child_knows_what_a_call_stands_for(void)
{
    int status = -1;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0 && !dp_os_child_may_start_threads())
        _exit(0); /* under ThreadSanitizer */
    if (child == 0)
        figures_of_a_child();
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

int main(void)
{
    CHECK(dp_process_mode() == DP_MODE_ON);
    call(&parent_site); /* meets the thread */
    *stats_of(&parent_site) = (struct dp_site_stats){.site = parent_site.index};
    self_time_is_without_the_children(&parent_site, &child_site);
    self_time_is_without_the_children(&general_parent_site, &general_child_site);
    recursion_is_counted_once(&there_site, &and_back_site);
    recursion_is_counted_once(&general_there_site, &general_and_back_site);
    the_shortest_and_the_longest();
    a_call_longer_than_its_cap();
    only_calls_over_the_threshold_leave_records();
    a_call_that_is_left();
    calls_that_are_only_counted();
    slow_calls_add_up();
    a_duration_is_right_within_its_error();
    what_calls_took_that_may_have_been_slow_has_bounds();
    a_refused_call_is_counted(&checked_site);
    a_refused_call_is_counted(&production_site);
    a_threshold_of_memory_is_of_what_stays_allocated();
    a_peak_is_the_highest_of_a_call();
    what_is_allocated_below_is_not_a_call_s_own();
    nor_is_it_known_of_calls_that_end_in_the_order_of_their_start();
    a_realloc_that_fails_frees_nothing();
    a_lane_that_has_rested_keeps_its_sums();
    a_forked_child_knows_what_a_call_stands_for();
    records_are_there_before_their_size();
    return 0;
}
