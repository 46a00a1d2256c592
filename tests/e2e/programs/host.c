/*
 * A host that notices everything: threads, a second generation of them, a child,
 * a file of its own. Its output is the same in every run; errno is looked at
 * around each instrumented call. Recorded calls are counted in a mapping of the
 * test's, one {tid, count} for each thread. host TALLY FOLDER
 */
#include <deep_profile.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 3
#define CALLS 1500
#define SLOTS (2 * THREADS + 2)

struct tally {
    uint64_t tid;
    uint64_t count;
};

static struct tally *tallies;
static _Atomic int wrong_errno;
static _Atomic uint64_t sum;

DEEP_PROFILE(rate=1) __attribute__((noinline)) uint64_t recorded(uint64_t n)
{
    __asm__ volatile("");
    return n * n;
}

DEEP_PROFILE_CALLS() __attribute__((noinline)) uint64_t counted(uint64_t n)
{
    __asm__ volatile("");
    return n + 1;
}

DEEP_PROFILE_MEMORY() __attribute__((noinline)) uint64_t allocates(uint64_t n)
{
    char *memory = malloc(n + 1);
    if (memory)
        memset(memory, 1, n + 1);
    n = memory ? (uint64_t)memory[n] : 1;
    free(memory);
    errno = 79; /* malloc may have set it, short of memory */
    return n;
}

DEEP_PROFILE_IF_SLOW(10ms, rate=1) __attribute__((noinline)) uint64_t slow(uint64_t n)
{
    usleep(12000);
    errno = 80; /* a sandbox may not let us sleep */
    return n;
}

static void work(struct tally *mine)
{
    mine->tid = (uint64_t)syscall(SYS_gettid);
    for (uint64_t i = 0; i < CALLS; i++) {
        uint64_t got;
        errno = 77;
        got = recorded(i);
        mine->count++;
        wrong_errno += errno != 77;
        errno = 78;
        got += counted(i);
        wrong_errno += errno != 78;
        if (i % 100 == 0) {
            errno = 79;
            got += allocates(i);
            wrong_errno += errno != 79;
        }
        sum += got;
    }
    errno = 80;
    sum += slow(5);
    wrong_errno += errno != 80;
}

static void *run(void *mine)
{
    work(mine);
    return NULL;
}

static void generation(struct tally *first)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, run, &first[i]) != 0)
            exit(90);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

/* Written before, read at the end: nobody else writes into it. */
static int own_file(const char *folder)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/own", folder);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    for (uint32_t i = 0; i < 4096; i++)
        if (write(fd, &i, sizeof i) != sizeof i)
            exit(91);
    return fd;
}

static int differences(int fd)
{
    int wrong = lseek(fd, 0, SEEK_END) != 4096 * 4;
    uint32_t found;
    for (uint32_t i = 0; i < 4096; i++)
        wrong += pread(fd, &found, sizeof found, i * 4) != sizeof found || found != i;
    return wrong;
}

int main(int argc, char **argv)
{
    int fd = argc > 2 ? open(argv[1], O_RDWR | O_CLOEXEC) : -1, status = 0;
    tallies = mmap(NULL, SLOTS * sizeof *tallies, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (tallies == MAP_FAILED)
        return 92;
    close(fd);
    fd = own_file(argv[2]);
    work(&tallies[0]);
    generation(&tallies[1]);
    pid_t child = fork();
    if (child == 0) {
        work(&tallies[SLOTS - 1]);
        exit(wrong_errno ? 93 : 8);
    }
    waitpid(child, &status, 0);
    generation(&tallies[1 + THREADS]);
    printf("sum %llu errno %d child %d own %d\n", (unsigned long long)sum, wrong_errno, status,
           differences(fd));
    return 7;
}
