/* Lives for a number of seconds: threads come and go, calls are recorded, watched,
 * counted and sampled. Each second a line: resident KB, mappings, descriptors.
 * soak SECONDS */
#include <deep_profile.h>

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

DEEP_PROFILE(rate=1, check_load=false) __attribute__((noinline)) static void recorded(void)
{
    __asm__ volatile("");
}

DEEP_PROFILE_MEMORY(1B) __attribute__((noinline)) static void allocates(size_t bytes)
{
    char *volatile text = malloc(bytes);
    free(text);
}

DEEP_PROFILE_CALLS() __attribute__((noinline)) static void counted(void)
{
    __asm__ volatile("");
}

DEEP_PROFILE_IF_SLOW(5ms, rate=1) __attribute__((noinline)) static void watched(unsigned us)
{
    usleep(us);
}

static void *work(void *unused)
{
    for (int i = 0; i < 500; i++) {
        recorded();
        counted();
    }
    for (int i = 0; i < 20; i++)
        allocates(100 + (size_t)i * 50);
    watched(10000);
    return unused;
}

static long lines_of(const char *path)
{
    FILE *file = fopen(path, "r");
    long lines = 0;
    for (int c; file && (c = getc(file)) != EOF;)
        lines += c == '\n';
    if (file)
        fclose(file);
    return lines;
}

static void look(void)
{
    long size = 0, pages = 0, descriptors = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%ld %ld", &size, &pages) != 2)
        exit(1);
    fclose(file);
    DIR *directory = opendir("/proc/self/fd");
    while (directory && readdir(directory))
        descriptors++;
    if (directory)
        closedir(directory);
    printf("%ld %ld %ld\n", pages * getpagesize() / 1024, lines_of("/proc/self/maps"), descriptors);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    time_t now = time(NULL), end = now + (argc > 1 ? atoi(argv[1]) : 10);
    for (time_t told = now; now < end; now = time(NULL)) {
        pthread_t threads[4];
        for (int i = 0; i < 4; i++)
            pthread_create(&threads[i], NULL, work, NULL);
        for (int i = 0; i < 4; i++)
            pthread_join(threads[i], NULL);
        if (now != told)
            look();
        told = now;
    }
    return 0;
}
