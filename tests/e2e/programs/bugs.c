/* Bugs in annotated functions, which the sanitizers must find although the program is profiled.
 * bugs address | undefined | thread | leak */
#include <deep_profile.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static long shared;
static void *volatile forgotten;

DEEP_PROFILE(rate=1) __attribute__((noinline)) static int touches_freed(char *text)
{
    free(text);
    return *(volatile char *)text;
}

DEEP_PROFILE(rate=1) __attribute__((noinline)) static int overflows(int n)
{
    return n + 2147483647;
}

DEEP_PROFILE(rate=1) __attribute__((noinline)) static void *races(void *unused)
{
    for (int i = 0; i < 100; i++) {
        shared++;
        usleep(100); /* so that both threads run at once: our lock would order calls one by one */
    }
    return unused;
}

DEEP_PROFILE(rate=1) __attribute__((noinline)) static void leaks(void)
{
    forgotten = malloc(1234);
    forgotten = NULL;
}

/* Copies of the pointer stay on the stack, and a search for leaks takes them for uses. So they are
 * left deeper than it searches. */
__attribute__((noinline)) static void leaks_far_below(void)
{
    volatile char room[1 << 18];
    room[0] = 0;
    leaks();
    room[1] = 0;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    if (strcmp(argv[1], "address") == 0)
        return touches_freed(strdup("text"));
    if (strcmp(argv[1], "undefined") == 0)
        return overflows(argc) == 0;
    if (strcmp(argv[1], "leak") == 0)
        leaks_far_below();
    if (strcmp(argv[1], "thread") == 0) {
        pthread_t threads[2];
        for (int i = 0; i < 2; i++)
            pthread_create(&threads[i], NULL, races, NULL);
        for (int i = 0; i < 2; i++)
            pthread_join(threads[i], NULL);
    }
    return 0;
}
