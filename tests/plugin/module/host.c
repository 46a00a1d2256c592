/* Loads a library of instrumented functions, unloads it, and loads it again. */
#include <deep_profile.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include "fake_runtime.h"

DEEP_PROFILE() __attribute__((noinline)) int calls(int (*function)(int), int n)
{
    return function(n);
}

int main(int argc, char **argv)
{
    EXPECT(argc == 2 && fake_modules() == 1);
    for (uint32_t i = 1; i <= 3; i++) {
        void *module = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
        if (!module)
            fprintf(stderr, "%s\n", dlerror());
        EXPECT(module && fake_modules() == 2);
        EXPECT(fake_n_sites() == 1 + 2 * i);
        int (*function)(int) = (int (*)(int))dlsym(module, "from_module");
        EXPECT(function && calls(function, 4) == 25);
        EXPECT(dlclose(module) == 0 && fake_modules() == 1);
    }
    EXPECT(fake_find("from_module")->exits == 1 && fake_find("from_second_file")->exits == 1);
    EXPECT(fake_find("calls")->exits == 3);
    return fake_finish();
}
