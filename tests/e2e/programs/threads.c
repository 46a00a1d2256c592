/* Short-lived threads one after another and at once, and one that still runs
 * when the program ends, after 50 ms or 400 ms. threads N AT_ONCE CALLS [long] */
#include <deep_profile.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int calls;

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
    usleep(argc > 4 ? 400000 : 50000);
    puts("done");
    return 7;
}
