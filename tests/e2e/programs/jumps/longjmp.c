/* longjmp over recorded calls, and setjmp that returns again and again. */
#include "jumps.h"

#include <setjmp.h>

static jmp_buf back;

PROFILED void leaves(int i)
{
    inside(i);
    spin(100);
    last(i);
    longjmp(back, 1);
}

PROFILED void over(int i, int j)
{
    inside(i);
    char room[5000]; /* far below what is called after the jump */
    memset(room, i, sizeof room);
    __asm__ volatile("" : : "r"(room) : "memory");
    spin(50);
    j = begin("leaves");
    last(i);
    leaves(j);
    __asm__ volatile(""); /* no tail call */
}

PROFILED void stays(int i)
{
    inside(i);
    spin(20);
    last(i);
}

/* Here setjmp returns. The calls that this function makes before and after are ordinary ones. */
PROFILED int returns_again(int i)
{
    volatile int times = 0;
    inside(i);
    volatile int j = begin("over");
    if (setjmp(back) == 0)
        over(j, 0);
    end(j);
    end(j + 1);
    volatile int k = begin("stays");
    stays(k);
    end(k);
    if (++times < 3) {
        j = begin("over");
        over(j, 0);
    }
    last(i);
    return times;
}

int main(int argc, char **argv)
{
    for (int n = 0; n < 5; n++) {
        int i = begin("returns_again");
        if (returns_again(i) != 3)
            return 1;
        end(i);
    }
    /* Nothing recorded is around this one, and nothing comes behind. */
    volatile int j = begin("over");
    if (setjmp(back) == 0)
        over(j, 0);
    end(j);
    end(j + 1);
    return finish(argc, argv);
}
