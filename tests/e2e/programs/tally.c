/*
 * Threads that make recorded calls, and write how far each has got into a mapping of the test's,
 * which outlives this process: what a reader must find when we are killed.
 *
 *     tally FILE THREADS [HOW AFTER]
 *
 * HOW: what the first thread does after AFTER calls: abort, overflow (the stack),
 * segv, _exit, kill (SIGKILL to ourselves), exec, or memory (takes it until
 * somebody ends us). Without it the test kills us.
 *
 * The calls of a thread return in one fixed order, which killed.py knows too:
 *
 *     leaf, leaf, outer, again, again, again, leaf, leaf, outer, ...
 */
#include <deep_profile.h>

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))

enum function { LEAF = 1, OUTER, AGAIN, OVERFLOW, WAITS };

/* Of one thread. `returned` goes up when a call has returned; open[0 .. depth) are
 * the calls that we are inside of. */
struct tally {
    uint64_t tid;
    volatile uint64_t returned;
    volatile uint64_t depth;
    volatile uint8_t open[8];
};

static struct tally *tallies;
static const char *how = "";
static uint64_t after;
static _Thread_local struct tally *mine;

static void inside(enum function function)
{
    uint64_t depth = mine->depth;
    mine->open[depth % sizeof mine->open] = function;
    mine->depth = depth + 1;
}

static void outside(void)
{
    mine->depth--;
}

static void returned(void)
{
    mine->returned++;
}

DEEP_PROFILE(rate=1) NOINLINE void leaf(int n)
{
    inside(LEAF);
    for (volatile int i = 0; i < n; i++)
        ;
    outside();
}

DEEP_PROFILE(rate=1) NOINLINE void outer(int n)
{
    inside(OUTER);
    leaf(n);
    returned();
    outside();
}

DEEP_PROFILE(rate=1) NOINLINE void again(int deeper)
{
    inside(AGAIN);
    if (deeper) {
        again(deeper - 1);
        returned();
    }
    outside();
}

DEEP_PROFILE(rate=1) NOINLINE int overflow(int depth)
{
    volatile char frame[1024];
    frame[0] = (char)depth;
    if (mine->depth < 3)
        inside(OVERFLOW);
    return overflow(depth + 1) + frame[0];
}

DEEP_PROFILE_IF_SLOW(50ms) NOINLINE void waits(void)
{
    inside(WAITS);
    for (;;)
        pause();
}

/* Each write is a page of our own; ends when the kernel has had enough of it. */
static void take_memory(void)
{
    for (;;) {
        char *memory = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED)
            raise(SIGKILL);
        memset(memory, 1, 1 << 20);
    }
}

static void end(void)
{
    if (strcmp(how, "abort") == 0)
        abort();
    if (strcmp(how, "overflow") == 0)
        overflow(0);
    if (strcmp(how, "segv") == 0)
        *(volatile int *)8 = 0;
    if (strcmp(how, "_exit") == 0)
        _exit(0);
    if (strcmp(how, "exec") == 0)
        execl("/bin/sleep", "sleep", "60", NULL);
    if (strcmp(how, "memory") == 0)
        take_memory();
    raise(SIGKILL);
}

static void *run(void *argument)
{
    mine = argument;
    mine->tid = (uint64_t)syscall(SYS_gettid);
    for (int i = 0;; i++) {
        leaf(i % 3000);
        returned();
        outer(i % 500);
        returned();
        again(2);
        returned();
        if (mine == tallies && *how && mine->returned >= after)
            end();
    }
    return NULL;
}

int main(int argc, char **argv)
{
    int threads = argc > 2 ? atoi(argv[2]) : 1;
    int fd = argc > 2 ? open(argv[1], O_RDWR) : -1;
    pthread_t thread;
    if (argc > 4) {
        how = argv[3];
        after = strtoull(argv[4], NULL, 10);
    }
    tallies = mmap(NULL, ((size_t)threads + 1) * sizeof *tallies, PROT_READ | PROT_WRITE,
                   MAP_SHARED, fd, 0);
    if (tallies == MAP_FAILED)
        return 1;
    puts("ready");
    fflush(stdout);
    for (int i = 0; i < threads; i++)
        pthread_create(&thread, NULL, run, &tallies[i]);
    mine = &tallies[threads];
    mine->tid = (uint64_t)getpid();
    waits();
    return 0;
}
