/*
 * One slow call of which is known how its time divides, and what it waits for.
 *
 *     reasons WHAT MILLISECONDS PATH
 *
 * Prints the numbers of the main thread and of the thread that holds what it waits for, and how
 * long the call took, in nanoseconds.
 */
#define _GNU_SOURCE
#include <deep_profile.h>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "steward.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static sem_t semaphore;
static long milliseconds;
static const char *path;
static int pipe_ends[2], sockets[2];
static pthread_t holder;
static atomic_int ready, calls, holder_tid;

static long long now_ns(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void nap(long ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&time, NULL);
}

__attribute__((noinline)) static void spin(long ms)
{
    long long until = now_ns(CLOCK_MONOTONIC) + ms * 1000000LL;
    while (now_ns(CLOCK_MONOTONIC) < until)
        ;
}

/* Does `pass` for so long that a look has come, and another one at the end, also on a busy
 * machine: the first finds when the call began, and comes after a quarter of its threshold. */
static void be_seen(void (*pass)(long ms), long ms)
{
    let_steward_sleep(3, pass, 20);
    pass(50);
    let_steward_sleep(3, pass, 20);
    pass(ms);
    let_steward_sleep(3, pass, 20);
}

/* The holder has it for the call's time, asleep in here. */
__attribute__((noinline)) static void flush_pages(void)
{
    atomic_store(&ready, 1);
    while (!atomic_load(&calls))
        nap(1);
    be_seen(nap, milliseconds);
}

static void *hold(void *what)
{
    pthread_setname_np(pthread_self(), "worker-3");
    atomic_store(&holder_tid, (int)syscall(SYS_gettid));
    if (strcmp(what, "mutex") == 0) {
        pthread_mutex_lock(&mutex);
        flush_pages();
        pthread_mutex_unlock(&mutex);
    } else if (strncmp(what, "rwlock", 6) == 0) {
        pthread_rwlock_wrlock(&rwlock);
        flush_pages();
        pthread_rwlock_unlock(&rwlock);
    } else if (strcmp(what, "flock") == 0) {
        int fd = open(path, O_RDWR);
        flock(fd, LOCK_EX);
        flush_pages();
        close(fd);
    } else {
        flush_pages();
        pthread_mutex_lock(&mutex);
        pthread_cond_signal(&condition);
        pthread_mutex_unlock(&mutex);
        sem_post(&semaphore);
        if (write(pipe_ends[1], "x", 1) != 1 || write(sockets[1], "x", 1) != 1)
            abort();
    }
    return NULL;
}

static void wait_for_descriptor(const char *what)
{
    struct pollfd polled = {.fd = pipe_ends[0], .events = POLLIN};
    struct epoll_event event = {.events = EPOLLIN};
    char byte;
    if (strcmp(what, "read") == 0 && read(pipe_ends[0], &byte, 1) != 1)
        abort();
    if (strcmp(what, "recv") == 0 && recv(sockets[0], &byte, 1, 0) != 1)
        abort();
    if (strcmp(what, "poll") == 0 && poll(&polled, 1, -1) != 1)
        abort();
    if (strcmp(what, "epoll") == 0) {
        int epoll = epoll_create1(0);
        epoll_ctl(epoll, EPOLL_CTL_ADD, pipe_ends[0], &event);
        if (epoll_wait(epoll, &event, 1, -1) != 1)
            abort();
    }
}

static void fault(void)
{
    size_t bytes = (size_t)4096 * 20000;
    char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    madvise(memory, bytes, MADV_NOHUGEPAGE);
    be_seen(nap, milliseconds / 2); /* the first look comes before them */
    for (size_t i = 0; i < bytes; i += 4096)
        memory[i] = 1;
    munmap(memory, bytes);
    be_seen(nap, milliseconds / 2);
}

DEEP_PROFILE_IF_SLOW(100ms, rate=1)
__attribute__((noinline)) void slow_call(const char *what)
{
    if (strcmp(what, "spin") == 0 || strcmp(what, "share") == 0) {
        be_seen(spin, milliseconds);
    } else if (strcmp(what, "brief") == 0) {
        nap(milliseconds);
    } else if (strcmp(what, "sleep") == 0) {
        be_seen(nap, milliseconds);
    } else if (strcmp(what, "half") == 0) {
        be_seen(nap, milliseconds / 2);
        be_seen(spin, milliseconds / 2);
    } else if (strcmp(what, "mutex") == 0) {
        pthread_mutex_lock(&mutex);
        pthread_mutex_unlock(&mutex);
    } else if (strcmp(what, "rwlock-read") == 0) {
        pthread_rwlock_rdlock(&rwlock);
        pthread_rwlock_unlock(&rwlock);
    } else if (strcmp(what, "rwlock-write") == 0) {
        pthread_rwlock_wrlock(&rwlock);
        pthread_rwlock_unlock(&rwlock);
    } else if (strcmp(what, "flock") == 0) {
        int fd = open(path, O_RDWR);
        flock(fd, LOCK_EX);
        close(fd);
    } else if (strcmp(what, "condition") == 0) {
        pthread_mutex_lock(&mutex);
        pthread_cond_wait(&condition, &mutex);
        pthread_mutex_unlock(&mutex);
    } else if (strcmp(what, "semaphore") == 0) {
        sem_wait(&semaphore);
    } else if (strcmp(what, "join") == 0) {
        pthread_join(holder, NULL);
    } else if (strcmp(what, "fault") == 0) {
        fault();
    } else {
        wait_for_descriptor(what);
    }
}

/* Another process that wants the same processor, all the time. */
static pid_t share_processor(void)
{
    cpu_set_t one;
    char byte;
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        sched_setaffinity(0, sizeof one, &one);
        if (write(pipe_ends[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            spin(1000);
    }
    sched_setaffinity(0, sizeof one, &one);
    if (read(pipe_ends[0], &byte, 1) != 1)
        exit(3);
    nap(50);
    return child;
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    const char *what = argv[1];
    pid_t child = 0;
    milliseconds = atol(argv[2]);
    path = argv[3];
    sem_init(&semaphore, 0, 0);
    if (pipe(pipe_ends) != 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) != 0)
        return 2;
    int none = strcmp(what, "spin") == 0 || strcmp(what, "share") == 0 ||
               strcmp(what, "sleep") == 0 || strcmp(what, "brief") == 0 ||
               strcmp(what, "half") == 0 || strcmp(what, "fault") == 0;
    if (strcmp(what, "share") == 0)
        child = share_processor();
    if (!none) {
        pthread_create(&holder, NULL, hold, argv[1]);
        while (!atomic_load(&ready))
            nap(1);
    }
    atomic_store(&calls, 1);
    long long start = now_ns(CLOCK_MONOTONIC);
    slow_call(what);
    long long took = now_ns(CLOCK_MONOTONIC) - start;
    if (!none && strcmp(what, "join") != 0)
        pthread_join(holder, NULL);
    if (child) {
        kill(child, 9);
        waitpid(child, NULL, 0);
    }
    printf("%d %d %lld\n", (int)getpid(), atomic_load(&holder_tid), took);
    return 0;
}
