/* Ends in the way that its argument names, inside serve() and query(), with its log unfinished. */
#define _GNU_SOURCE
#include <deep_profile.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* A fault of the host's own: a mapped file that became shorter. */
static void bus(void)
{
    int file = memfd_create("cut", 0);
    if (file < 0 || ftruncate(file, 4096) != 0)
        _exit(99);
    volatile char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (ftruncate(file, 0) != 0)
        _exit(99);
    page[0] = 1;
}

static void use_up_memory(void)
{
    for (;;)
        memset(malloc(1 << 20), 1, 1 << 20);
}

/* The child shares our memory when it calls _exit(); half a second later we are killed. */
static void after_vfork(void)
{
    pid_t child = vfork();
    if (child == 0)
        _exit(7);
    waitpid(child, NULL, 0);
    usleep(500000);
    kill(getpid(), SIGKILL);
}

static void in_a_handler(int number)
{
    _exit(100 + number);
}

static void end(const char *how)
{
    static volatile int *volatile nowhere;
    if (strcmp(how, "segv") == 0)
        *nowhere = 1;
    else if (strcmp(how, "abort") == 0)
        abort();
    else if (strcmp(how, "kill") == 0)
        kill(getpid(), SIGKILL);
    else if (strcmp(how, "term") == 0)
        kill(getpid(), SIGTERM);
    else if (strcmp(how, "realtime") == 0)
        kill(getpid(), SIGRTMIN + 3);
    else if (strcmp(how, "bus") == 0)
        bus();
    else if (strcmp(how, "bus-sent") == 0)
        kill(getpid(), SIGBUS);
    else if (strcmp(how, "memory") == 0)
        use_up_memory();
    else if (strcmp(how, "vfork") == 0)
        after_vfork();
    else if (strcmp(how, "_exit") == 0)
        _exit(300 + 4); /* the kernel keeps 8 bits */
    else if (strcmp(how, "_Exit") == 0)
        _Exit(5);
    else if (strcmp(how, "handler") == 0) {
        signal(SIGUSR1, in_a_handler);
        raise(SIGUSR1);
    } else if (strcmp(how, "fork") == 0) {
        pid_t child = fork();
        if (child == 0)
            _exit(6); /* not ours */
        waitpid(child, NULL, 0);
        kill(getpid(), SIGKILL);
    } else if (strcmp(how, "exec") == 0) {
        execlp("sh", "sh", "-c", "exit 9", (char *)NULL);
    } else if (strcmp(how, "exec-sleep") == 0) {
        execlp("sleep", "sleep", "1000", (char *)NULL);
    } else {
        exit(8);
    }
}

DEEP_PROFILE_IF_SLOW(100s) __attribute__((noinline)) static void query(const char *how)
{
    puts("inside");
    fflush(stdout);
    end(how);
}

DEEP_PROFILE(rate=1) __attribute__((noinline)) static void serve(const char *how)
{
    query(how);
    __asm__ volatile("");
}

int main(int argc, char **argv)
{
    serve(argc > 1 ? argv[1] : "");
    return 0;
}
