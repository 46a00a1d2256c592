/*
 * Threads that wait in every call which a signal interrupts for good, and that compute between
 * the waits, so that signals are sent to them; and threads that transfer more at once than a pipe
 * or a socket holds. Ends with abort() at an EINTR that nobody asked for, or at a transfer that
 * was cut short, and with 0 after SECONDS.
 *
 *     interrupts SECONDS [PROGRAM]    becomes PROGRAM at the end
 */
#define _GNU_SOURCE
#include <deep_profile.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "steward.h"

static atomic_bool stop;
#define TRANSFERRED (1 << 20)

static int ends[2], sockets[2];
static int pipe_of_much[2], sockets_of_much[2];
static sem_t semaphore;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;

static void check(long result)
{
    if (result < 0 && errno == EINTR)
        abort();
}

static void check_whole(long result)
{
    if (result != TRANSFERRED)
        abort();
}

static struct timespec soon(long ns)
{
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    time.tv_nsec += ns;
    time.tv_sec += time.tv_nsec / 1000000000;
    time.tv_nsec %= 1000000000;
    return time;
}

static void wait_once(long kind)
{
    struct pollfd polled = {.fd = ends[0], .events = POLLIN};
    struct timespec brief = {0, 300000}, then;
    struct timeval tenth = {0, 300};
    struct epoll_event event = {.events = EPOLLIN};
    fd_set set;
    char byte;
    static char written[TRANSFERRED], read_back[2][TRANSFERRED];
    switch (kind) {
    case 0:
        check(poll(&polled, 1, 1));
        break;
    case 1:
        FD_ZERO(&set);
        FD_SET(ends[0], &set);
        check(select(ends[0] + 1, &set, NULL, NULL, &tenth));
        break;
    case 2: {
        int epoll = epoll_create1(0);
        epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event);
        check(epoll_wait(epoll, &event, 1, 1));
        close(epoll);
        break;
    }
    case 3:
        check(nanosleep(&brief, NULL));
        break;
    case 4:
        then = soon(300000);
        check(sem_timedwait(&semaphore, &then));
        break;
    case 5: { /* a time limit makes recv() end with EINTR after any handler */
        setsockopt(sockets[0], SOL_SOCKET, SO_RCVTIMEO, &tenth, sizeof tenth);
        check(recv(sockets[0], &byte, 1, 0));
        break;
    }
    case 6:
        then = soon(300000);
        pthread_mutex_lock(&mutex);
        pthread_cond_timedwait(&condition, &mutex, &then);
        pthread_mutex_unlock(&mutex);
        break;
    case 7:
        check_whole(write(pipe_of_much[1], written, TRANSFERRED));
        break;
    case 8:
        check(read(pipe_of_much[0], read_back[0], TRANSFERRED / 9));
        break;
    case 9:
        check_whole(send(sockets_of_much[1], written, TRANSFERRED, 0));
        break;
    case 10: {
        long got = recv(sockets_of_much[0], read_back[1], TRANSFERRED, MSG_WAITALL);
        if (got) /* 0: the other end is closed */
            check_whole(got);
        break;
    }
    default:
        check(ppoll(&polled, 1, &brief, NULL));
    }
}

/* Nobody may be left who waits for the other end. */
static void end_transfers(long kind)
{
    char rest[4096];
    if (kind == 7)
        close(pipe_of_much[1]);
    if (kind == 8)
        while (read(pipe_of_much[0], rest, sizeof rest) > 0)
            ;
    if (kind == 9)
        close(sockets_of_much[1]);
    if (kind == 10)
        while (read(sockets_of_much[0], rest, sizeof rest) > 0)
            ;
}

/* Watched: long, so that its thread is looked at, which then waits and computes in turn. */
DEEP_PROFILE_IF_SLOW(20ms, rate=1)
DEEP_PROFILE(rate=1)
__attribute__((noinline)) void *turns(void *kind)
{
    volatile unsigned sum = 0;
    while (!atomic_load(&stop)) {
        for (unsigned i = 0; i < 100000; i++)
            sum += i;
        wait_once((long)kind);
    }
    end_transfers((long)kind);
    return NULL;
}

int main(int argc, char **argv)
{
    enum { KINDS = 12 };
    pthread_t threads[KINDS];
    if (argc < 2 || pipe(ends) != 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) != 0 ||
        pipe(pipe_of_much) != 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, sockets_of_much) != 0)
        return 2;
    sem_init(&semaphore, 0, 0);
    for (long i = 0; i < KINDS; i++)
        pthread_create(&threads[i], NULL, turns, (void *)i);
    struct timespec left = {atol(argv[1]), 0};
    check(nanosleep(&left, NULL));
    for (int i = 0; i < 10 && left.tv_sec > 0; i++)
        let_steward_look();
    struct sigaction action;
    for (int signal = 1; signal <= SIGRTMAX; signal++)
        if (sigaction(signal, NULL, &action) == 0 && action.sa_handler != SIG_DFL &&
            action.sa_handler != SIG_IGN) /* as nohup leaves one to us */
            printf("signal %d has a handler\n", signal);
    if (argc > 2) /* while they compute */
        execlp(argv[2], argv[2], "done", (char *)NULL);
    atomic_store(&stop, true);
    for (int i = 0; i < KINDS; i++)
        pthread_join(threads[i], NULL);
    puts("done");
    return 0;
}
