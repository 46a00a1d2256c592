/*
 * A host that mostly sleeps, and how exactly its slow calls are known all the same.
 *
 *     idle SECONDS     sleeps outside of calls, makes no other
 *     idle naps N      N times: a pause, then a call that sleeps for 60 to 110 ms, by threads
 *                      of its own too; prints what its own clock says: TID INSIDE AROUND, in
 *                      nanoseconds
 *     idle fork        the parent rests, the child's calls are watched, and it rests, too
 *     idle handler     calls in a signal handler end the rest; prints how long one took at most
 */
#include <deep_profile.h>

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

#ifdef ANNOTATED
DEEP_PROFILE_IF_SLOW(50ms, rate=1)
#endif
__attribute__((noinline)) uint64_t operation(unsigned ms)
{
    uint64_t start = now();
    if (ms)
        usleep(ms * 1000);
    return now() - start;
}

static void timed(unsigned ms)
{
    uint64_t start = now(), inside = operation(ms), around = now() - start;
    if (around >= 50000000)
        printf("%ld %llu %llu\n", syscall(SYS_gettid), (unsigned long long)inside,
               (unsigned long long)around);
}

static void *naps(void *count)
{
    for (int i = 0; i < *(int *)count; i++) {
        usleep(150000);
        timed(i % 3 == 2 ? 0 : 60 + (unsigned)i % 6 * 10);
    }
    return NULL;
}

static volatile uint64_t longest;

static void on_alarm(int signal)
{
    uint64_t start = now(), took;
    (void)signal;
    operation(0);
    took = now() - start;
    if (took > longest)
        longest = took;
}

int main(int argc, char **argv)
{
    int count = argc > 2 ? atoi(argv[2]) : 4;
    pthread_t threads[2];
    setvbuf(stdout, NULL, _IOLBF, 0);
    operation(0);
    if (strcmp(argv[1], "naps") == 0) {
        for (int i = 0; i < 2; i++)
            pthread_create(&threads[i], NULL, naps, &count);
        naps(&count);
        for (int i = 0; i < 2; i++)
            pthread_join(threads[i], NULL);
    } else if (strcmp(argv[1], "fork") == 0) {
        usleep(300000);
        if (fork() == 0) {
            naps(&count);
            return 0;
        }
        wait(NULL);
        naps(&count);
    } else if (strcmp(argv[1], "handler") == 0) {
        struct itimerval every = {{0, 170000}, {0, 170000}};
        struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
        sigaction(SIGALRM, &action, NULL);
        setitimer(ITIMER_REAL, &every, NULL);
        for (uint64_t end = now() + 2000000000; now() < end;)
            usleep(100000);
        printf("%llu\n", (unsigned long long)longest);
    } else {
        for (uint64_t end = now() + (uint64_t)(atof(argv[1]) * 1e9); now() < end;)
            usleep(200000);
    }
    return 0;
}
