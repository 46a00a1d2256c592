/*
 * Frames of every kind, for tests/e2e/walk.py: between zoo_begin() and zoo_end() the program is
 * stepped through, and at every stop our walk is compared with gdb's.
 *
 * With -DPLUGIN every function is profiled.
 */
#include <alloca.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#ifdef PLUGIN
#include <deep_profile.h>
#else
#define DEEP_PROFILE(...)
#endif

#define NOINLINE __attribute__((noinline, noclone))

volatile int zero;
int sink;

NOINLINE void zoo_begin(const char *name)
{
    __asm__ volatile("" : : "r"(name) : "memory");
}

NOINLINE void zoo_end(void)
{
    __asm__ volatile("" ::: "memory");
}

DEEP_PROFILE(rate=1)
NOINLINE static int leaf(int x)
{
    return x * 3 + zero;
}

/* Many registers in use: pushed and popped one by one. */
DEEP_PROFILE(rate=1)
NOINLINE static int busy(int a, int b, int c, int d)
{
    int e = leaf(a), f = leaf(b), g = leaf(c), h = leaf(d);
    int i = leaf(e + f), j = leaf(g + h);
    return a + b + c + d + e + f + g + h + i + j;
}

DEEP_PROFILE(rate=1)
NOINLINE static int recursion(int depth)
{
    char room[24];
    memset(room, depth, sizeof room);
    return depth ? recursion(depth - 1) + room[zero] : busy(1, 2, 3, 4);
}

DEEP_PROFILE(rate=1)
NOINLINE static int grown(int bytes)
{
    volatile char *room = alloca((size_t)bytes);
    char variable[bytes + 3];
    room[0] = (char)bytes;
    memset(variable, 1, sizeof variable);
    return recursion(2) + room[0] + variable[zero];
}

DEEP_PROFILE(rate=1)
NOINLINE static int realigned(int x)
{
    _Alignas(64) volatile char room[192];
    room[0] = (char)x;
    return grown(100 + x) + room[0];
}

/* Both at once: the frame is reached through a third register. */
DEEP_PROFILE(rate=1)
NOINLINE static int realigned_and_grown(int x)
{
    _Alignas(128) volatile char room[128];
    volatile char *more = alloca((size_t)x + 40);
    room[0] = more[0] = (char)x;
    return realigned(x) + room[0] + more[0];
}

DEEP_PROFILE(rate=1)
NOINLINE static int large(int x)
{
    volatile char room[40000];
    room[x] = 1;
    return leaf(x) + room[x];
}

NOINLINE static int tail_end(int x)
{
    return leaf(x) + 1;
}

NOINLINE static int tail(int x)
{
    return x & 1 ? tail_end(x) : busy(x, x, x, x);
}

/* Arguments that do not fit into registers are pushed. */
DEEP_PROFILE(rate=1)
NOINLINE static int many(int a, int b, int c, int d, int e, int f, int g, int h, int i, int j)
{
    return leaf(a + b + c + d + e + f + g + h + i + j);
}

static int compare(const void *a, const void *b)
{
    return leaf(*(const int *)a) - leaf(*(const int *)b);
}

/* libc's code below, and ours below that. */
NOINLINE static int callbacks(void)
{
    int numbers[] = {3, 1, 2};
    qsort(numbers, 3, sizeof *numbers, compare);
    return numbers[0];
}

/* The first calls go by way of the loader, where it binds late. */
NOINLINE static int plt(void)
{
    char text[32];
    snprintf(text, sizeof text, "%d", leaf(zero));
    return atoi(text) + (int)strtol(text, NULL, 10) + getppid();
}

NOINLINE static int vdso(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int)time.tv_sec;
}

DEEP_PROFILE(rate=1)
static void handler(int number)
{
    sink += leaf(number);
}

NOINLINE static int handled(int flags)
{
    static char room[65536];
    stack_t stack = {.ss_sp = room, .ss_size = sizeof room};
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    sigaltstack(&stack, NULL);
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    return 1;
}

static ucontext_t outside, inside;

static void coroutine(void)
{
    sink += recursion(1);
    swapcontext(&inside, &outside);
    sink += recursion(1);
}

NOINLINE static int coroutines(void)
{
    static char room[65536];
    getcontext(&inside);
    inside.uc_stack.ss_sp = room;
    inside.uc_stack.ss_size = sizeof room;
    inside.uc_link = &outside;
    makecontext(&inside, coroutine, 0);
    swapcontext(&outside, &inside);
    swapcontext(&outside, &inside);
    return 1;
}

static jmp_buf back;

NOINLINE static int jumped(int x)
{
    if (x == 0)
        longjmp(back, 1);
    return jumped(x - 1) + 1;
}

NOINLINE static int jumps(void)
{
    return setjmp(back) ? leaf(1) : jumped(3);
}

/* Where threads wait: stopped at each entry into the kernel. */
DEEP_PROFILE(rate=1)
NOINLINE static int waits(int x)
{
    char byte;
    int ends[2];
    struct timespec time = {0, 1000};
    struct pollfd end = {.events = POLLIN};
    volatile char room[600];
    room[x] = 2;
    if (pipe(ends) != 0 || write(ends[1], "x", 1) != 1)
        return -1;
    end.fd = ends[0];
    nanosleep(&time, NULL);
    poll(&end, 1, 1);
    int got = (int)read(ends[0], &byte, 1);
    close(ends[0]);
    close(ends[1]);
    usleep(1);
    return got + room[x];
}

NOINLINE static int waits_in_grown(int bytes)
{
    volatile char *room = alloca((size_t)bytes);
    room[0] = 1;
    return waits(3) + room[0];
}

static void *thread(void *argument)
{
    zoo_begin("thread");
    sink += recursion(2) + waits(1);
    zoo_end();
    return argument;
}

#define SCENE(name, what)  \
    do {                   \
        zoo_begin(name);   \
        sink += (what);    \
        zoo_end();         \
    } while (0)

int main(void)
{
    pthread_t other;
    SCENE("first call waits", busy(1, 2, 3, 4)); /* profiled: files are made, on another stack */
    SCENE("plain", busy(1, 2, 3, 4) + recursion(3));
    SCENE("grown", grown(60));
    SCENE("realigned", realigned(1));
    SCENE("realigned_and_grown", realigned_and_grown(2));
    SCENE("large", large(5));
    SCENE("tail", tail(1) + tail(2));
    SCENE("many", many(1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
    SCENE("plt", plt());
    SCENE("callbacks", callbacks());
    SCENE("vdso", vdso());
    SCENE("signal", handled(0));
    SCENE("alternate stack", handled(SA_ONSTACK));
    SCENE("coroutines", coroutines());
    SCENE("jumps", jumps());
    SCENE("waits", waits(2) + waits_in_grown(100));
    SCENE("deep", recursion(200));
    if (pthread_create(&other, NULL, thread, NULL) == 0)
        pthread_join(other, NULL);
    return 0;
}
