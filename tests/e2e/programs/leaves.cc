// Recorded calls that are left otherwise than by return, and a plugin that is
// loaded and unloaded again. leaves PLUGIN
#include <deep_profile.h>

#include <csetjmp>
#include <cstdlib>
#include <dlfcn.h>
#include <pthread.h>
#include <stdexcept>

static std::jmp_buf back;

DEEP_PROFILE(rate=1) __attribute__((noinline)) void jumps()
{
    std::longjmp(back, 1);
}

DEEP_PROFILE(rate=1) __attribute__((noinline)) void over()
{
    jumps();
}

DEEP_PROFILE(rate=1) __attribute__((noinline)) void throws(int n)
{
    if (n == 0)
        throw std::runtime_error("thrown");
    throws(n - 1);
}

DEEP_PROFILE(rate=1) __attribute__((noinline)) void plain()
{
}

DEEP_PROFILE(rate=1) __attribute__((noinline)) void *ends_thread(void *)
{
    pthread_exit(nullptr);
}

DEEP_PROFILE(rate=1) __attribute__((noinline)) void ends_program()
{
    std::exit(3);
}

int main(int argc, char **argv)
{
    for (volatile int i = 0; i < 10; i = i + 1) {
        if (setjmp(back) == 0)
            over();
        plain();
    }
    for (int i = 0; i < 5; i++) {
        try {
            throws(2);
        } catch (const std::runtime_error &) {
        }
    }
    pthread_t thread;
    pthread_create(&thread, nullptr, ends_thread, nullptr);
    pthread_join(thread, nullptr);
    for (int i = 0; argc > 1 && i < 50; i++) {
        void *library = dlopen(argv[1], RTLD_NOW);
        if (!library)
            return 1;
        reinterpret_cast<void (*)()>(dlsym(library, "loaded"))();
        dlclose(library);
    }
    ends_program();
}
