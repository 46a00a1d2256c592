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
    calls();
    return 0;
}
