/*
 * For whole-program mode: nothing is annotated. Threads, a forked child, and
 * slow calls where no call was ever opened. Prints nothing.
 *
 *     whole_rules THREADS CALLS SLOW_MS FORK
 *     whole_rules hang         a thread waits until a line can be read
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long calls, slow_ms;

__attribute__((noinline)) int busy(int x)
{
    __asm__ volatile("");
    return x + 1;
}

__attribute__((noinline)) void waits(void)
{
    struct timespec time = {slow_ms / 1000, slow_ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

__attribute__((noinline)) void waits_in_child(void)
{
    struct timespec time = {slow_ms / 1000, slow_ms % 1000 * 1000000};
    nanosleep(&time, NULL);
    __asm__ volatile("");
}

__attribute__((noinline)) int asks(void)
{
    char byte;
    return (int)read(0, &byte, 1);
}

__attribute__((noinline)) int hangs(void)
{
    return asks() + 1;
}

static void *hang(void *argument)
{
    hangs();
    return argument;
}

static void *work(void *argument)
{
    for (long i = 0; i < calls; i++)
        busy((int)i);
    if (slow_ms)
        waits();
    return argument;
}

int main(int argc, char **argv)
{
    pthread_t threads[16];
    int n = argc > 1 ? atoi(argv[1]) : 0;
    if (argc > 1 && argv[1][0] == 'h') {
        pthread_create(&threads[0], NULL, hang, NULL);
        return pthread_join(threads[0], NULL);
    }
    calls = argc > 2 ? atol(argv[2]) : 0;
    slow_ms = argc > 3 ? atol(argv[3]) : 0;
    for (int i = 0; i < n && i < 16; i++)
        pthread_create(&threads[i], NULL, work, NULL);
    for (int i = 0; i < n && i < 16; i++)
        pthread_join(threads[i], NULL);
    if (argc > 4 && atoi(argv[4])) {
        pid_t child = fork();
        if (child == 0) {
            for (long i = 0; i < calls; i++)
                busy((int)i);
            if (slow_ms)
                waits_in_child();
            exit(0);
        }
        waitpid(child, NULL, 0);
    }
    return 0;
}
