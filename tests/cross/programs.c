/* Sampled, slow, counted and memory-counted calls, whose numbers the test knows. */
#include <deep_profile.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#ifndef ANNOTATED
#undef DEEP_PROFILE
#undef DEEP_PROFILE_IF_SLOW
#undef DEEP_PROFILE_CALLS
#undef DEEP_PROFILE_MEMORY
#define DEEP_PROFILE(...)
#define DEEP_PROFILE_IF_SLOW(...)
#define DEEP_PROFILE_CALLS(...)
#define DEEP_PROFILE_MEMORY(...)
#endif

static jmp_buf out;

DEEP_PROFILE(rate=1) __attribute__((noipa)) static double work(int n)
{
    volatile double sum = 0;
    for (int i = 0; i < n; i++)
        sum += i * 0.5;
    return sum;
}

DEEP_PROFILE_IF_SLOW(100ms, rate=1) __attribute__((noipa)) static void waits(int ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&time, NULL);
}

DEEP_PROFILE_CALLS() __attribute__((noipa)) static int counted(int n)
{
    return n < 2 ? n : counted(n - 1) + counted(n - 2);
}

DEEP_PROFILE_MEMORY(threshold=1KB) __attribute__((noipa)) static void *allocates(size_t bytes)
{
    return malloc(bytes);
}

DEEP_PROFILE(rate=1) __attribute__((noipa)) static void leaves(int value)
{
    longjmp(out, value);
}

static void *thread(void *unused)
{
    for (int i = 0; i < 100; i++)
        work(10);
    return unused;
}

int main(int argc, char **argv)
{
    pthread_t other;
    double sum = 0;
    (void)argv;
    pthread_create(&other, NULL, thread, NULL);
    for (int i = 0; i < 900; i++)
        sum += work(10);
    pthread_join(other, NULL);
    waits(1);
    waits(300);
    int calls = counted(15);
    free(allocates(4096));
    if (setjmp(out) == 0)
        leaves(1);
    printf("%g %d\n", sum, calls);
    fflush(stdout);
    if (argc > 1)
        _exit(0); /* as if killed: nothing is finished */
    return 0;
}
