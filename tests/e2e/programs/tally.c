/*
 * Recorded calls from several threads, each counted in a mapping of the test's
 * own after it returned: what a reader must find when we are killed. The mapping
 * is one {tid, count} for each thread. tally FILE THREADS
 */
#include <deep_profile.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

struct tally {
    uint64_t tid;
    volatile uint64_t count;
};

static struct tally *tallies;

DEEP_PROFILE(rate=1) __attribute__((noinline)) void work(int n)
{
    for (volatile int i = 0; i < n; i++)
        ;
}

static void *run(void *argument)
{
    struct tally *mine = argument;
    mine->tid = (uint64_t)syscall(SYS_gettid);
    for (int i = 0;; i++) {
        work(i % 500);
        mine->count++;
    }
    return NULL;
}

int main(int argc, char **argv)
{
    int threads = argc > 2 ? atoi(argv[2]) : 1;
    int fd = argc > 2 ? open(argv[1], O_RDWR) : -1;
    pthread_t thread;
    tallies = mmap(NULL, (size_t)threads * sizeof *tallies, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (tallies == MAP_FAILED)
        return 1;
    puts("ready");
    fflush(stdout);
    for (int i = 0; i < threads; i++)
        pthread_create(&thread, NULL, run, &tallies[i]);
    pause();
    return 0;
}
