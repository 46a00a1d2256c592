/* Looks at itself from inside: what has the profiler done to its host? Prints
 * threads, descriptors and signal handlers it did not make, and errno after
 * calls that made the runtime work. */
#include <deep_profile.h>

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static int entries(const char *path)
{
    int count = 0;
    DIR *directory = opendir(path);
    while (directory && readdir(directory))
        count++;
    if (directory)
        closedir(directory);
    return count;
}

/* The lowest count of several: the steward opens a file for a moment now and then. */
static int least_entries(const char *path)
{
    int least = entries(path);
    for (int i = 0; i < 50; i++) {
        int now = entries(path);
        least = now < least ? now : least;
        usleep(1000);
    }
    return least;
}

DEEP_PROFILE(rate=1) __attribute__((noinline)) void work(void)
{
    errno = 123;
}

DEEP_PROFILE_MEMORY() __attribute__((noinline)) void memory(void)
{
    errno = 45;
}

int main(void)
{
    int handlers = 0, wrong = 0;
    for (int i = 0; i < 100000; i++) {
        work();
        wrong += errno != 123;
        memory();
        wrong += errno != 45;
    }
    for (int signal = 1; signal < 65; signal++) {
        struct sigaction action;
        handlers += sigaction(signal, NULL, &action) == 0 && action.sa_handler != SIG_DFL &&
                    action.sa_handler != SIG_IGN;
    }
    printf("threads %d descriptors %d handlers %d errno %d\n", entries("/proc/self/task") - 2,
           least_entries("/proc/self/fd") - 3, handlers, wrong);
    return 0;
}
