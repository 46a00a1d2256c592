/* Ends in the way that its argument names, inside a recorded call. */
#include <deep_profile.h>

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

DEEP_PROFILE(rate=1) __attribute__((noinline)) void step(void)
{
    __asm__ volatile("");
}

static volatile long steps;

static void *forever(void *unused)
{
    for (;;) {
        step();
        steps = steps + 1;
    }
    return unused;
}

DEEP_PROFILE(rate=1) __attribute__((noinline)) void end(const char *how)
{
    pthread_t thread;
    if (strcmp(how, "exit") == 0)
        exit(3);
    if (strcmp(how, "_exit") == 0)
        _exit(4);
    if (strcmp(how, "abort") == 0)
        abort();
    if (strcmp(how, "kill") == 0)
        raise(SIGKILL);
    if (strcmp(how, "exec") == 0)
        execl("/bin/true", "true", NULL);
    if (strcmp(how, "running") == 0) { /* a thread records while the process ends */
        pthread_create(&thread, NULL, forever, NULL);
        while (steps < 300000) /* more than 1 MB of records */
            usleep(1000);
        exit(5);
    }
    if (strcmp(how, "fork") == 0) {
        pid_t child = fork();
        for (int i = 0; i < 10; i++)
            step();
        if (child == 0)
            exit(0);
        int status;
        waitpid(child, &status, 0);
        exit(WEXITSTATUS(status) ? 9 : 6);
    }
}

int main(int argc, char **argv)
{
    for (int i = 0; i < 100; i++)
        step();
    puts("still here");
    fflush(stdout);
    end(argc > 1 ? argv[1] : "");
    return 0;
}
