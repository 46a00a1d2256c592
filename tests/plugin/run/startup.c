/* Sites are registered before the user's constructors run, and are still there
 * in the last destructor. */
#include <deep_profile.h>
#include <stdio.h>
#include <stdlib.h>

#include "fake_runtime.h"

DEEP_PROFILE() __attribute__((constructor(101))) static void first(void)
{
    EXPECT(fake_modules() == 1);
}

static void check(void)
{
    if (fake_find("first")->exits != 1 || fake_finish() != 0)
        _Exit(1);
}

DEEP_PROFILE() __attribute__((destructor(101))) static void last(void)
{
    if (fake_modules() != 1)
        _Exit(1);
}

int main(void)
{
    atexit(check);
    return 0;
}
