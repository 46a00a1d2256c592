/* Something of everything, over and over in several threads: what a sanitizer
 * finds here is ours. sanitized ROUNDS prints one line that depends on nothing
 * but ROUNDS. */
#include <deep_profile.h>

#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS 4

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long total; /* under lock */

DEEP_PROFILE(rate=1) __attribute__((noinline)) long recorded(long n)
{
    return n < 2 ? n : recorded(n - 1) + recorded(n - 2);
}

DEEP_PROFILE(rate=0.05) __attribute__((noinline)) long sampled(const char *text)
{
    long sum = 0;
    while (*text)
        sum += *text++;
    return sum;
}

DEEP_PROFILE_CALLS() __attribute__((noinline)) long counted(long n)
{
    return n ^ 1;
}

DEEP_PROFILE_IF_SLOW(20ms, rate=1) __attribute__((noinline)) void watched(unsigned us)
{
    usleep(us);
}

DEEP_PROFILE_IF_SLOW(1us, rate=1) __attribute__((noinline)) long gated(long n)
{
    return recorded(n) + 1;
}

/* The caller frees it. */
DEEP_PROFILE_MEMORY(1KB) __attribute__((noinline)) char *allocates(size_t bytes)
{
    char *text = malloc(bytes);
    memset(text, 'a', bytes - 1);
    text[bytes - 1] = 0;
    return realloc(text, 2 * bytes);
}

DEEP_PROFILE_PRODUCTION(rate=0.5) __attribute__((noinline)) void jumps(jmp_buf back, int depth)
{
    char frame[64];
    memset(frame, depth, sizeof frame);
    __asm__ volatile("" ::"r"(frame) : "memory");
    if (depth == 0)
        longjmp(back, 1);
    jumps(back, depth - 1);
    __asm__ volatile("" ::"r"(frame) : "memory");
}

DEEP_PROFILE(rate=1, strategy=memory) __attribute__((noinline)) void adds(long n)
{
    pthread_mutex_lock(&lock);
    total += n;
    pthread_mutex_unlock(&lock);
}

static void *run(void *rounds)
{
    long sum = 0;
    for (long i = 0; i < *(long *)rounds; i++) {
        jmp_buf back;
        char *text = allocates(100 + 137 * (size_t)i % 3000);
        sum += gated(8) + sampled(text);
        free(text);
        for (long j = 0; j < 50; j++)
            sum += counted(j) + sampled("something of everything");
        if (setjmp(back) == 0)
            jumps(back, 5);
    }
    watched(30000);
    adds(sum);
    return NULL;
}

int main(int argc, char **argv)
{
    long rounds = argc > 1 ? atol(argv[1]) : 100;
    for (int again = 0; again < 2; again++) { /* the second time in lanes of the first */
        pthread_t threads[THREADS];
        for (int i = 0; i < THREADS; i++)
            pthread_create(&threads[i], NULL, run, &rounds);
        for (int i = 0; i < THREADS; i++)
            pthread_join(threads[i], NULL);
    }
    printf("sum %ld\n", total);
    return 4;
}
