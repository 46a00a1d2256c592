/*
 * Calls below calls that keep a tree. Every call of `asks` and `again` is over its threshold,
 * which is a nanosecond, so each tree is exact whatever the machine does.
 */
#include <deep_profile.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define APART __attribute__((noinline))

static volatile long work;
static jmp_buf back;

DEEP_PROFILE(rate=0.000001, check_load=false) APART static void seldom(void)
{
    work++;
}
DEEP_PROFILE(rate=1, check_load=false) APART static void recorded(void)
{
    seldom();
    seldom();
}
DEEP_PROFILE_IF_SLOW(60min) APART static void watched(void)
{
    recorded();
    work++;
}
DEEP_PROFILE_CALLS() APART static void counted(void)
{
    work++;
}
DEEP_PROFILE(rate=1, env=prod) APART static void off(void)
{
    counted();
}

DEEP_PROFILE_IF_SLOW(1ns, rate=1, strategy=call_graph) APART static void asks(void (*below)(int),
                                                                             int n)
{
    below(n);
    work++;
}
DEEP_PROFILE(rate=1, strategy=time, check_load=false) APART static void chosen(void)
{
    counted();
    work++;
}

static void every_kind(int n)
{
    for (int i = 0; i < n; i++) {
        watched();
        off();
    }
}

static void nested(int n)
{
    counted();
    for (int i = 0; n > 0 && i < 2; i++)
        asks(nested, n - 1);
}

DEEP_PROFILE(rate=0, check_load=false) APART static void down(int n)
{
    if (n > 1)
        down(n - 1);
    work++;
}

DEEP_PROFILE(rate=0, check_load=false) APART static void right(int n);
DEEP_PROFILE(rate=0, check_load=false) APART static void left(int n)
{
    if (n > 1) {
        left(n - 1);
        right(n - 1);
    }
    work++;
}
static void right(int n)
{
    if (n > 1) {
        left(n - 1);
        right(n - 1);
    }
    work++;
}
static void many_ways(int n)
{
    left(n);
}

DEEP_PROFILE(rate=0) APART static void jumps(void)
{
    counted();
    longjmp(back, 1);
}
static void left_inside(int n)
{
    if (setjmp(back) == 0)
        jumps();
    for (int i = 0; i < n; i++)
        watched();
}
static void left_itself(int n)
{
    (void)n;
    watched();
    longjmp(back, 1);
}

static void *ends_inside_start(void *unused)
{
    (void)unused;
    pthread_exit(NULL);
}
static void thread_exit_inside(int n)
{
    (void)n;
    counted();
    ends_inside_start(NULL);
}
static void *thread(void *unused)
{
    asks(thread_exit_inside, 0);
    return unused;
}

static void forks(int n)
{
    watched();
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < n; i++)
            counted();
        return; /* the parent's call ends here, too */
    }
    waitpid(child, NULL, 0);
    watched();
}

static void without(void)
{
    for (int i = 0; i < 100000; i++) {
        seldom();
        down(1);
    }
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";
    pthread_t other;
    if (!strcmp(mode, "kinds"))
        asks(every_kind, 3);
    else if (!strcmp(mode, "nested"))
        asks(nested, 3);
    else if (!strcmp(mode, "deep"))
        asks(down, 2000);
    else if (!strcmp(mode, "many"))
        asks(many_ways, 14);
    else if (!strcmp(mode, "left"))
        asks(left_inside, 2);
    else if (!strcmp(mode, "itself") && setjmp(back) == 0)
        asks(left_itself, 0);
    else if (!strcmp(mode, "thread")) {
        pthread_create(&other, NULL, thread, NULL);
        pthread_join(other, NULL);
        pthread_create(&other, NULL, thread, NULL); /* takes the first one's lane */
        pthread_join(other, NULL);
        asks(every_kind, 1);
    } else if (!strcmp(mode, "fork"))
        asks(forks, 5);
    else if (!strcmp(mode, "time"))
        for (int i = 0; i < 3; i++)
            chosen();
    without();
    return 0;
}
