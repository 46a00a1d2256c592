/* A program with something of every attribute; real.py says how often. */
#include <deep_profile.h>

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static _Thread_local volatile unsigned sink;
static jmp_buf out;

DEEP_PROFILE(rate=1, strategy=memory, check_load=false, metadata=team:blue)
__attribute__((noinline)) char *allocate(size_t size)
{
    char *memory = malloc(size);

    memset(memory, 1, size);
    return memory;
}

DEEP_PROFILE(rate=0.2, check_load=false)
__attribute__((noinline)) int chosen(int x)
{
    return 7 * x;
}

DEEP_PROFILE_IF_SLOW(5ms, rate=1)
__attribute__((noinline)) void nap(unsigned ms)
{
    usleep(1000 * ms);
}

DEEP_PROFILE_CALLS()
__attribute__((noinline)) int counted(int x)
{
    return x + 1;
}

DEEP_PROFILE_MEMORY(threshold=1KB)
__attribute__((noinline)) void *keep(size_t size)
{
    return malloc(size);
}

DEEP_PROFILE(rate=1, check_load=false)
__attribute__((noinline)) void leave(void)
{
    longjmp(out, 1);
}

DEEP_PROFILE(rate=1, check_load=false)
__attribute__((noinline)) void enclose(void)
{
    if (!setjmp(out))
        leave();
}

DEEP_PROFILE_PRODUCTION(rate=0.5, check_load=false)
__attribute__((noinline)) int pay(int x)
{
    return x ^ 1;
}

DEEP_PROFILE(rate=1, env=prod, check_load=false)
__attribute__((noinline)) int elsewhere(int x)
{
    return x ^ 1;
}

static void *work(void *unused)
{
    for (int i = 0; i < 20000; i++)
        sink += (unsigned)(chosen(i) + counted(i) + pay(i));
    nap(20);
    return unused;
}

static void end(const char *how)
{
    if (strcmp(how, "_exit") == 0)
        _exit(3);
    if (strcmp(how, "kill") == 0)
        raise(SIGKILL);
    if (strcmp(how, "hang") == 0)
        nap(100000);
}

int main(int argc, char **argv)
{
    pthread_t threads[3];

    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, work, NULL);
    for (size_t i = 0; i < 20; i++)
        free(allocate(1000 + i));
    free(keep(100));
    free(keep(5000));
    enclose();
    sink += (unsigned)elsewhere(1);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    if (argc > 1)
        end(argv[1]);
    return 0;
}
