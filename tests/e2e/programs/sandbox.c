/*
 * A host that enters a sandbox of its own: sandbox WHEN HOW WHO LIBRARY CALL...
 *
 *     WHEN   main    first thing in main
 *            fork    before it forks; the child works, too
 *            dlopen  before it loads LIBRARY, which is instrumented as module.c is (built
 *                    with -DLATE: the program itself is not, and has no runtime)
 *            work    between two halves of its work
 *            exit    as the last thing in main
 *     HOW    the number of an error, or "trap": the host has a handler of SIGSYS, which calls
 *            profiled code and refuses the call itself
 *     WHO    "all" threads, or "this" one and those that it makes
 *     CALL   the number of a system call that the sandbox refuses
 *
 * Prints what it worked out; 7 is its status. Itself it needs none of the calls that are
 * refused.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#ifdef LATE
#include <dlfcn.h>
static _Thread_local uint64_t worked; /* the handler runs on any thread */
static void (*calls)(int);

static void recorded(uint64_t n)
{
    worked += n;
    if (calls)
        calls(1);
}
#else
#include <deep_profile.h>
static _Thread_local uint64_t worked; /* the handler runs on any thread */

DEEP_PROFILE(rate=1) __attribute__((noinline)) static void recorded(uint64_t n)
{
    worked += n;
}
#endif

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Long enough for the steward to do what it does. */
static void work(void)
{
    uint64_t end = now_ns() + 3000000;
    for (int i = 0; i < 3000; i++) {
        errno = 77;
        recorded((uint64_t)i);
        if (errno != 77)
            _exit(90);
    }
    while (now_ns() < end)
        ;
}

/* Runs also inside the runtime, and on its thread. Not counted: how often is not the host's. */
static void refuse(int signal, siginfo_t *info, void *context)
{
    uint64_t before = worked;
    (void)signal;
    (void)info;
    recorded(1);
    worked = before;
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_RAX] = -EPERM;
}

static void enter_sandbox(char **argv)
{
    struct sock_filter filter[200] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))};
    struct sigaction action = {.sa_sigaction = refuse, .sa_flags = SA_SIGINFO};
    unsigned what = SECCOMP_RET_ERRNO | (unsigned)atoi(argv[2]);
    unsigned short n = 1;
    if (strcmp(argv[2], "trap") == 0) {
        what = SECCOMP_RET_TRAP;
        sigaction(SIGSYS, &action, NULL);
    }
    for (char **call = argv + 5; *call; call++) {
        unsigned number = (unsigned)atoi(*call);
        filter[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1);
        filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, what);
    }
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {.len = n, .filter = filter};
    unsigned flags = strcmp(argv[3], "all") == 0 ? SECCOMP_FILTER_FLAG_TSYNC : 0;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program) != 0)
        _exit(91);
}

static void print(const char *who)
{
    char text[100];
    int length = snprintf(text, sizeof text, "%s %llu\n", who, (unsigned long long)worked);
    if (write(1, text, (size_t)length) != length)
        _exit(92);
}

static void fork_and_work(void)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        work();
        print("child");
        exit(5);
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    printf("status %d\n", status);
}

static void load(const char *library)
{
#ifdef LATE
    void *loaded = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (!loaded)
        _exit(93);
    *(void **)&calls = dlsym(loaded, "module_calls");
#endif
    (void)library;
}

int main(int argc, char **argv)
{
    if (argc < 6)
        return 94;
    const char *when = argv[1];
    if (strcmp(when, "main") == 0)
        enter_sandbox(argv);
    if (strcmp(when, "dlopen") == 0) {
        enter_sandbox(argv);
        load(argv[4]);
    }
    work();
    if (strcmp(when, "work") == 0 || strcmp(when, "fork") == 0)
        enter_sandbox(argv);
    if (strcmp(when, "fork") == 0)
        fork_and_work();
    work();
    print("worked");
    if (strcmp(when, "exit") == 0)
        enter_sandbox(argv);
    return 7;
}
