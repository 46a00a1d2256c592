/*
 * What the runtime promises a host in rare moments: a signal handler between gate
 * and runtime, calls nested deeper than it follows, counters that are full,
 * thread after thread with one seed, files that cannot be made, a lock that
 * another thread holds for long, or held when the process was forked.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "host/bus.h"
#include "steward/calibrate.h"
#include "check.h"
#include "base/clock.h"
#include "log/directory.h"
#include "hand_gate.h"
#include "thread/lane.h"
#include "base/lock.h"
#include "base/memory_ceiling.h"
#include "base/os.h"
#include "base/facts.h"
#include "log/process_log.h"
#include "sites/sites.h"
#include "hot/aggregate.h"

HAND_SITE(opened, DP_ATTRIBUTE_PROFILE, "rate=1, check_load=false", 0);
HAND_SITE(left_out, DP_ATTRIBUTE_PROFILE, "rate=1, check_load=false", 0);
HAND_SITE(first_seen, DP_ATTRIBUTE_PROFILE, "rate=1, check_load=false", 0);
HAND_SITE(mostly, DP_ATTRIBUTE_PROFILE, "rate=0.9, check_load=false", 0);
HAND_SITE(rarely, DP_ATTRIBUTE_PROFILE, "rate=0.000000001, check_load=false", 0);
HAND_SITE(halved, DP_ATTRIBUTE_PROFILE, "rate=0.5, check_load=false", 0);

int __real_dp_os_create(int at, const char *path);
int __wrap_dp_os_create(int at, const char *path);

static bool refuse_files;
static long refused;

int __wrap_dp_os_create(int at, const char *path)
{
    refused += refuse_files;
    errno = EXDEV; /* libc's functions may leave anything */
    return refuse_files ? -EMFILE : __real_dp_os_create(at, path);
}

int __real_dp_os_allocate(int fd, uint64_t offset, uint64_t bytes);
int __wrap_dp_os_allocate(int fd, uint64_t offset, uint64_t bytes);

static _Atomic long allocated;

int __wrap_dp_os_allocate(int fd, uint64_t offset, uint64_t bytes)
{
    allocated++;
    errno = EXDEV;
    return __real_dp_os_allocate(fd, offset, bytes);
}

uint64_t __real_dp_stats_make(void *lane, uintptr_t index, uintptr_t unused);
uint64_t __wrap_dp_stats_make(void *lane, uintptr_t index, uintptr_t unused);

static long asked;

uint64_t __wrap_dp_stats_make(void *lane, uintptr_t index, uintptr_t unused)
{
    asked++;
    return __real_dp_stats_make(lane, index, unused);
}

static bool call(struct dp_site *site)
{
    uint64_t due = hand_enter(site);
    hand_exit(site, due);
    return due & DP_DUE_OPENED;
}

static uint64_t calls_of(const struct dp_site *site)
{
    return dp_self->stats[site->index]->calls;
}

/* The least of many, as calibrate.c does it. */
static uint64_t clock_read_ns(void)
{
    uint64_t best = UINT64_MAX;
    for (int i = 0; i < 64; i++) {
        uint64_t start = dp_now_ns();
        for (int j = 0; j < 8; j++)
            (void)dp_now_ns();
        uint64_t taken = (dp_now_ns() - start) / 8;
        best = taken < best ? taken : best;
    }
    return best;
}

/* A recorded call reads the clock twice, and asking what it costs leaves nothing
 * behind: no record, no count, no site. */
static void the_reported_cost_is_that_of_a_recorded_call(void)
{
    call(&opened_site);
    struct dp_lane *lane = dp_self;
    uint64_t records = lane->stream.records, slow_paths = lane->state->slow_paths;
    int64_t budget = deep_profile_budget;
    uint64_t cost = dp_calibrate();
    CHECK(cost >= clock_read_ns() * 3 / 2);
    CHECK(dp_process_state()->slow_path_ns >= clock_read_ns() * 3 / 2);
    CHECK(dp_self == lane && lane->busy == 0 && deep_profile_budget == budget);
    CHECK(lane->stream.records == records && lane->state->slow_paths == slow_paths);
    CHECK(!dp_site_config(DP_MAX_SITES - 1));
}

/* call(), and how many calls entered the runtime: those that were opened, and those whose entry
 * ended a rest of the tick. */
static bool call_counting(struct dp_site *site, uint64_t *entered)
{
    uint64_t due = deep_profile_entry_tick + site->slow_after;
    deep_profile_budget -= site->weight;
    if ((deep_profile_budget | (int64_t)due) < 0) {
        ++*entered;
        due = deep_profile_enter_call(site);
    }
    hand_exit(site, due);
    return due & DP_DUE_OPENED;
}

/* A call that enters the runtime takes one slow path, whether it is opened or not. */
static void a_recorded_call_is_charged_once(void)
{
    call(&opened_site);
    struct dp_lane_state *state = dp_self->state;
    uint64_t slow_paths = state->slow_paths, sampled = 0, entered = 0;
    for (int i = 0; i < 1000; i++)
        call(&opened_site);
    CHECK(state->slow_paths == slow_paths + 1000);
    for (int i = 0; i < 1000; i++)
        sampled += call_counting(&halved_site, &entered);
    CHECK(sampled > 400 && sampled < 600 && entered >= sampled);
    CHECK(state->slow_paths == slow_paths + 1000 + entered);
}

/* The handler's call found the used-up budget, and drew a new one. */
static void handler_between_gate_and_runtime(void)
{
    call(&opened_site);
    uint64_t before = calls_of(&opened_site);
    deep_profile_budget = 12345;
    deep_profile_exit_call(&opened_site, deep_profile_enter_call(&opened_site));
    CHECK(deep_profile_budget >= 0 && deep_profile_budget < DP_WEIGHT_ALWAYS / 2);
    CHECK(call(&opened_site));
    CHECK(calls_of(&opened_site) == before + 2);
}

static void nested(int depth)
{
    uint64_t due = hand_enter(&opened_site);
    if (depth > 1)
        nested(depth - 1);
    hand_exit(&opened_site, due);
}

static void deeper_than_is_followed(void)
{
    uint64_t before = calls_of(&opened_site);
    nested(DP_LANE_FRAMES + 50);
    CHECK(calls_of(&opened_site) == before + DP_LANE_FRAMES + 50);
    CHECK(dp_self->state->lost[DP_LOSS_DEPTH] == 0 && dp_self->state->forgotten == 0);
}

enum { IN_FLIGHT = 100000 };
static ucontext_t here, coroutine;

/* As with so many coroutines: all calls are open at once, and the oldest ends first. */
static void in_flight(void)
{
    static uint64_t due[IN_FLIGHT];
    for (int i = 0; i < IN_FLIGHT; i++)
        due[i] = hand_enter(&opened_site);
    CHECK(dp_self->state->forgotten >= IN_FLIGHT - DP_LANE_FRAMES);
    for (int i = 0; i < IN_FLIGHT; i++)
        hand_exit(&opened_site, due[i]);
    swapcontext(&coroutine, &here);
}

static void a_hundred_thousand_in_flight(void)
{
    static char stack[65536];
    uint64_t before = calls_of(&opened_site);
    getcontext(&coroutine);
    coroutine.uc_stack = (stack_t){.ss_sp = stack, .ss_size = sizeof stack};
    makecontext(&coroutine, in_flight, 0);
    swapcontext(&here, &coroutine);
    const struct dp_site_stats *stats = dp_self->stats[opened_site.index];
    CHECK(stats->calls == before + IN_FLIGHT && stats->exceptions == 0);
    CHECK(dp_self->state->forgotten == 0 && dp_self->state->lost[DP_LOSS_DEPTH] == 0);
}

static void a_full_bucket_stays_full(void)
{
    struct dp_site_stats *stats = dp_stats_of(dp_self, opened_site.index);
    dp_stats_add_duration(dp_self, stats, 5000);
    uint32_t block = dp_histogram_block(5000);
    uint32_t *slots = dp_lane_pointer(dp_self->state, stats->blocks[block]);
    slots[dp_histogram_slot(5000, block)] = UINT32_MAX;
    dp_stats_add_duration(dp_self, stats, 5000);
    CHECK(slots[dp_histogram_slot(5000, block)] == UINT32_MAX);
}

/* Calls that find no aggregates do not each make a system call; they try again later. */
static void no_room_for_aggregates(void)
{
    struct dp_lane_state *state = dp_self->state;
    uint64_t used = state->arena_used, lost = state->lost[DP_LOSS_AGGREGATES];
    state->arena_used = dp_self->state_bytes;
    asked = 0;
    for (int i = 0; i < 10000; i++)
        call(&left_out_site);
    CHECK(asked > 0 && asked < 1000);
    CHECK(state->lost[DP_LOSS_AGGREGATES] == lost + 10000);
    state->arena_used = used;
    usleep(20000);
    call(&left_out_site);
    CHECK(calls_of(&left_out_site) == 1);
}

/* The runtime asks the kernel for more room for aggregates while the host is in any state. */
static void errno_where_aggregates_are_made(void)
{
    struct dp_lane_state *state = dp_self->state;
    uint64_t used = state->arena_used;
    long before = allocated;
    state->arena_used = state->file_bytes;
    errno = ENOTTY;
    uint64_t due = hand_enter(&first_seen_site);
    hand_exit(&first_seen_site, due);
    CHECK(errno == ENOTTY && allocated > before);
    CHECK(calls_of(&first_seen_site) == 1 && state->arena_used > used);
}

static void an_estimate_is_not_exact(void)
{
    CHECK(dp_site_config(halved_site.index)->population.variance == 2 * DP_WEIGHT_UNIT);
    CHECK(dp_site_config(mostly_site.index)->population.variance == 8090); /* 0.12 of DP_WEIGHT_UNIT */
    CHECK(dp_site_config(mostly_site.index)->population.estimated == 72818);
    CHECK(dp_site_config(opened_site.index)->population.variance == 0);
    const struct dp_site_config *rarely = dp_site_config(rarely_site.index);
    CHECK(rarely->population.estimated == UINT64_C(65536000000000));
    CHECK(rarely->population.variance_high == 3552); /* 1e18 * 65536 / 2^64 */
    CHECK(rarely->weight > 0 && rarely->weight < 2000000);
}

static void *one_call(void *chosen)
{
    *(long *)chosen += call(&halved_site);
    return NULL;
}

static void run_thread(void *(*run)(void *), void *argument)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, run, argument) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
}

/* DEEP_PROFILE_SEED is set; each thread must still draw other budgets. */
static void thread_after_thread(void)
{
    long chosen = 0;
    for (int i = 0; i < 1000; i++)
        run_thread(one_call, &chosen);
    CHECK(chosen > 400 && chosen < 600);
}

static void *many_calls(void *unused)
{
    (void)unused;
    for (int i = 0; i < 10000; i++)
        CHECK(!call(&opened_site));
    return NULL;
}

/* The steward counts, too. */
static uint64_t process_lost(enum dp_loss reason)
{
    return __atomic_load_n(&dp_process_state()->lost[reason], __ATOMIC_RELAXED);
}

static void *meets(void *unused)
{
    errno = ENOTTY;
    uint64_t due = hand_enter(&opened_site);
    CHECK(errno == ENOTTY);
    hand_exit(&opened_site, due);
    CHECK(errno == ENOTTY && (dp_self || !dp_os_child_may_start_threads())); /* under TSan */
    return unused;
}

static void *keeps_errno(void *unused)
{
    call(&opened_site); /* takes the lane that is free */
    run_thread(meets, NULL);
    return unused;
}

/* A lane of its own, with new files: a thread's, and a forked child's. */
static void errno_where_a_thread_is_met(void)
{
    run_thread(keeps_errno, NULL);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        meets(NULL);
        _exit(0);
    }
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

static void *two_threads(void *unused)
{
    call(&opened_site); /* takes the lane that is free */
    refuse_files = true;
    run_thread(many_calls, NULL);
    refuse_files = false;
    return unused;
}

static void no_files_for_a_thread(void)
{
    uint64_t used = dp_memory_ceiling_used();
    uint64_t before = process_lost(DP_LOSS_NO_MEMORY);
    run_thread(two_threads, NULL);
    CHECK(refused > 0 && refused < 100);
    /* A forked child unmaps what is there. Those that have a file are the steward's to send to
     * rest, at any moment. */
    for (uint32_t i = 0; i < dp_lanes_count(); i++)
        CHECK(__atomic_load_n(&dp_lane_at(i)->has_file, __ATOMIC_RELAXED) || !dp_lane_at(i)->stats);
    CHECK(process_lost(DP_LOSS_NO_MEMORY) >= before + 10000 - 100);
    CHECK(dp_memory_ceiling_used() <= used + 65536); /* less than a lane */
}

static struct dp_lock lock;
static _Thread_local bool waits_for_lock;
static _Atomic bool slept_for_lock;

bool __real_dp_os_sleep_until(uint64_t monotonic_ns);
bool __wrap_dp_os_sleep_until(uint64_t monotonic_ns);

bool __wrap_dp_os_sleep_until(uint64_t monotonic_ns)
{
    bool slept = __real_dp_os_sleep_until(monotonic_ns);
    if (waits_for_lock)
        slept_for_lock = true;
    return slept;
}

static void *wait_for_lock(void *unused)
{
    struct dp_os_signals saved;
    waits_for_lock = true;
    dp_lock_take(&lock, &saved);
    dp_lock_give(&lock, &saved);
    return unused;
}

/* A thread that waits long gives its processor to threads of any priority. */
static void a_lock_held_for_long(void)
{
    struct dp_os_signals saved;
    pthread_t thread;
    dp_lock_take(&lock, &saved);
    CHECK(pthread_create(&thread, NULL, wait_for_lock, NULL) == 0);
    while (!slept_for_lock)
        usleep(1000);
    dp_lock_give(&lock, &saved);
    CHECK(pthread_join(thread, NULL) == 0);
}

static _Atomic bool enough;

static void *ask_for_bus(void *unused)
{
    struct sigaction action;
    while (!enough)
        dp_bus_sigaction(SIGBUS, NULL, &action);
    return unused;
}

/* For `seconds` at most. */
static bool ends_well(pid_t child, int seconds)
{
    int status = -1;
    for (int i = 0; i < seconds * 1000 && waitpid(child, &status, WNOHANG) == 0; i++)
        usleep(1000);
    kill(child, SIGKILL); /* it waits with every signal blocked */
    return status == 0;
}

/* The thread that holds the lock of SIGBUS's actions is not in the child. */
static void a_fork_while_sigaction_is_at_work(void)
{
    struct sigaction action;
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, ask_for_bus, NULL) == 0);
    for (int i = 0; i < 100; i++) {
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0)
            _exit(dp_bus_sigaction(SIGBUS, NULL, &action));
        CHECK(ends_well(child, 60));
    }
    enough = true;
    CHECK(pthread_join(thread, NULL) == 0);
}

/* A record larger than a packet is lost, and no other record. */
static void a_record_too_large(void)
{
    char text[4000];
    uint64_t before = process_lost(DP_LOSS_NO_SPACE);
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = 0;
    for (int i = 0; i < 1000; i++) {
        dp_log_setting(1, "too large", text, text);
        dp_log_setting(1, "not so", "", "");
    }
    uint64_t lost = process_lost(DP_LOSS_NO_SPACE) - before;
    CHECK(lost >= 1000 && lost < 1100); /* what tests before this one lost may be counted only now */
}

/* A child that cannot have a log says so in its parent's, which may be cut by then. */
static void a_childs_failure_is_reported_into_a_cut_file(void)
{
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        int fd = dp_directory_open("state/process");
        CHECK(fd >= 0 && dp_os_truncate(fd, 0) == 0);
        refuse_files = true;
        CHECK(!call(&opened_site));
        _exit(0);
    }
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

int main(void)
{
    CHECK(dp_process_mode() == DP_MODE_ON);
    the_reported_cost_is_that_of_a_recorded_call();
    a_recorded_call_is_charged_once();
    handler_between_gate_and_runtime();
    deeper_than_is_followed();
    a_hundred_thousand_in_flight();
    a_full_bucket_stays_full();
    no_room_for_aggregates();
    errno_where_aggregates_are_made();
    an_estimate_is_not_exact();
    thread_after_thread();
    no_files_for_a_thread();
    errno_where_a_thread_is_met();
    a_lock_held_for_long();
    a_record_too_large();
    a_fork_while_sigaction_is_at_work();
    a_childs_failure_is_reported_into_a_cut_file();
    return 0;
}
