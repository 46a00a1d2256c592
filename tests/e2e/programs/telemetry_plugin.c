/*
 * A library that says things of its own, and a program that loads it (-DHOST): with the runtime
 * in the program or without. Run by tests/e2e/telemetry.py.
 */
#ifdef HOST
#include <dlfcn.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    void *library = argc > 1 ? dlopen(argv[1], RTLD_NOW) : NULL;
    void (*say)(void) = NULL;
    if (library)
        *(void **)&say = dlsym(library, "say");
    if (!say)
        return 1;
    say();
    dlclose(library);
    printf("said\n");
    return 0;
}
#else
#include <deep_profile.h>

void say(void);
void say(void)
{
    deep_profile_count("said by a plugin", 3);
    deep_profile_measure("in a plugin", 1000000);
}
#endif
