/* Runs for some seconds: threads start and end, calls are recorded, watched, counted and
 * sampled. Prints a line a second: resident KB, mappings, descriptors.
 * soak SECONDS */
#include <deep_profile.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "../../own_resources.h"

DEEP_PROFILE(rate=1, check_load=false) __attribute__((noinline)) static void recorded(void)
{
    __asm__ volatile("");
}

DEEP_PROFILE_MEMORY(1B) __attribute__((noinline)) static void allocates(size_t bytes)
{
    char *volatile text = malloc(bytes);
    free(text);
}

DEEP_PROFILE_CALLS() __attribute__((noinline)) static void counted(void)
{
    __asm__ volatile("");
}

DEEP_PROFILE_IF_SLOW(5ms, rate=1) __attribute__((noinline)) static void watched(unsigned us)
{
    usleep(us);
}

static void *work(void *unused)
{
    for (int i = 0; i < 500; i++) {
        recorded();
        counted();
    }
    for (int i = 0; i < 20; i++)
        allocates(100 + (size_t)i * 50);
    watched(10000);
    return unused;
}

static void look(void)
{
    struct own_resources own = own_resources();
    printf("%ld %ld %ld\n", own.resident_bytes / 1024, own.mappings, own.descriptors);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    time_t now = time(NULL), end = now + (argc > 1 ? atoi(argv[1]) : 10);
    for (time_t printed = now; now < end; now = time(NULL)) {
        pthread_t threads[4];
        for (int i = 0; i < 4; i++)
            pthread_create(&threads[i], NULL, work, NULL);
        for (int i = 0; i < 4; i++)
            pthread_join(threads[i], NULL);
        if (now != printed)
            look();
        printed = now;
    }
    return 0;
}
