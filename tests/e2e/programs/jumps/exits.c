/* exit inside recorded calls that never return. */
#include "jumps.h"

static int i, j;

PROFILED __attribute__((noreturn)) void ends(int argc, char **argv)
{
    inside(j);
    spin(50);
    last(j);
    last(i);
    measured[i].around = measured[j].around = 1u << 30; /* reported at the very end */
    exit(finish(argc, argv));
}

PROFILED __attribute__((noreturn)) void loops(int argc, char **argv)
{
    inside(i);
    for (int n = 0;; n++)
        if (n == 1000) {
            j = begin("ends");
            ends(argc, argv);
        }
}

int main(int argc, char **argv)
{
    i = begin("loops");
    loops(argc, argv);
}
