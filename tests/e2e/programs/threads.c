/* Short-lived threads one after another and at once, and one that still runs
 * when the program ends, after 50 ms. threads N AT_ONCE CALLS [long]
 *
 * long: it ends when the runtime's thread had the time to report all that was counted, and
 * prints when that was, in nanoseconds of the wall clock. */
#include <deep_profile.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "steward.h"

static int calls;
static atomic_bool runs_on;

DEEP_PROFILE_CALLS() __attribute__((noinline)) void counted(void)
{
    __asm__ volatile("");
}

DEEP_PROFILE(rate=1) __attribute__((noinline)) void recorded(void)
{
    __asm__ volatile("");
}

static void *run(void *unused)
{
    for (int i = 0; i < calls; i++)
        counted();
    recorded();
    return unused;
}

static void *run_on(void *unused)
{
    counted();
    recorded();
    atomic_store(&runs_on, true);
    for (;;)
        usleep(1000);
    return unused;
}

int main(int argc, char **argv)
{
    int threads = atoi(argv[1]), at_once = atoi(argv[2]);
    pthread_t ids[1000], last;
    calls = atoi(argv[3]);
    for (int done = 0; done < threads; done += at_once) {
        for (int i = 0; i < at_once; i++)
            pthread_create(&ids[i], NULL, run, NULL);
        for (int i = 0; i < at_once; i++)
            pthread_join(ids[i], NULL);
    }
    pthread_create(&last, NULL, run_on, NULL);
    while (!atomic_load(&runs_on))
        usleep(1000);
    usleep(50000);
    if (argc > 4) {
        struct timespec now;
        let_steward_look();
        usleep(100000);
        let_steward_look();
        usleep(10000);
        clock_gettime(CLOCK_REALTIME, &now);
        printf("at %lld\n", now.tv_sec * 1000000000LL + now.tv_nsec);
    }
    puts("done");
    return 7;
}
