/* A forked child whose first annotated calls come from many threads at once,
 * after it has unloaded the library given as the second argument, or after the
 * parent has written a title over its environment. */
#include <deep_profile.h>
#include <dlfcn.h>
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 8

extern char **environ;

static pthread_barrier_t barrier;

DEEP_PROFILE(rate=1, check_load=false) __attribute__((noinline)) static void work(void)
{
    __asm__ volatile("");
}

static void *run(void *unused)
{
    (void)unused;
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < 100; i++)
        work();
    return NULL;
}

static int threads(void)
{
    pthread_t thread[THREADS];
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&thread[i], NULL, run, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    return 0;
}

static int calls(void)
{
    for (int i = 0; i < 100; i++)
        work();
    return 0;
}

static int unload(void *library)
{
    dlclose(library);
    return calls();
}

/* What setproctitle() does to make room. */
static void write_title(void)
{
    for (char **variable = environ; *variable; variable++)
        memset(*variable, 'x', strlen(*variable));
}

int main(int argc, char **argv)
{
    void *library = argc > 2 ? dlopen(argv[2], RTLD_NOW) : NULL;
    int status = 1;
    work();
    if (strcmp(argv[1], "title") == 0)
        write_title();
    pid_t child = fork();
    if (child == 0 && strcmp(argv[1], "title") == 0)
        return calls();
    if (child == 0)
        return strcmp(argv[1], "threads") == 0 ? threads() : unload(library);
    waitpid(child, &status, 0);
    return WIFSIGNALED(status) ? 100 + WTERMSIG(status) : WEXITSTATUS(status);
}
