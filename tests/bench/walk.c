/*
 * What a walk of 20 frames costs, and the tables it needs: `meson test --benchmark walk`.
 *
 * In a signal handler, when the same code was walked before, and for the first time; of
 * a thread that waits, from its two registers; medians. And the time and the memory that the
 * tables of a program with libc and libstdc++ take.
 */
#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory_ceiling.h"
#include "base/os.h"
#include "sampling/modules.h"
#include "sampling/readers.h"
#include "sampling/view.h"
#include "sampling/walk.h"

enum { FRAMES = 20, ROUNDS = 2001, COLD = 51, MOST = 64 };

static uint64_t frames[MOST], times[ROUNDS];
static uint32_t flags, count;

static int ascending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void say(const char *what, int taken, bool has_frames)
{
    qsort(times, (size_t)taken, sizeof *times, ascending);
    printf("%-40s %6.2f us (a tenth below %.2f, a tenth above %.2f)", what,
           (double)times[taken / 2] / 1e3, (double)times[taken / 10] / 1e3,
           (double)times[taken * 9 / 10] / 1e3);
    if (has_frames)
        printf(", %u frames, flags %#x", count, flags);
    printf("\n");
}

static void ignore(const struct dp_module *module, bool gone)
{
    (void)module, (void)gone;
}

static int rounds = ROUNDS;
static uint64_t first_ns; /* of the first walk in the handler */

static void handler(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info;
    struct dp_registers from;
    uintptr_t low;
    size_t bytes;
    dp_os_stack(&low, &bytes);
    dp_walk_from_context(&from, context);
    struct dp_direct stack = {from.sp, low + bytes, NULL};
    for (int i = 0; i < rounds; i++) {
        uint64_t start = dp_os_monotonic_ns();
        count = dp_walk(&from, dp_read_direct, &stack, frames, FRAMES, &flags);
        times[i] = dp_os_monotonic_ns() - start;
    }
    first_ns = times[0];
}

__attribute__((noinline)) static int deep(int depth, int (*innermost)(void))
{
    volatile int room[8] = {depth};
    return depth ? deep(depth - 1, innermost) + room[0] : innermost();
}

static int signalled(void)
{
    return raise(SIGUSR1);
}

static int ends[2];
static _Atomic int waiting_tid;

static int waits(void)
{
    struct pollfd end = {ends[0], POLLIN, 0};
    atomic_store(&waiting_tid, (int)dp_os_tid());
    return poll(&end, 1, -1);
}

static void *waiting_thread(void *argument)
{
    deep(FRAMES - 5, waits);
    return argument;
}

static struct dp_registers registers_of_waiting(void)
{
    char path[64], text[256];
    snprintf(path, sizeof path, "/proc/self/task/%d/syscall", atomic_load(&waiting_tid));
    if (dp_os_read_file(path, text, sizeof text) <= 0)
        exit(1);
    char *pc = strrchr(text, ' ');
    *pc = 0;
    char *sp = strrchr(text, ' ');
    return (struct dp_registers){strtoull(pc + 1, NULL, 16), strtoull(sp, NULL, 16),
                                 DP_REGISTER_UNKNOWN, NULL};
}

static void walk_waiting(void)
{
    pthread_t thread;
    uint32_t reads = 0;
    if (pipe(ends) != 0 || pthread_create(&thread, NULL, waiting_thread, NULL) != 0)
        exit(1);
    while (!atomic_load(&waiting_tid))
        ;
    usleep(100000);
    struct dp_registers from = registers_of_waiting();
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t start = dp_os_monotonic_ns();
        struct dp_window window;
        window.bytes = window.reads = 0;
        window.address = 0;
        count = dp_walk(&from, dp_read_window, &window, frames, FRAMES, &flags);
        times[i] = dp_os_monotonic_ns() - start;
        reads = window.reads;
    }
    say("of a thread that waits", ROUNDS, true);
    printf("%-40s %6u\n", "  system calls for it", reads);
}

static void make_tables(void)
{
    struct dp_modules_size size;
    uint64_t start = dp_os_thread_cpu_ns();
    dp_modules_refresh(ignore);
    uint64_t made = dp_os_thread_cpu_ns();
    dp_modules_measure(&size);
    printf("%-40s %6.2f ms of CPU, %lu bytes, %u rows, %u modules\n", "tables",
           (double)(made - start) / 1e6, size.table_bytes, size.rows, size.tables);
}

static void refresh_again(void)
{
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t start = dp_os_monotonic_ns();
        dp_modules_refresh(ignore);
        times[i] = dp_os_monotonic_ns() - start;
    }
    say("a refresh that finds nothing new", ROUNDS, false);
}

/* The tables are new each time: no answer is kept, nothing is in the processor's caches. */
static void walk_cold(void)
{
    uint64_t first[COLD];
    rounds = 1;
    for (int i = 0; i < COLD; i++) {
        dp_modules_reset();
        dp_memory_ceiling_reset();
        dp_modules_refresh(ignore);
        deep(FRAMES - 6, signalled);
        first[i] = first_ns;
    }
    memcpy(times, first, sizeof first);
    say("in a signal handler, the first ever", COLD, true);
}

int main(void)
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    if (!dlopen("libstdc++.so.6", RTLD_NOW))
        return 77;
    dp_memory_ceiling_init();
    make_tables();
    refresh_again();
    sigaction(SIGUSR1, &action, NULL);
    deep(FRAMES - 6, signalled);
    say("in a signal handler", ROUNDS, true);
    walk_waiting();
    walk_cold();
}
