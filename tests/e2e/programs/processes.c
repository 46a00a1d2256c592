/*
 * Processes that come from other processes, in every way. Each makes a number of
 * calls that processes.py knows; CALLS of them unless said otherwise.
 *
 *     generations  fork inside of open calls; the child forks too
 *     silent HOW   a child (fork, _Fork, clone, syscall) that makes calls which
 *                  are only counted or watched, and ends
 *     vfork        calls in the child before it execs, in known and new threads
 *     spawn PROG   posix_spawn, system, popen and vfork + exec of another program
 *     daemon       two forks, setsid, all descriptors closed, chdir /
 *     storm        forks from several threads while others record
 *     handler      forks in a signal handler that often interrupts the runtime;
 *                  the child returns from the handler. Prints the calls made
 */
#include <deep_profile.h>

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define CALLS 100
#define NOINLINE __attribute__((noinline))

extern char **environ;

DEEP_PROFILE(rate=1) NOINLINE static void recorded(void)
{
    __asm__ volatile("");
}

DEEP_PROFILE_CALLS() NOINLINE static void counted(void)
{
    __asm__ volatile("");
}

DEEP_PROFILE_IF_SLOW(40ms, rate=1) NOINLINE static void watched(void (*inside)(void))
{
    inside();
}

DEEP_PROFILE(rate=1) NOINLINE static void enclosing(void (*inside)(void))
{
    inside();
}

static void calls(void)
{
    for (int i = 0; i < CALLS; i++) {
        recorded();
        counted();
    }
}

static void nap(void)
{
    usleep(60000);
}

static int status_of(pid_t child)
{
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child)
        return 99;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

static void must(pid_t child)
{
    int status = status_of(child);
    if (status) {
        printf("child: %d\n", status);
        exit(9);
    }
}

/* ---- generations ---- */

static int generation;

/* Runs in both: each leaves the calls around it, which only the first entered. */
static void divide(void)
{
    pid_t child = fork();
    if (child == 0)
        generation++;
    calls();
    nap();
    if (child == 0 && generation == 1) {
        pid_t grandchild = fork();
        if (grandchild == 0) {
            generation++;
            calls();
            return;
        }
        must(grandchild);
    }
    if (child > 0)
        must(child);
}

static void divide_watched(void)
{
    watched(divide);
}

static int generations(void)
{
    calls();
    enclosing(divide_watched);
    calls();
    return 0;
}

/* ---- children that never open a gate ---- */

static int silent_life(void *unused)
{
    (void)unused;
    for (int i = 0; i < CALLS; i++)
        counted();
    syscall(SYS_exit_group, 0);
    return 0;
}

/* Leaves its call open in the list that it shares with the parent, or not. */
static void end_silently(void)
{
    silent_life(NULL);
}

static int silent(const char *how)
{
    static char stack[65536];
    pid_t child = -1;
    calls();
    if (strcmp(how, "fork") == 0)
        child = fork();
    else if (strcmp(how, "_Fork") == 0)
        child = _Fork();
    else if (strcmp(how, "syscall") == 0)
        child = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
    else if (strcmp(how, "clone") == 0)
        child = clone(silent_life, stack + sizeof stack, SIGCHLD, NULL);
    if (child == 0)
        watched(end_silently);
    must(child);
    calls();
    return 0;
}

/* ---- vfork ---- */

static void in_vfork_child(void)
{
    calls();
    execl("/bin/true", "true", NULL);
    _exit(1);
}

static void *vfork_and_exec(void *before)
{
    if (before)
        calls();
    pid_t child = vfork();
    if (child == 0)
        enclosing(in_vfork_child);
    must(child);
    calls();
    return NULL;
}

static int vforks(void)
{
    pthread_t thread;
    static char known;
    vfork_and_exec(&known);
    pthread_create(&thread, NULL, vfork_and_exec, &known);
    pthread_join(thread, NULL);
    pthread_create(&thread, NULL, vfork_and_exec, NULL);
    pthread_join(thread, NULL);
    return 0;
}

/* ---- other programs ---- */

static int spawn(char *program)
{
    char *const arguments[] = {program, "generation", NULL};
    char command[4096];
    pid_t child;
    calls();
    if (posix_spawn(&child, program, NULL, NULL, arguments, environ) != 0)
        return 1;
    must(child);
    snprintf(command, sizeof command, "%s generation", program);
    if (system(command) != 0)
        return 2;
    FILE *pipe = popen(command, "r");
    if (!pipe || pclose(pipe) != 0)
        return 3;
    child = vfork();
    if (child == 0) {
        execv(program, arguments);
        _exit(1);
    }
    must(child);
    calls();
    return 0;
}

/* ---- a daemon ---- */

static int become_daemon(void)
{
    calls();
    if (fork() != 0)
        return 0;
    setsid();
    if (fork() != 0)
        _exit(0);
    if (chdir("/") != 0)
        return 1;
    for (int fd = 0; fd < 1024; fd++)
        close(fd);
    if (open("/dev/null", O_RDWR) != 0 || dup(0) != 1 || dup(0) != 2)
        return 2;
    calls();
    return 0;
}

/* ---- many forks at once ---- */

#define FORKS 10

static volatile int stop_recording;
static unsigned long recorded_by_threads[2];

static void *record(void *count)
{
    while (!stop_recording) {
        recorded();
        ++*(unsigned long *)count;
    }
    return NULL;
}

static void *fork_on(void *unused)
{
    for (int i = 0; i < FORKS; i++) {
        pid_t child = fork();
        if (child == 0) {
            calls();
            exit(0);
        }
        must(child);
    }
    return unused;
}

static int storm(void)
{
    pthread_t recorders[2], forkers[2];
    for (int i = 0; i < 2; i++) {
        pthread_create(&recorders[i], NULL, record, &recorded_by_threads[i]);
        pthread_create(&forkers[i], NULL, fork_on, NULL);
    }
    for (int i = 0; i < 2; i++)
        pthread_join(forkers[i], NULL);
    stop_recording = 1;
    for (int i = 0; i < 2; i++)
        pthread_join(recorders[i], NULL);
    printf("%lu\n", recorded_by_threads[0] + recorded_by_threads[1]);
    return 0;
}

/* ---- a fork in a handler ---- */

#define HANDLER_FORKS 100

static volatile int forks_left = HANDLER_FORKS, is_child;
static _Atomic int *children_ended;

static void ten_calls(void)
{
    for (int i = 0; i < 10; i++)
        recorded();
}

static void fork_in_handler(int signal)
{
    (void)signal;
    if (is_child || forks_left == 0)
        return;
    forks_left--;
    if (fork() == 0) {
        is_child = 1;
        if (forks_left % 2) /* has its log before it comes back to what it left */
            ten_calls();
    }
}

static int handler(void)
{
    struct sigaction action = {.sa_handler = fork_in_handler, .sa_flags = SA_RESTART};
    struct itimerval often = {{0, 500}, {0, 500}}, never = {{0, 0}, {0, 0}};
    unsigned long made = 0;
    children_ended = mmap(NULL, sizeof *children_ended, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    signal(SIGCHLD, SIG_IGN); /* nobody waits for them */
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    while (forks_left && !is_child) {
        recorded();
        counted();
        made++;
    }
    if (is_child) {
        usleep(1000); /* the parent is ahead now */
        ten_calls();
        ++*children_ended;
        _exit(0);
    }
    setitimer(ITIMER_REAL, &never, NULL);
    while (waitpid(-1, NULL, 0) > 0)
        ;
    printf("%lu %d\n", made, *children_ended);
    return 0;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "generations") == 0)
        return generations();
    if (strcmp(what, "silent") == 0 && argc > 2)
        return silent(argv[2]);
    if (strcmp(what, "vfork") == 0)
        return vforks();
    if (strcmp(what, "spawn") == 0 && argc > 2)
        return spawn(argv[2]);
    if (strcmp(what, "daemon") == 0)
        return become_daemon();
    if (strcmp(what, "storm") == 0)
        return storm();
    if (strcmp(what, "handler") == 0)
        return handler();
    calls();
    return 0;
}
