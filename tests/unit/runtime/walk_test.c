/*
 * The stack walk from inside: in a signal handler, of a thread that waits, on stacks that are
 * cut short, corrupt or endless. tests/e2e/walk.py tests that its frames are right.
 */
#include <alloca.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "walks.h"

static void walks_in_a_handler(void)
{
    outer(1);
    CHECK(flags == 0, "%#x", flags);
    CHECK(is_in((const void *)inner, frames, count) && is_in((const void *)outer, frames, count));
    CHECK(count > 5 && count < 20, "%u", count);
    refresh();
    CHECK(met == 0 && gone == 0, "%d %d", met, gone);
}

/* ---- stacks that are not what they should be ---- */

static bool read_snapshot(void *context, uint64_t address, void *to, size_t bytes)
{
    const uint64_t *size = context;
    if (address >= snapshot_at && address - snapshot_at <= *size &&
        bytes <= *size - (address - snapshot_at)) {
        memcpy(to, (const char *)snapshot + (address - snapshot_at), bytes);
        return true;
    }
    return bytes < 64 && dp_os_read_memory(address, to, bytes) && function_of(address) != 0;
}

static void check_frames_are_code(void)
{
    CHECK(count >= 1 && count <= MOST);
    for (uint32_t i = 0; i < count; i++) {
        struct dp_code code = dp_view_find(dp_view_enter(), frames[i]);
        dp_view_leave();
        CHECK(code.is_known, "frame %u of %u, %lx, is no code", i, count, frames[i]);
    }
}

static void walk_snapshot(uint64_t size)
{
    count = dp_walk(&interrupted, read_snapshot, &size, frames, MOST, &flags);
    check_frames_are_code();
}

/* What lies beyond is gone: the walk ends there, and says so. */
static void a_stack_that_is_cut_short(void)
{
    uint32_t before = 0;
    for (uint64_t size = 0; size < 2048; size += 8) {
        walk_snapshot(size);
        CHECK(count >= before);
        before = count;
        if (count < 6)
            CHECK(flags & DP_STACK_ENDED_EARLY, "%u frames of %lu bytes", count, size);
    }
    CHECK(flags == 0, "%#x", flags);
}

/* None of the host's data gets into the frames, whatever the walk takes it for. */
static void a_stack_that_is_corrupt(void)
{
    static uint64_t whole[SNAPSHOT / 8];
    uint64_t seed = 1, early = 0;
    memcpy(whole, snapshot, sizeof whole);
    for (int round = 0; round < 20000; round++) {
        for (int i = 0; i < 4; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            uint64_t word = seed >> 16, at = (seed >> 40) % 256;
            snapshot[at] = round % 3 == 0   ? word
                           : round % 3 == 1 ? snapshot_at + word % SNAPSHOT
                                            : snapshot[word % 256];
        }
        walk_snapshot(SNAPSHOT);
        early += (flags & DP_STACK_ENDED_EARLY) != 0;
        memcpy(snapshot, whole, sizeof whole);
    }
    CHECK(early > 1000, "%lu", early);
}

/* One return address, again and again, and a frame pointer that points to itself. */
static void a_stack_that_is_endless(void)
{
    for (size_t i = 0; i < SNAPSHOT / 8; i++)
        snapshot[i] = i % 2 ? (uintptr_t)outer + 12 : snapshot_at + i * 8;
    walk_snapshot(SNAPSHOT);
    CHECK(flags & DP_STACK_ENDED_EARLY);
    for (size_t i = 0; i < SNAPSHOT / 8; i++)
        snapshot[i] = frames[1];
    walk_snapshot(SNAPSHOT);
    CHECK(flags & DP_STACK_ENDED_EARLY);
}

/* A signal handler's frame whose interrupted frame is itself. From one stack to another a walk
 * comes a few times, and then no more. */
static void a_circle_of_stacks(void)
{
#ifdef __x86_64__ /* where libc shows what a handler returns to */
    struct sigaction action;
    ucontext_t *context = (ucontext_t *)snapshot;
    sigaction(SIGUSR1, NULL, &action);
    struct dp_registers before = interrupted;
    interrupted = (struct dp_registers){(uintptr_t)action.sa_restorer, snapshot_at, 0, NULL};
    context->uc_mcontext.gregs[REG_RIP] = (greg_t)interrupted.pc;
    context->uc_mcontext.gregs[REG_RSP] = (greg_t)interrupted.sp;
    context->uc_mcontext.gregs[REG_RBP] = 0;
    walk_snapshot(SNAPSHOT);
    CHECK(count > 1 && count < MOST / 2 && flags & DP_STACK_CORRUPT, "%u %#x", count, flags);
    interrupted = before;
#endif
}

static void no_room_for_frames(void)
{
    uint64_t size = 0;
    CHECK(dp_walk(&interrupted, read_snapshot, &size, frames, 0, &flags) == 0);
    CHECK(dp_walk(&interrupted, read_snapshot, &size, frames, 1, &flags) == 1);
}

/* ---- a thread that waits ---- */

static int ends[2];
static _Atomic int waiting_tid;

typedef long waits_function(size_t);

__attribute__((noinline)) static long waits_here(size_t unused)
{
    struct pollfd end = {ends[0], POLLIN, 0};
    (void)unused;
    atomic_store(&waiting_tid, (int)dp_os_tid());
    return poll(&end, 1, -1);
}

/* Where its frame begins stands nowhere but in the frame pointer. */
__attribute__((noinline)) static long waits_in_a_large_frame(size_t bytes)
{
    struct pollfd end = {ends[0], POLLIN, 0};
    char *volatile more = alloca(bytes);
    more[0] = 0;
    atomic_store(&waiting_tid, (int)dp_os_tid());
    return poll(&end, 1, -1);
}

static void *waiting_thread(void *waits)
{
    (*(waits_function **)waits)(400);
    return NULL;
}

/* "NUMBER ARGUMENTS... SP PC": where it waits; false: it runs. */
static bool registers_of_waiting(struct dp_registers *registers)
{
    char path[64], text[256];
    snprintf(path, sizeof path, "/proc/self/task/%d/syscall", atomic_load(&waiting_tid));
    if (dp_os_read_file(path, text, sizeof text) <= 0 || text[0] == 'r')
        return false;
    char *pc = strrchr(text, ' '), *sp;
    *pc = 0;
    sp = strrchr(text, ' ');
    *registers = (struct dp_registers){strtoull(pc + 1, NULL, 16), strtoull(sp, NULL, 16),
                                       DP_REGISTER_UNKNOWN, NULL};
    return true;
}

static void walks_a_thread_that_waits(waits_function *waits, uint32_t most_reads)
{
    pthread_t thread;
    struct dp_registers registers;
    atomic_store(&waiting_tid, 0);
    CHECK(pipe(ends) == 0 && pthread_create(&thread, NULL, waiting_thread, &waits) == 0);
    while (!atomic_load(&waiting_tid) || !registers_of_waiting(&registers))
        usleep(1000);
    window = (struct dp_window){.bytes = 0};
    count = dp_walk(&registers, dp_read_window, &window, frames, MOST, &flags);
    CHECK(!(flags & DP_STACK_ENDED_EARLY), "%#x", flags);
    CHECK(is_in((const void *)waits, frames, count));
    CHECK(is_in((const void *)waiting_thread, frames, count));
    CHECK(window.reads <= most_reads, "%u system calls", window.reads);
    CHECK(write(ends[1], "x", 1) == 1 && pthread_join(thread, NULL) == 0);
}

int main(void)
{
    begin_walks();
    walks_in_a_handler();
    a_stack_that_is_cut_short();
    a_stack_that_is_corrupt();
    a_stack_that_is_endless();
    no_room_for_frames();
    a_circle_of_stacks();
    walks_a_thread_that_waits(waits_here, 4);
    walks_a_thread_that_waits(waits_in_a_large_frame, 100); /* it is searched for */
}
