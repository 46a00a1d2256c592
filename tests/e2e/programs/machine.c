/*
 * Does one thing that the machine's figures show: machine WHAT FILE [N]. It begins when the
 * runtime's thread has looked at the machine, and goes on until FILE is gone.
 *
 *   burn        two threads, "burner", that compute
 *   threads N   creates N threads, one after the other, then waits
 *   hold N      touches N MB, then waits
 *   rest        waits
 */
#include <deep_profile.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "steward.h"

static const char *file;

static int goes_on(void)
{
    return access(file, F_OK) == 0;
}

DEEP_PROFILE(rate=1) __attribute__((noinline)) static void step(void)
{
    for (volatile int i = 0; i < 100000; i++)
        ;
}

static void *burn(void *unused)
{
    prctl(PR_SET_NAME, "burner");
    while (goes_on())
        step();
    return unused;
}

static void *nothing(void *unused)
{
    return unused;
}

static void in_threads(void *(*run)(void *), int n, int at_once)
{
    pthread_t threads[8];
    for (int i = 0; i < n; i += at_once) {
        for (int t = 0; t < at_once; t++)
            if (pthread_create(&threads[t], NULL, run, NULL) != 0)
                exit(1);
        for (int t = 0; t < at_once; t++)
            pthread_join(threads[t], NULL);
    }
}

int main(int argc, char **argv)
{
    const char *what = argc > 2 ? argv[1] : "";
    int n = argc > 3 ? atoi(argv[3]) : 0;
    if (argc < 3)
        return 2;
    file = argv[2];
    step();
    let_steward_look();
    if (strcmp(what, "burn") == 0) {
        in_threads(burn, 2, 2);
    } else if (strcmp(what, "threads") == 0) {
        in_threads(nothing, n, 1);
    } else if (strcmp(what, "hold") == 0) {
        char *memory = malloc((size_t)n << 20);
        memset(memory, 1, (size_t)n << 20);
        __asm__ volatile("" : : "r"(memory) : "memory");
    }
    puts("done");
    fflush(stdout);
    while (goes_on())
        usleep(10000);
    return 0;
}
