/*
 * Threads that end as soon as they have begun, again and again: short_threads TALLY
 * [THREADS CALLS ROUNDS PAUSE_US [together]]. ROUNDS times THREADS threads at once, each of which
 * makes CALLS calls; 0 rounds: until the file TALLY is removed; together: none ends before all
 * have made theirs. In TALLY, as a 64-bit word: calls of threads that have been joined.
 */
#include <deep_profile.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MOST_THREADS = 4096 };

static long calls = 20;
static bool together;
static pthread_barrier_t all_have_called;

DEEP_PROFILE(rate=1) __attribute__((noinline)) static void work(void)
{
    __asm__ volatile("" ::: "memory");
}

static void *run(void *unused)
{
    (void)unused;
    for (long i = 0; i < calls; i++)
        work();
    if (together)
        pthread_barrier_wait(&all_have_called);
    return NULL;
}

int main(int argc, char **argv)
{
    static pthread_t threads[MOST_THREADS];
    long count = argc > 2 ? atol(argv[2]) : 4, rounds = argc > 4 ? atol(argv[4]) : 0;
    useconds_t pause_us = argc > 5 ? (useconds_t)atol(argv[5]) : 200;
    int fd = argc > 1 ? open(argv[1], O_RDWR | O_CREAT | O_TRUNC, 0600) : -1;

    calls = argc > 3 ? atol(argv[3]) : calls;
    together = argc > 6;
    pthread_barrier_init(&all_have_called, NULL, (unsigned)count);
    if (fd < 0 || count > MOST_THREADS || ftruncate(fd, 4096) < 0)
        return 2;
    uint64_t *tally = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (tally == MAP_FAILED)
        return 2;
    for (long round = 0; rounds ? round < rounds : access(argv[1], F_OK) == 0; round++) {
        long made = 0;
        while (made < count && pthread_create(&threads[made], NULL, run, NULL) == 0)
            made++;
        if (together && made < count)
            return 3;
        for (long i = 0; i < made; i++)
            pthread_join(threads[i], NULL);
        __atomic_fetch_add(tally, (uint64_t)(made * calls), __ATOMIC_RELEASE);
        usleep(pause_us);
    }
    return 0;
}
