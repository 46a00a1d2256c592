/* Recursion: deeper than a lane keeps frames for, mutual, and tail calls, which in
 * whole-program mode stay tail calls. */
#include "jumps.h"

#include <pthread.h>

static int first;

PROFILED int deep(int n)
{
    int i = first + n;
    inside(i);
    int below = 0;
    if (n > 0) {
        measured[i - 1].function = "deep";
        measured[i - 1].around = -now_ns();
        below = deep(n - 1);
        end(i - 1);
    } else {
        spin(1000);
    }
    last(i);
    return below + 1;
}

PROFILED int odd(int n);

PROFILED int even(int n)
{
    return n == 0 ? 1 : odd(n - 1);
}

PROFILED int odd(int n)
{
    return n == 0 ? 0 : even(n - 1);
}

#if defined WHOLE && defined __OPTIMIZE__
enum { FAR = 20000 }; /* more than the stack has room for returns */
#else
enum { FAR = 500 };
#endif

HIDDEN void *far(void *unused)
{
    (void)unused;
    return (void *)(intptr_t)even(FAR);
}

int main(int argc, char **argv)
{
    enum { DEEP = 5000 };
    for (int times = 0; times < 3; times++) {
        first = n_measured;
        n_measured += DEEP + 1;
        int i = first + DEEP;
        measured[i].function = "deep";
        measured[i].around = -now_ns();
        if (deep(DEEP) != DEEP + 1)
            return 1;
        end(i);
    }
    pthread_t thread;
    void *is_even;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 256 * 1024);
    if (pthread_create(&thread, &attributes, far, NULL) != 0 ||
        pthread_join(thread, &is_even) != 0 || !is_even)
        return 1;
    return finish(argc, argv);
}
