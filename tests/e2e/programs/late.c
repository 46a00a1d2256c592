/* Not instrumented, not linked with the runtime: that comes with LIBRARY, which is
 * loaded while a thread runs already. late LIBRARY */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

static pthread_barrier_t barrier;
static void (*calls)(int);

static void *run(void *waits)
{
    if (waits) {
        pthread_barrier_wait(&barrier);
        pthread_barrier_wait(&barrier);
    }
    calls(100);
    return NULL;
}

static void in_a_new_thread(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, run, NULL);
    pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
    pthread_t early;
    void *library;
    pthread_barrier_init(&barrier, NULL, 2);
    pthread_create(&early, NULL, run, &barrier);
    pthread_barrier_wait(&barrier);
    library = dlopen(argc > 1 ? argv[1] : "", RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    *(void **)&calls = dlsym(library, "module_calls");
    pthread_barrier_wait(&barrier);
    pthread_join(early, NULL);
    calls(100);
    in_a_new_thread();
    dlclose(library);
    library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    *(void **)&calls = dlsym(library, "module_calls");
    calls(100);
    in_a_new_thread();
    return 5;
}
