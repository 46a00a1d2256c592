/* Threads that end inside recorded calls: by pthread_exit and by both kinds of
 * cancellation. argument: how */
#include "jumps.h"

#include <pthread.h>
#include <unistd.h>

static volatile int ready;

PROFILED void leaves(int i)
{
    inside(i);
    spin(50);
    last(i);
    pthread_exit(NULL);
}

PROFILED void deferred(int i)
{
    inside(i);
    last(i);
    ready = 1;
    for (;;)
        pause();
}

PROFILED void asynchronous(int i)
{
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
    inside(i);
    last(i);
    ready = 1;
    for (;;)
        ;
}

PROFILED void *runs(void *way)
{
    int i;
    switch ((int)(intptr_t)way) {
    case 0:
        leaves(i = begin("leaves"));
        break;
    case 1:
        deferred(i = begin("deferred"));
        break;
    default:
        asynchronous(i = begin("asynchronous"));
    }
    return NULL;
}

int main(int argc, char **argv)
{
    for (int n = 0; n < 15; n++) {
        pthread_t thread;
        ready = 0;
        int i = begin("runs");
        inside(i);
        last(i);
        pthread_create(&thread, NULL, runs, (void *)(intptr_t)(n % 3));
        while (n % 3 && !ready)
            usleep(100);
        if (n % 3)
            pthread_cancel(thread);
        pthread_join(thread, NULL);
        end(i);
        end(i + 1);
    }
    return finish(argc, argv);
}
