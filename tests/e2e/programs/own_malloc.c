/*
 * A host whose malloc must not be called while signals are blocked: it might wait for one
 * (here it looks, complains, and ends the process). own_malloc [LIBRARY]
 *
 * LIBRARY is instrumented as module.c is, and loaded late (built with -DLATE: the program
 * itself is not, and has no runtime): after as many fork handlers as libc has memory for,
 * and more keys. Prints how often it allocated; 7 is its status.
 */
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef LATE
#include <dlfcn.h>
static void (*calls)(int);

static void work(void)
{
    if (calls)
        calls(100);
}
#else
#include <deep_profile.h>

DEEP_PROFILE(rate=1) __attribute__((noinline)) static void recorded(void)
{
    __asm__ volatile("");
}

static void work(void)
{
    for (int i = 0; i < 100; i++)
        recorded();
}
#endif

enum { HEADER = 16, BYTES = 64 << 20 };
static _Alignas(HEADER) char memory[BYTES];
static size_t used;

/* libc's end of the runtime's own thread frees, too: nobody waits for that. */
static void look(void)
{
    static const char complaint[] = "allocates while signals are blocked\n";
    char name[16] = "";
    uint64_t mask = 0;
    syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, sizeof mask);
    if (!(mask & UINT64_C(1) << (SIGTERM - 1)))
        return;
    prctl(PR_GET_NAME, name, 0, 0, 0);
    while (strcmp(name, "deep-profile") == 0)
        pause();
    (void)!write(2, complaint, sizeof complaint - 1);
    _exit(95);
}

void *malloc(size_t bytes)
{
    look();
    bytes = (bytes + HEADER - 1) / HEADER * HEADER;
    size_t at = __atomic_fetch_add(&used, bytes + HEADER, __ATOMIC_RELAXED);
    if (bytes > BYTES || at + bytes + HEADER > BYTES)
        return NULL;
    memcpy(memory + at, &bytes, sizeof bytes);
    return memory + at + HEADER;
}

void free(void *block)
{
    (void)block;
    look();
}

void *calloc(size_t count, size_t bytes)
{
    return malloc(count * bytes); /* never used before */
}

void *realloc(void *block, size_t bytes)
{
    void *moved = malloc(bytes);
    size_t before = 0;
    if (block)
        memcpy(&before, (char *)block - HEADER, sizeof before);
    if (moved && block)
        memcpy(moved, block, before < bytes ? before : bytes);
    return moved;
}

static void nothing(void)
{
}

static void *run(void *unused)
{
    work();
    return unused;
}

static void in_a_thread(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, run, NULL) != 0)
        _exit(96);
    pthread_join(thread, NULL);
}

static void load(const char *library)
{
#ifdef LATE
    pthread_key_t key;
    for (int i = 0; i < 40; i++)
        pthread_key_create(&key, NULL);
    for (int i = 0; i < 48; i++) /* as many as libc has room for: the next one allocates */
        pthread_atfork(NULL, NULL, nothing);
    void *loaded = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (!loaded)
        _exit(97);
    *(void **)&calls = dlsym(loaded, "module_calls");
#endif
    (void)library;
    (void)nothing;
}

int main(int argc, char **argv)
{
    int status = 0;
    load(argc > 1 ? argv[1] : "");
    work();
    in_a_thread();
    pid_t child = fork();
    if (child == 0) {
        if (argc > 2) /* takes what libc has kept of the parent's threads */
            in_a_thread();
        work();
        in_a_thread();
        exit(5);
    }
    waitpid(child, &status, 0);
    work();
    return WIFEXITED(status) && WEXITSTATUS(status) == 5 ? 7 : 98;
}
