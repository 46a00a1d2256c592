/*
 * Calls around a threshold, each timed by a clock of the program's own, inside the call and
 * around it. What it prints, one call a line:
 *
 *     TID START_INSIDE END_INSIDE START_AROUND END_AROUND     nanoseconds, CLOCK_MONOTONIC
 *
 * Arguments: threads, seconds, longest call in ms, spin | sleep. A spinning call waits for
 * its time to pass, so a call whose thread is stopped meanwhile lasts longer.
 */
#include <deep_profile.h>

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 4000 };

struct call {
    uint64_t start_around, start, end, end_around;
};

struct worker {
    pthread_t thread;
    uint64_t random;
    long tid;
    int n;
    struct call calls[MOST];
};

static uint64_t end_ns, longest_ns;
static int spins;

static uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

DEEP_PROFILE_IF_SLOW(50ms, rate=1) __attribute__((noinline)) void operation(struct call *call,
                                                                            uint64_t wanted_ns)
{
    call->start = now();
    if (spins) {
        while (now() < call->start + wanted_ns)
            ;
    } else {
        usleep((useconds_t)(wanted_ns / 1000));
    }
    call->end = now();
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    worker->tid = syscall(SYS_gettid);
    while (worker->n < MOST && now() < end_ns) {
        struct call *call = &worker->calls[worker->n++];
        worker->random = worker->random * 6364136223846793005u + 1442695040888963407u;
        call->start_around = now();
        operation(call, (worker->random >> 33) % longest_ns);
        call->end_around = now();
    }
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc < 5)
        return 2;
    int threads = atoi(argv[1]);
    struct worker *workers = calloc((size_t)threads, sizeof *workers);
    longest_ns = (uint64_t)atoi(argv[3]) * 1000000;
    spins = strcmp(argv[4], "spin") == 0;
    end_ns = now() + (uint64_t)(atof(argv[2]) * 1e9);
    for (int i = 0; workers && i < threads; i++) {
        workers[i].random = (uint64_t)i * 0x9e3779b97f4a7c15u;
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            return 3;
    }
    for (int i = 0; i < threads; i++)
        pthread_join(workers[i].thread, NULL);
    for (int i = 0; i < threads; i++)
        for (int c = 0; c < workers[i].n; c++) {
            struct call *call = &workers[i].calls[c];
            printf("%ld %llu %llu %llu %llu\n", workers[i].tid, (unsigned long long)call->start,
                   (unsigned long long)call->end, (unsigned long long)call->start_around,
                   (unsigned long long)call->end_around);
        }
    free(workers);
    return 0;
}
