/*
 * A slow call that is blocked in a chain of functions whose names and lines are known: in
 * this file, and in a library when NAMED_LIBRARY says which. Compiled as C and as C++.
 *
 * The lines of the chain end with a word that names.py looks for.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <time.h>

#include <deep_profile.h>

#include "steward.h"

#ifdef __cplusplus
namespace shop {
#endif

static void rest(void)
{
    struct timespec time = {0, 150000000};
    int tid = steward_tid();
    for (int twice = 0; twice < 2; twice++)
        for (long begin = steward_sleeps(tid), now = begin; now < begin + 3;) {
            nanosleep(&time, NULL); /* line: rest */
            now = tid ? steward_sleeps(tid) : begin + 3;
        }
}

static inline __attribute__((always_inline)) void wait_for_goods(void)
{
    rest(); /* line: wait_for_goods */
    __asm__ volatile("");
}

#ifdef LIBRARY
#ifdef __cplusplus
}
#endif
__attribute__((visibility("default"))) void deliver(void);
void deliver(void)
{
    wait_for_goods(); /* line: deliver */
    __asm__ volatile("");
}
#else

static __attribute__((noinline)) void stock(int shelves)
{
    if (shelves > 0)
        wait_for_goods(); /* line: stock */
    __asm__ volatile("");
}

DEEP_PROFILE_IF_SLOW(50ms, rate=1)
static int order(const char *library)
{
    if (library) {
        void *handle = dlopen(library, RTLD_NOW);
        void (*deliver)(void) = NULL;
        if (handle)
            *(void **)&deliver = dlsym(handle, "deliver");
        if (!deliver)
            return 1;
        deliver(); /* line: order of the library */
    } else {
        stock(3); /* line: order */
    }
    return 0;
}

#ifdef __cplusplus
}
using shop::order;
#endif

int main(int argc, char **argv)
{
    int failed = order(argc > 1 ? argv[1] : NULL); /* line: main */
    puts(failed ? "no library" : "ordered");
    return failed;
}
#endif
