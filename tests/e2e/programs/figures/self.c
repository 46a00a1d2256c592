/*
 * Functions whose own time, without that of what they call, the program measures itself:
 * self MODE. For each function it prints "FUNCTION NS", which its clock showed inside; where
 * the clock was read around the calls, too, also "FUNCTION_most NS": that time, less what is known
 * of the calls below.
 */
#include <deep_profile.h>

#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { PARENT, CHILD, RECURSE, LEAVE, RARE, FUNCTIONS };

static const char *const names[] = {"parent", "child", "recurse", "leave", "rare"};
static uint64_t own_ns[FUNCTIONS], around_ns[FUNCTIONS];
static jmp_buf back;

static uint64_t now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Works until a clock says so; the whole of it is the calling function's own time. */
static void work(int function, uint64_t ns)
{
    uint64_t start = now(), end;

    while ((end = now()) < start + ns)
        ;
    own_ns[function] += end - start;
}

DEEP_PROFILE(rate=1, check_load=true) __attribute__((noinline)) void child(void)
{
    work(CHILD, 200000);
}

DEEP_PROFILE() __attribute__((noinline)) void recurse(int depth, uint64_t ns)
{
    work(RECURSE, ns);
    if (depth > 1)
        recurse(depth - 1, ns);
}

DEEP_PROFILE() __attribute__((noinline)) void leave(void)
{
    work(LEAVE, 200000);
    longjmp(back, 1);
}

DEEP_PROFILE() __attribute__((noinline)) void rare(void)
{
    work(RARE, 200000);
}

DEEP_PROFILE(rate=1, check_load=false) __attribute__((noinline)) void parent(const char *mode)
{
    work(PARENT, 50000);
    if (strcmp(mode, "leave") == 0 && setjmp(back) == 0)
        leave();
    else if (strcmp(mode, "rare") == 0)
        rare();
    else {
        uint64_t start = now();
        child();
        around_ns[CHILD] += now() - start;
    }
}

/* For as long as the load gate needs to close, and some time after that. */
static void long_enough(const char *mode)
{
    uint64_t end = now() + 900000000;

    while (now() < end)
        parent(mode);
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";

    uint64_t start = now();
    if (strcmp(mode, "recurse") == 0)
        for (int i = 0; i < 200; i++)
            recurse(20, 20000);
    else if (strcmp(mode, "deep") == 0)
        recurse(600, 50000);
    else if (strcmp(mode, "load") == 0)
        long_enough(mode);
    else
        for (int i = 0; i < 200; i++)
            parent(mode);
    around_ns[own_ns[RECURSE] ? RECURSE : PARENT] = now() - start;
    around_ns[PARENT] -= around_ns[PARENT] ? own_ns[CHILD] : 0;
    for (int i = 0; i < FUNCTIONS; i++) {
        if (own_ns[i])
            printf("%s %llu\n", names[i], (unsigned long long)own_ns[i]);
        if (around_ns[i])
            printf("%s_most %llu\n", names[i], (unsigned long long)around_ns[i]);
    }
    return 0;
}
