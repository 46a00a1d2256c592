/*
 * A host with a floating-point environment of its own (the first argument says which),
 * which must find it untouched behind everything that runs the profiler: a library's
 * dlopen, calls, a forked child, a thread, dlclose. Then exit, with the same environment.
 * The second argument is the library (floating_library.c); without one it is linked in.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int floating_work(int rounds);

struct environment {
    uint16_t control, status;
    uint32_t mxcsr;
};

static const struct {
    const char *name;
    uint16_t control;
    uint32_t mxcsr;
} known[] = {
    {"default", 0x37f, 0x1f80}, {"down", 0x77f, 0x3f80},  {"up", 0xb7f, 0x5f80},
    {"zero", 0xf7f, 0x7f80},    {"flush", 0x37f, 0x9fc0}, {"flags", 0x37f, 0x1fbf},
    {"single", 0x07f, 0x1f80},  {"traps", 0x340, 0x0000}, {"everything", 0xf40, 0xe040},
};

static int (*work)(int) = NULL;

static struct environment read_environment(void)
{
    struct environment now;
    __asm__ volatile("fnstcw %0" : "=m"(now.control));
    __asm__ volatile("fnstsw %0" : "=m"(now.status));
    __asm__ volatile("stmxcsr %0" : "=m"(now.mxcsr));
    return now;
}

static struct environment before;

static void look(const char *when)
{
    struct environment now = read_environment();
    if (memcmp(&now, &before, sizeof now) == 0)
        return;
    printf("after %s: control %x, status %x, mxcsr %x; before: %x, %x, %x\n", when, now.control,
           now.status, now.mxcsr, before.control, before.status, before.mxcsr);
    fflush(stdout);
    _exit(1);
}

static void set_environment(const char *name)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(known[i].name, name) != 0)
            continue;
        __asm__ volatile("fldcw %0" : : "m"(known[i].control));
        __asm__ volatile("ldmxcsr %0" : : "m"(known[i].mxcsr));
    }
    before = read_environment();
}

static void *in_thread(void *name)
{
    set_environment(name);
    work(1000);
    look("calls in a thread");
    return NULL;
}

static void in_child(char *name)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        look("fork");
        work(1000);
        look("calls in a child");
        in_thread(name);
        exit(0);
    }
    if (waitpid(child, &status, 0) != child || status != 0)
        printf("the child ended with status %x\n", status);
}

int main(int argc, char **argv)
{
    before = (struct environment){0x37f, 0, 0x1f80};
    look("the start of the program");
    set_environment(argv[1]);
#ifdef LINKED
    work = floating_work;
#else
    void *library = argc > 2 ? dlopen(argv[2], RTLD_NOW) : NULL;
    look("dlopen");
    if (library)
        *(void **)&work = dlsym(library, "floating_work");
#endif
    if (!work)
        return 2;
    int sum = work(20000);
    look("calls");
    pthread_t thread;
    pthread_create(&thread, NULL, in_thread, argv[1]);
    pthread_join(thread, NULL);
    in_child(argv[1]);
#ifndef LINKED
    dlclose(library);
    look("dlclose");
#endif
    (void)argc;
    return sum == 0;
}
