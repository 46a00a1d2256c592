/*
 * A recorded signal handler interrupts recorded calls and the runtime itself, at ten
 * thousand signals a second: interrupts SECONDS/10 [leave]. Prints how many calls
 * there were. With "leave" every other signal leaves by siglongjmp, mostly out of
 * the runtime.
 */
#include "jumps.h"

#include <setjmp.h>
#include <unistd.h>

static volatile uint64_t works, handled, left;
static volatile sig_atomic_t leaving;
static sigjmp_buf back;

PROFILED int work(int n)
{
    works = works + 1;
    return n + 1;
}

PROFILED void handler(int signal_number)
{
    (void)signal_number;
    handled = handled + 1;
    if (leaving && handled % 2) {
        left = left + 1;
        siglongjmp(back, 1);
    }
}

HIDDEN void signals(uint64_t period_ns)
{
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    struct itimerspec every = {{0, (long)period_ns}, {0, (long)period_ns}};
    timer_create(CLOCK_MONOTONIC, &event, &timer);
    timer_settime(timer, 0, &every, NULL);
}

int main(int argc, char **argv)
{
    struct sigaction action = {.sa_handler = handler};
    volatile int n = 0;
    if (argc < 2)
        return 2;
    int leave = argc > 2;
    sigaction(SIGUSR1, &action, NULL);
    uint64_t stop = now_ns() + (uint64_t)atoi(argv[1]) * 100000000u;
    signals(100000);
    sigsetjmp(back, 1);
    leaving = leave;
    while (now_ns() < stop)
        for (int i = 0; i < 100; i++)
            n = work(n);
    leaving = 0;
    signal(SIGUSR1, SIG_IGN);
    uint64_t before = works;
    for (int i = 0; i < 1000; i++) /* whatever happened: these are recorded */
        n = work(n);
    printf("%llu %llu %llu %llu\n", (unsigned long long)before, (unsigned long long)(works - before),
           (unsigned long long)handled, (unsigned long long)left);
    return 0;
}
