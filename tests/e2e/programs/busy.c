/*
 * Records from several threads until the file GO is gone, counting its own calls
 * in a mapping of the test's, one {tid, count} for each thread; one begins when the
 * others have ended. busy TALLY GO [ACTION]: how the host itself treats SIGBUS
 *
 *     handler, signal    a handler of its own, for a file of its own that is cut
 *     late               the same, set when profiling has gone on for a while
 *     once               SA_RESETHAND
 *     default            dies of a fault of its own, as it would
 *     kill               gets the signal from kill()
 */
#include <deep_profile.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define THREADS 3

struct tally {
    uint64_t tid;
    uint64_t count;
};

static const char *go;
static _Atomic int wrong_errno;
static sigjmp_buf back;
static volatile int handled;
static char *volatile own;

DEEP_PROFILE(rate=1) __attribute__((noinline)) uint64_t recorded(uint64_t n)
{
    __asm__ volatile("");
    return n * n;
}

DEEP_PROFILE_IF_SLOW(10ms, rate=1) __attribute__((noinline)) void slow(void)
{
    poll(NULL, 0, 12); /* not usleep: one of the tests has that refused */
}

static void *run(void *argument)
{
    struct tally *mine = argument;
    mine->tid = (uint64_t)syscall(SYS_gettid);
    do {
        for (uint64_t i = 0; i < 300; i++) {
            errno = 77;
            recorded(i);
            mine->count++;
            wrong_errno += errno != 77;
        }
        slow();
    } while (access(go, F_OK) == 0);
    return NULL;
}

static void on_bus(int number, siginfo_t *info, void *context)
{
    (void)context;
    handled += number == SIGBUS;
    if (info && (char *)info->si_addr == own)
        siglongjmp(back, 1);
}

static void on_bus_plainly(int number)
{
    on_bus(number, NULL, NULL);
    siglongjmp(back, 1);
}

static void set_action(const char *how)
{
    struct sigaction action = {.sa_sigaction = on_bus, .sa_flags = SA_SIGINFO}, now;
    if (strcmp(how, "once") == 0)
        action.sa_flags |= (int)SA_RESETHAND;
    if (strcmp(how, "default") == 0)
        return;
    if (strcmp(how, "signal") == 0 && signal(SIGBUS, on_bus_plainly) != SIG_DFL)
        exit(95);
    if (strcmp(how, "signal") != 0 && sigaction(SIGBUS, &action, &now) != 0)
        exit(96);
    if (sigaction(SIGBUS, NULL, &now) != 0 ||
        (now.sa_sigaction != on_bus && now.sa_handler != on_bus_plainly))
        exit(97);
}

/* A file of the host's own is cut under its mapping. */
static void fault(void)
{
    char name[] = "/tmp/busy-XXXXXX";
    int fd = mkstemp(name);
    unlink(name);
    if (fd < 0 || ftruncate(fd, 4096) != 0)
        exit(98);
    own = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    *own = 1;
    if (ftruncate(fd, 0) != 0)
        exit(98);
    if (sigsetjmp(back, 1) == 0)
        *own = 2;
    munmap(own, 4096);
    own = NULL;
    close(fd);
}

int main(int argc, char **argv)
{
    const char *how = argc > 3 ? argv[3] : "none";
    int fd = open(argv[1], O_RDWR | O_CLOEXEC);
    pthread_t threads[THREADS];
    go = argv[2];
    struct tally *tallies =
        mmap(NULL, (THREADS + 2) * sizeof *tallies, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (tallies == MAP_FAILED)
        return 92;
    close(fd);
    if (argc > 3 && strcmp(how, "late") != 0)
        set_action(how);
    puts("ready");
    fflush(stdout);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, run, &tallies[i]);
    if (argc > 3) {
        usleep(30000);
        if (strcmp(how, "late") == 0)
            set_action(how);
        if (strcmp(how, "kill") == 0)
            kill(getpid(), SIGBUS);
        else
            fault();
        while (!handled)
            usleep(1000);
        usleep(1500000); /* the steward has looked again */
        if (strcmp(how, "once") != 0 && strcmp(how, "kill") != 0)
            fault();
    }
    run(&tallies[THREADS]);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    pthread_create(&threads[0], NULL, run, &tallies[THREADS + 1]);
    pthread_join(threads[0], NULL);
    printf("errno %d handled %d\n", wrong_errno, handled);
    return 7;
}
