/*
 * What is kept of sums and records: when a thread ends and another takes its lane, when the
 * process forks, and when it dies between two stores.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/facts.h"
#include "base/memory_ceiling.h"
#include "base/os.h"
#include "sums.h"

HAND_SITE(parent, DP_ATTRIBUTE_PROFILE, "rate=1, check_load=false", 0);
HAND_SITE(production, DP_ATTRIBUTE_PRODUCTION, "rate=1", 0);
HAND_SITE(in_child, DP_ATTRIBUTE_PROFILE, "rate=0.5, check_load=false", 0);
HAND_SITE(handed_on, DP_ATTRIBUTE_PROFILE, "rate=1, check_load=false", 0);

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
    a_lane_that_has_rested_keeps_its_sums();
    a_forked_child_knows_what_a_call_stands_for();
    records_are_there_before_their_size();
    return 0;
}
