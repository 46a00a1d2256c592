/* See lanes.h. */
#include "lanes.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "base/compiler.h"
#include "base/clock.h"
#include "base/due.h"
#include "base/facts.h"
#include "base/lock.h"
#include "base/memory_ceiling.h"
#include "base/os.h"
#include "base/peek.h"
#include "base/sampler.h"
#include "base/settings.h"
#include "call_tree.h"
#include "count_slots.h"
#include "lane_file.h"
#include "log/prepare.h"
#include "log/stream.h"

#define RESTING_BYTES 4096 /* of a lane without a thread, with its segments */
#define IDLE_NS UINT64_C(1000000000) /* free lanes stay mapped that long */
/* glibc: from this key on, a thread's values are in memory that the first
 * pthread_setspecific() allocates. */
#define KEYS_WITHOUT_MEMORY 32
#define STATS_BYTES (DP_MAX_SITES * sizeof(struct dp_site_stats *))

static struct dp_lane *free_lanes;    /* most recently freed first */
static struct dp_lane *resting_lanes; /* free and not mapped */
static struct dp_lock lanes_lock;     /* for the two lists, and for giving a lane its index */
static pthread_key_t thread_end;
static bool thread_end_made;
static dp_leave_calls *leave_calls;

static void lane_release(void *lane);

int dp_lanes_init(dp_leave_calls *leave)
{
    leave_calls = leave;
    if (!dp_lanes)
        dp_lanes = dp_os_map_memory(DP_MAX_LANES * sizeof *dp_lanes);
    if (!thread_end_made)
        thread_end_made = pthread_key_create(&thread_end, lane_release) == 0;
    return dp_lanes && thread_end_made ? 0 : -ENOMEM;
}

/* From now on, stores into the lane stay in this process. */
static void become_parents(struct dp_lane *lane)
{
    lane->stream.parents = true;
    if (lane->state)
        dp_lane_map_over(lane, lane->state);
}

/* Covers the thread's lane even if it is not busy: inserted code has pointers into it, and
 * so have the runtime's first instructions. Inside the runtime, the interrupted code may
 * point to any lane's state (hot/stacks.c), never to another lane's packet. */
void dp_lanes_were_forked(void)
{
    struct dp_lane *mine = dp_self;
    int saved_errno = errno;
    dp_self = NULL;
    deep_profile_open = NULL;
    deep_profile_counts = NULL;
    if (mine)
        become_parents(mine);
    if (mine && mine->stream.packet)
        dp_os_map_over(mine->stream.packet, mine->stream.mapped_bytes);
    uint32_t others = mine && mine->busy ? dp_lanes_count() : 0;
    for (uint32_t i = 0; i < others; i++) {
        if (dp_lanes[i] != mine)
            become_parents(dp_lanes[i]);
    }
    errno = saved_errno;
}

void dp_lanes_reset(void)
{
    uint32_t count = dp_lanes_count();
    atomic_store_explicit(&dp_n_lanes, 0, memory_order_relaxed);
    for (uint32_t i = 0; i < count; i++) {
        if (dp_lanes[i]->stream.parents)
            continue;
        dp_prepare_reset(&dp_lanes[i]->stream);
        dp_stream_forget(&dp_lanes[i]->stream);
        dp_os_unmap(dp_lanes[i]->state, dp_lanes[i]->state_bytes);
        dp_os_unmap(dp_lanes[i]->stats, STATS_BYTES);
        if (dp_lanes[i]->tree)
            dp_os_unmap(dp_lanes[i]->tree, sizeof *dp_lanes[i]->tree);
        if (dp_lanes[i]->shadow)
            dp_os_unmap(dp_lanes[i]->shadow, dp_lanes[i]->shadow_bytes);
        dp_os_unmap(dp_lanes[i], sizeof *dp_lanes[i]);
    }
    free_lanes = resting_lanes = NULL;
    dp_lock_init(&lanes_lock);
    pthread_setspecific(thread_end, NULL);
}

/* Makes the lane of the next index, without its file. Under the lock. */
static struct dp_lane *next_lane(void)
{
    uint32_t count = atomic_load_explicit(&dp_n_lanes, memory_order_relaxed);
    struct dp_lane *lane = NULL;
    if (count < DP_MAX_LANES && dp_memory_ceiling_take(RESTING_BYTES))
        lane = dp_os_map_memory(sizeof *lane);
    if (!lane)
        return NULL;
    lane->index = count;
    lane->due = dp_due_opened(count, 0, 0);
    /* frame 0 is around the outermost call: no call is above it */
    lane->frames[0].stack = UINTPTR_MAX;
    lane->state_bytes = dp_lane_file_bytes();
    dp_stream_init(&lane->stream, count);
    dp_lanes[count] = lane;
    /* pairs with dp_lanes_count: the entry is there before the count */
    atomic_store_explicit(&dp_n_lanes, count + 1, memory_order_release);
    dp_process_state()->lanes = count + 1;
    return lane;
}

/* Memory of a new lane: itself, its state, counts and first aggregates, and the steward's
 * notes on it. */
static uint64_t lane_bytes(void)
{
    uint64_t page = dp_os_page_bytes();
    uint64_t counts = (dp_count_slots() * sizeof(uint64_t) + page) / page * page;
    return sizeof(struct dp_lane) + DP_LANE_COUNTS_OFFSET + 2 * counts + DP_LANE_ARENA_STEP + page;
}

/* Includes room for the counts of a site that is being registered now. */
static struct dp_lane_state *make_file(struct dp_lane *lane)
{
    return dp_lane_file_make(lane, dp_count_slots() + 1);
}

/* Maps the lane's state, from a new file or from its old one. Files are made without the
 * lock: a thousand threads may begin at once. */
static bool wake(struct dp_lane *lane)
{
    struct dp_lane_state *state = NULL;
    if (!lane->has_file)
        lane->taken_bytes = lane_bytes();
    if (!dp_memory_ceiling_take(lane->taken_bytes))
        return false;
    lane->stats = dp_os_map_memory(STATS_BYTES);
    if (lane->stats)
        state = lane->has_file ? dp_lane_file_open(lane) : make_file(lane);
    if (!state) {
        dp_os_unmap(lane->stats, STATS_BYTES);
        lane->stats = NULL; /* a forked child unmaps this too */
        dp_memory_ceiling_give(lane->taken_bytes);
        return false;
    }
    __atomic_store_n(&lane->has_file, true, __ATOMIC_RELAXED);
    __atomic_store_n(&lane->state, state, __ATOMIC_RELEASE);
    return true;
}

static void put(struct dp_lane **list, struct dp_lane *lane)
{
    struct dp_os_signals saved;
    dp_lock_take(&lanes_lock, &saved);
    lane->next_free = *list;
    *list = lane;
    dp_lock_give(&lanes_lock, &saved);
}

static struct dp_lane *pick(void)
{
    struct dp_os_signals saved;
    dp_lock_take(&lanes_lock, &saved);
    struct dp_lane **list = free_lanes ? &free_lanes : &resting_lanes;
    struct dp_lane *lane = *list;
    if (lane)
        *list = lane->next_free;
    else
        lane = next_lane();
    dp_lock_give(&lanes_lock, &saved);
    return lane;
}

static struct dp_lane *free_or_new_lane(void)
{
    struct dp_lane *lane;
    while ((lane = pick()) && !lane->state && !wake(lane)) {
        if (lane->spoiled)
            continue; /* so that nobody takes it again */
        put(&resting_lanes, lane);
        return NULL;
    }
    return lane;
}

/* Unmaps a lane that no thread has. Its file keeps everything; the sums are also kept in
 * memory, because they are read often. */
static void rest(struct dp_lane *lane)
{
    struct dp_lane_state *state = lane->state;
    struct dp_site_stats **stats = lane->stats;
    memset(&lane->kept, 0, sizeof lane->kept);
    dp_lane_add_sums(lane, &lane->kept);
    /* first, so that a child forked now does not unmap it too */
    __atomic_store_n(&lane->state, NULL, __ATOMIC_SEQ_CST);
    if (atomic_load(&lane->visitors)) { /* pairs with end_elsewhere() of stacks.c */
        __atomic_store_n(&lane->state, state, __ATOMIC_RELEASE);
        lane->free_since_ns = dp_now_ns();
        put(&free_lanes, lane);
        return;
    }
    lane->stats = NULL;
    __atomic_store_n(&lane->mapped, NULL, __ATOMIC_RELEASE);
    dp_os_unmap(state, lane->state_bytes);
    dp_os_unmap(stats, STATS_BYTES);
    dp_memory_ceiling_give(lane->taken_bytes);
    dp_call_tree_release(lane->tree);
    lane->tree = NULL;
    put(&resting_lanes, lane);
}

/* Takes a lane off the free list that has been there for a second. */
static struct dp_lane *idle_lane(uint64_t now)
{
    struct dp_os_signals saved;
    struct dp_lane *lane, **link = &free_lanes;
    dp_lock_take(&lanes_lock, &saved);
    while ((lane = *link) && now - lane->free_since_ns < IDLE_NS)
        link = &lane->next_free;
    if (lane)
        *link = lane->next_free;
    dp_lock_give(&lanes_lock, &saved);
    return lane;
}

void dp_lanes_rest(uint64_t now, void (*before)(struct dp_lane *lane))
{
    enum { MOST = 128 };
    struct dp_lane *lane;
    for (int i = 0; i < MOST && (lane = idle_lane(now)); i++) {
        before(lane);
        rest(lane);
    }
}

static uint64_t seed_for(uint32_t lane, uint32_t tid)
{
    uint64_t seed = dp_setting_value(DP_SETTING_SEED);
    uint64_t random = seed ? seed * UINT64_C(0x9E3779B97F4A7C15) + lane : dp_os_random() ^ tid;
    return random ? random : 1;
}

struct dp_lane *dp_lane_take(void)
{
    struct dp_lane *lane = free_or_new_lane();
    if (!lane) {
        dp_process_lost(DP_LOSS_NO_MEMORY, 1);
        return NULL;
    }
    struct dp_lane_state *state = lane->state;
    lane->busy = 0;
    dp_os_stack(&lane->stack_low, &lane->stack_bytes);
    memset(&lane->memory, 0, sizeof lane->memory);
    memset(&lane->below, 0, sizeof lane->below);
    state->tid = dp_os_tid();
    dp_os_thread_name(state->thread_name);
    state->thread_start_ns = dp_now_ns();
    state->threads++;
    state->open.top = 0;
    state->frames_top = 0;
    __atomic_store_n(&state->owner, DP_LANE_OWNED, __ATOMIC_RELEASE);
    if (!lane->random) /* with the same seed, every thread would draw the same numbers */
        lane->random = seed_for(lane->index, state->tid);
    dp_stream_set_thread(&lane->stream, dp_os_tid(), state->thread_name);
    /* pairs with dp_lane_is_owned(): the thread's number is there before anybody looks for
     * it */
    atomic_store_explicit(&lane->owned, true, memory_order_release);
    /* pthread_setspecific() may allocate, and the host may be inside its malloc. Without
     * the key, dp_lanes_reclaim() notices the thread's end. */
    if (thread_end < KEYS_WITHOUT_MEMORY)
        pthread_setspecific(thread_end, lane);
    deep_profile_open = &state->open;
    deep_profile_counts = DP_LANE_COUNTS(state);
    deep_profile_budget = dp_sampler_draw(&lane->random);
    dp_self = lane;
    return lane;
}

/* Ends the calls that are still open, then the packet. */
static void close_lane(struct dp_lane *lane, enum dp_left left)
{
    leave_calls(lane, left);
    dp_count_slots_report(lane);
    dp_stream_close_packet(&lane->stream);
}

/* Frees a lane whose thread writes nothing more to it. */
static void give_back(struct dp_lane *lane, enum dp_left left)
{
    close_lane(lane, left);
    lane->state->open.top = 0;
    lane->busy = 0;
    __atomic_store_n(&lane->state->owner, DP_LANE_FREE, __ATOMIC_RELEASE);
    atomic_store_explicit(&lane->owned, false, memory_order_release);
    lane->free_since_ns = dp_now_ns();
    put(&free_lanes, lane);
}

/* The thread's end. Runs again if later destructors run annotated code. No signal handler
 * may interrupt it: it would take another lane. */
DP_FROM_HOST static void lane_release(void *argument)
{
    struct dp_lane *lane = argument;
    struct dp_os_signals saved;
    if (!dp_process_is_ours() || dp_self != lane)
        return;
    dp_os_block_signals(&saved);
    dp_self = NULL;
    deep_profile_open = NULL;
    deep_profile_counts = NULL;
    deep_profile_budget = -1;
    give_back(lane, DP_LEFT_THREAD_EXIT);
    dp_os_restore_signals(&saved);
}

/*
 * Finds threads that ended without running our destructor: by the system call itself, or
 * because they took a lane in the last round of destructors. Looks at a few lanes each
 * time, so that the cost does not grow with the number of threads.
 */
void dp_lanes_reclaim(void)
{
    enum { MOST = 64 };
    static uint32_t next;
    uint32_t count = dp_lanes_count();
    for (uint32_t i = 0; i < MOST && i < count; i++) {
        struct dp_lane *lane = dp_lanes[next++ % count];
        if (dp_lane_is_owned(lane) && dp_os_thread_is_gone(dp_peek_32(&lane->stream.tid)))
            give_back(lane, DP_LEFT_THREAD_EXIT);
    }
}

void dp_lanes_finish(void)
{
    struct dp_os_signals saved;
    uint32_t count = dp_lanes_count();
    struct dp_lane_sums sums = {.forgotten = 0};
    dp_os_block_signals(&saved);
    for (uint32_t i = 0; i < count; i++) {
        struct dp_lane *lane = dp_lanes[i];
        bool free = lane->state && !dp_lane_is_owned(lane);
        if (lane == dp_self || free)
            close_lane(lane, DP_LEFT_EXIT);
        dp_lane_add_sums(lane, &sums);
    }
    if (sums.forgotten > 0)
        dp_process_lost(DP_LOSS_DEPTH, (uint64_t)sums.forgotten);
    dp_os_restore_signals(&saved);
}
