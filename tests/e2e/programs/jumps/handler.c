/* siglongjmp out of a recorded signal handler, on the thread's stack and on another. */
#include "jumps.h"

#include <setjmp.h>

static sigjmp_buf back;
static volatile int handling;

PROFILED void handler(int signal_number)
{
    (void)signal_number;
    inside(handling);
    spin(50);
    last(handling);
    siglongjmp(back, 1);
}

PROFILED void interrupted(int i)
{
    inside(i);
    spin(50);
    last(i);
    handling = begin("handler");
    raise(SIGUSR1);
    __asm__ volatile(""); /* no tail call */
}

PROFILED void quiet(int i)
{
    inside(i);
    spin(20);
    last(i);
}

static void ten_times(void)
{
    for (volatile int n = 0; n < 10; n = n + 1) {
        volatile int i = begin("interrupted");
        if (sigsetjmp(back, 1) == 0)
            interrupted(i);
        end(handling);
        end(i);
        volatile int j = begin("quiet");
        quiet(j);
        end(j);
    }
}

int main(int argc, char **argv)
{
    static char other[65536];
    stack_t stack = {.ss_sp = other, .ss_size = sizeof other};
    struct sigaction action = {.sa_handler = handler};
    sigaction(SIGUSR1, &action, NULL);
    ten_times();
    sigaltstack(&stack, NULL);
    action.sa_flags = SA_ONSTACK;
    sigaction(SIGUSR1, &action, NULL);
    ten_times();
    return finish(argc, argv);
}
