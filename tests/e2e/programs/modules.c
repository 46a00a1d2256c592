/*
 * Instrumented libraries that come and go while threads run instrumented code.
 *
 *     modules loop ROUNDS LIBRARY...   each loaded, called ten times, unloaded
 *     modules replace LIBRARY OTHER    OTHER takes the place of LIBRARY in between
 *
 * Prints how many calls the threads made.
 */
#include <deep_profile.h>

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS 3

static _Atomic bool done;

DEEP_PROFILE(rate=1) __attribute__((noinline)) static void work(void)
{
    for (volatile int i = 0; i < 2000; i++)
        ;
}

static void *run(void *calls)
{
    while (!done) {
        work();
        ++*(unsigned long *)calls;
    }
    return NULL;
}

static int use(const char *path)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    void (*calls)(int) = NULL;
    if (!library) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    *(void **)&calls = dlsym(library, "module_calls");
    calls(10);
    return dlclose(library);
}

static int loop(int rounds, char **libraries)
{
    for (int i = 0; i < rounds; i++) {
        for (char **library = libraries; *library; library++) {
            if (use(*library) != 0)
                return 1;
        }
    }
    return 0;
}

static int replace(const char *library, const char *other)
{
    if (use(library) != 0 || use(library) != 0 || rename(other, library) != 0)
        return 1;
    return use(library);
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS];
    unsigned long calls[THREADS] = {0}, all = 0;
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, run, &calls[i]);
    int status = argc > 3 && strcmp(argv[1], "loop") == 0 ? loop(atoi(argv[2]), argv + 3)
                                                          : replace(argv[2], argv[3]);
    done = true;
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        all += calls[i];
    }
    printf("%lu\n", all);
    return status;
}
