// Annotated code at the edges of a process's and a thread's life. Each function is
// called once a process or once a thread; `edges THREADS` or `edges exit_main`.
// With `edges leak` threads end so late that no destructor of the runtime comes
// after their last call, batch after batch, until no batch needs new files.
#include <deep_profile.h>

#include <dirent.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define AT(name) \
    DEEP_PROFILE(rate=1) __attribute__((noinline)) static void name() { __asm__ volatile(""); }

AT(in_preinit)
AT(in_first_constructor)
AT(in_constructor)
AT(in_static_object)
AT(in_main)
AT(in_thread)
AT(in_thread_local_destructor)
AT(in_key_destructor)
AT(in_atexit)
AT(in_static_destructor)
AT(in_destructor)
AT(in_last_destructor)

static void preinit(int, char **, char **)
{
    in_preinit();
}
__attribute__((section(".preinit_array"), used)) static void (*preinit_entry)(int, char **,
                                                                              char **) = preinit;

// Sites are registered by constructors of priority 99.
__attribute__((constructor(90))) static void first_constructor()
{
    in_first_constructor();
}

__attribute__((constructor)) static void constructor()
{
    in_constructor();
}

__attribute__((destructor)) static void destructor()
{
    in_destructor();
}

__attribute__((destructor(90))) static void last_destructor()
{
    in_last_destructor();
}

struct object {
    object() { in_static_object(); }
    ~object() { in_static_destructor(); }
};
static object the_object;

struct local {
    ~local() { in_thread_local_destructor(); }
};
static thread_local local the_local;

static pthread_key_t key;

// Sets the key again, so that it is called in every round of destructors.
static void key_destructor(void *round)
{
    in_key_destructor();
    pthread_setspecific(key, (void *)((uintptr_t)round + 1));
}

static void *run(void *)
{
    in_thread();
    pthread_setspecific(key, (void *)1);
    (void)&the_local;
    return nullptr;
}

static void one_after_another(int threads)
{
    pthread_t thread;
    for (int i = 0; i < threads; i++) {
        pthread_create(&thread, nullptr, run, nullptr);
        pthread_join(thread, nullptr);
    }
}

static int lanes()
{
    char path[4096];
    int n = 0;
    snprintf(path, sizeof path, "%s/state", getenv("DEEP_PROFILE_OUT"));
    DIR *directory = opendir(path);
    for (dirent *entry; directory && (entry = readdir(directory));)
        n += strncmp(entry->d_name, "lane-", 5) == 0;
    closedir(directory);
    return n;
}

// Thirty seconds at most: the steward looks about once a second.
static int until_no_more_are_made()
{
    for (int i = 0; i < 300; i++) {
        int before = lanes();
        one_after_another(4);
        if (i > 0 && lanes() == before)
            return 0;
        usleep(100000);
    }
    return 1;
}

static void *after_main(void *)
{
    usleep(50000);
    in_thread();
    exit(4);
}

int main(int, char **argv)
{
    pthread_key_create(&key, key_destructor);
    atexit(in_atexit);
    in_main();
    if (strcmp(argv[1], "leak") == 0)
        return until_no_more_are_made();
    if (strcmp(argv[1], "exit_main") == 0) {
        pthread_t thread;
        pthread_create(&thread, nullptr, after_main, nullptr);
        pthread_exit(nullptr);
    }
    one_after_another(atoi(argv[1]));
    return 3;
}
