/*
 * A host that asks for a flame graph: flame_file WHAT [...]
 *
 *     exit             returns from main
 *     kill | _exit     ends otherwise
 *     chdir            changes its directory first
 *     closed           closes its standard descriptors first
 *     watch            says of each SIGCHLD, and of each child that wait() finds, "child"
 *     fork             forks a child that works and ends, too
 *     shut             enters a sandbox that kills whoever starts a process or a program
 *
 * Prints "done" where it has something to print to.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef OPTIONS
#define OPTIONS "output=graph.svg"
#endif

static volatile unsigned long sum;

__attribute__((flame_graph(OPTIONS), noinline)) static void work(void)
{
    for (unsigned long i = 0; i < 30000000; i++)
        sum += i * i;
}

static void on_child(int signal)
{
    (void)signal;
    if (write(STDOUT_FILENO, "child\n", 6) < 0)
        abort();
}

static void *wait_for_children(void *unused)
{
    for (;;) {
        if (wait(NULL) > 0 || errno != ECHILD)
            on_child(0);
        usleep(1000);
    }
    return unused;
}

static void watch(void)
{
    pthread_t thread;
    signal(SIGCHLD, on_child);
    if (pthread_create(&thread, NULL, wait_for_children, NULL) != 0)
        abort();
}

static void shut(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 4, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 3, 0),
#ifdef SYS_vfork
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_vfork, 2, 0),
#else
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_execveat, 2, 0),
#endif
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_execve, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    const struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) != 0)
        abort();
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "exit";
    if (strcmp(what, "chdir") == 0 && chdir("/") != 0)
        abort();
    if (strcmp(what, "closed") == 0)
        for (int fd = 0; fd < 3; fd++)
            close(fd);
    if (strcmp(what, "watch") == 0)
        watch();
    work();
    if (strcmp(what, "fork") == 0) {
        pid_t pid = fork();
        if (pid == 0) {
            work();
            exit(0);
        }
        waitpid(pid, NULL, 0);
        printf("%ld\n", (long)pid);
    }
    if (strcmp(what, "shut") == 0)
        shut();
    if (strcmp(what, "kill") == 0)
        raise(SIGKILL);
    if (strcmp(what, "_exit") == 0)
        _exit(0);
    puts("done");
    return 7;
}
