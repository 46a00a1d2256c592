/*
 * Causes one kind of trouble, or none: alerts WHAT FILE. Goes on until FILE is gone.
 *
 *   threads   creates threads all the time, twenty of them each millisecond
 *   grow      holds more and more memory, in steps of 64 KB
 *   lock      two threads hold a lock for 100 ms at a time, and wait for each other
 *   burn N    N threads compute
 *   none      a little of everything, and gives it back
 */
#include <deep_profile.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *file;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int goes_on(void)
{
    return access(file, F_OK) == 0;
}

DEEP_PROFILE(rate=1) __attribute__((noinline)) static void step(void)
{
    for (volatile int i = 0; i < 100000; i++)
        ;
}

static atomic_int live;

static void *nothing(void *unused)
{
    live--;
    return unused;
}

/* Nobody waits for them: how soon they run does not matter. */
static void create(int n)
{
    pthread_t thread;
    for (int i = 0; i < n && live < 64; i++) {
        live++;
        if (pthread_create(&thread, NULL, nothing, NULL) == 0)
            pthread_detach(thread);
        else
            live--;
    }
}

static void *burn(void *unused)
{
    while (goes_on())
        for (int i = 0; i < 100; i++)
            step();
    return unused;
}

__attribute__((noinline)) static void *leak(size_t bytes)
{
    char *memory = malloc(bytes);
    if (memory)
        memset(memory, 1, bytes);
    __asm__ volatile("" : : "r"(memory) : "memory");
    return memory;
}

/* Whoever waits for the lock is slow for its holder's sake. */
DEEP_PROFILE_IF_SLOW(50ms, rate=1) __attribute__((noinline)) static void take_turns(void)
{
    pthread_mutex_lock(&lock);
    usleep(100000);
    pthread_mutex_unlock(&lock);
}

static void *contend(void *unused)
{
    while (goes_on())
        take_turns();
    return unused;
}

static void in_threads(void *(*run)(void *), int n)
{
    pthread_t threads[64];
    n = n > 64 ? 64 : n;
    for (int i = 0; i < n; i++)
        if (pthread_create(&threads[i], NULL, run, NULL) != 0)
            exit(1);
    for (int i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
}

int main(int argc, char **argv)
{
    const char *what = argc > 2 ? argv[1] : "";
    if (argc < 3)
        return 2;
    file = argv[2];
    step();
    if (strcmp(what, "burn") == 0)
        in_threads(burn, argc > 3 ? atoi(argv[3]) : 2);
    if (strcmp(what, "lock") == 0)
        in_threads(contend, 2);
    while (goes_on()) {
        if (strcmp(what, "threads") == 0)
            create(20);
        else if (strcmp(what, "grow") == 0)
            leak(64 << 10);
        else if (strcmp(what, "none") == 0)
            free(leak(256 << 10));
        usleep(strcmp(what, "grow") == 0 ? 20000 : 1000);
    }
    return 0;
}
