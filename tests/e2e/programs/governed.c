/*
 * Calls that cost too much when each is recorded, from two threads and in a child; prints how
 * often each was called. Every thread runs for so long, and has the processor for a third of that
 * at least. governed MILLISECONDS
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define THREADS 2
#define BATCH 1000

static uint64_t until_ns, used_ns;

static uint64_t now_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

__attribute__((noinline)) uint64_t hot(uint64_t n)
{
    __asm__ volatile("");
    return n * n;
}

__attribute__((noinline)) uint64_t seldom(uint64_t n)
{
    __asm__ volatile("");
    return n + 1;
}

static void *work(void *called)
{
    uint64_t batches = 0, sum = 0, enough_ns = now_ns(CLOCK_THREAD_CPUTIME_ID) + used_ns;
    do {
        for (uint64_t i = 0; i < BATCH; i++)
            sum += hot(i);
        sum += seldom(batches++);
    } while (now_ns(CLOCK_MONOTONIC) < until_ns ||
             now_ns(CLOCK_THREAD_CPUTIME_ID) < enough_ns);
    *(uint64_t *)called = batches;
    return (void *)(uintptr_t)sum;
}

static uint64_t work_in_threads(void)
{
    pthread_t threads[THREADS];
    uint64_t batches[THREADS], sum = 0;
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, work, &batches[i]) != 0)
            exit(90);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        sum += batches[i];
    }
    return sum;
}

int main(int argc, char **argv)
{
    uint64_t ms = argc > 1 ? strtoull(argv[1], NULL, 10) : 100;
    until_ns = now_ns(CLOCK_MONOTONIC) + ms * 1000000;
    used_ns = ms * 1000000 / 3;
    uint64_t batches = work_in_threads();
    printf("hot %" PRIu64 "\nseldom %" PRIu64 "\n", batches * BATCH, batches);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        uint64_t mine = 0;
        until_ns = now_ns(CLOCK_MONOTONIC) + ms * 1000000;
        work(&mine);
        printf("child %" PRIu64 "\n", mine * BATCH);
        return 0;
    }
    int status = 0;
    waitpid(child, &status, 0);
    return status == 0 ? 0 : 91;
}
