/* Forced unwinding through C: thread exit and cancellation pass the exits.
 * options: -fexceptions -pthread */
#include <deep_profile.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fake_runtime.h"

#ifdef GATES_IN_TEXT /* what unwinds is not known in C: such a call has returned */
enum { UNWOUND = 0 };
#else
enum { UNWOUND = 1 };
#endif

static int cleaned;
static void clean(int *p)
{
    cleaned += *p;
}

DEEP_PROFILE() __attribute__((noinline)) void *ends_thread(void *p)
{
    int guard __attribute__((cleanup(clean))) = 1;
    if (p)
        pthread_exit(p);
    return (char *)p + guard;
}

DEEP_PROFILE() static void *body(void *p)
{
    return ends_thread(p);
}

DEEP_PROFILE() static void *waits(void *p)
{
    for (;;)
        pause();
    return p;
}

int main(void)
{
    pthread_t thread;
    void *result;
    EXPECT(pthread_create(&thread, NULL, body, &cleaned) == 0);
    EXPECT(pthread_join(thread, &result) == 0 && result == &cleaned);
    EXPECT(fake_find("ends_thread")->unwound == UNWOUND);
    EXPECT(fake_find("body")->unwound == UNWOUND);
    EXPECT(fake_find("body")->exits == 1 && cleaned == 1);
    EXPECT(pthread_create(&thread, NULL, waits, NULL) == 0);
    EXPECT(pthread_cancel(thread) == 0 && pthread_join(thread, &result) == 0);
    EXPECT(result == PTHREAD_CANCELED);
    EXPECT(fake_find("waits")->enters == fake_find("waits")->exits);
    EXPECT(fake_find("waits")->unwound == UNWOUND * fake_find("waits")->exits);
    EXPECT(body(NULL) == (void *)1 && fake_find("body")->unwound == UNWOUND);
    return fake_finish();
}
