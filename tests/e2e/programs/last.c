/*
 * A process that ends with its last thread: last WAY
 *
 *     thread   main() calls pthread_exit(), and a thread returns later; exit() runs in it
 *     both     the thread returns first
 *     raw      the only thread ends by the system call itself, with status 3
 */
#include <deep_profile.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

DEEP_PROFILE(rate=1) __attribute__((noinline)) static void recorded(void)
{
    __asm__ volatile("");
}

static void at_exit(void)
{
    recorded();
    (void)!write(1, "exit\n", 5);
}

static void *run(void *late)
{
    if (late)
        usleep(20000);
    recorded();
    return NULL;
}

int main(int argc, char **argv)
{
    const char *way = argc > 1 ? argv[1] : "";
    pthread_t thread;
    atexit(at_exit);
    recorded();
    if (strcmp(way, "raw") == 0)
        syscall(SYS_exit, 3);
    if (pthread_create(&thread, NULL, run, strcmp(way, "thread") == 0 ? &thread : NULL) != 0)
        return 1;
    if (strcmp(way, "both") == 0)
        pthread_join(thread, NULL);
    pthread_exit(NULL);
}
