/* Functions that allocate, and call others that do: ten times three blocks of 1,000 bytes in
 * `outer` itself and five of 100 in `inner`. With an argument every second `inner` is left by
 * longjmp, and `apart` is no part of it. Compiled with -DANNOTATED: only a part of the calls of
 * `inner` is counted. */
#include <deep_profile.h>

#include <setjmp.h>
#include <stdlib.h>

static void *(*volatile allocate)(size_t) = malloc;
static jmp_buf back;
static volatile int leaves;

#ifdef ANNOTATED
DEEP_PROFILE_MEMORY() void outer(int round);
DEEP_PROFILE(rate=0.5, strategy=memory, check_load=false) void inner(int round);
#endif

__attribute__((noinline)) void inner(int round)
{
    for (int i = 0; i < 5; i++)
        free(allocate(100));
    if (leaves && round % 2)
        longjmp(back, 1);
}

__attribute__((noinline)) void middle(int round)
{
    inner(round);
    __asm__ volatile("");
}

__attribute__((noinline)) void outer(int round)
{
    void *blocks[3];

    for (int i = 0; i < 3; i++)
        blocks[i] = allocate(1000);
    if (setjmp(back) == 0)
        middle(round);
    for (int i = 0; i < 3; i++)
        free(blocks[i]);
}

__attribute__((noinline)) void apart(void)
{
    free(allocate(2000));
}

int main(int argc, char **argv)
{
    (void)argv;
    leaves = argc > 1;
    for (int round = 0; round < 10; round++) {
        outer(round);
        apart();
    }
    return 0;
}
