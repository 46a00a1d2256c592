/* Nested functions: the static chain comes in r10, which the gate uses, too.
 * not with: clang
 * options: -Wno-trampolines -Wl,-z,execstack,--no-warn-execstack */
#include <deep_profile.h>
#include <stdio.h>
#include <stdlib.h>

#include "fake_runtime.h"

__attribute__((noinline)) static int apply(int (*f)(int), int n)
{
    return f(n) + f(n + 1);
}

DEEP_PROFILE() __attribute__((noinline)) int outer(int base)
{
    int calls = 0;
    DEEP_PROFILE() __attribute__((noinline)) int inner(int n)
    {
        calls++;
        return base + n;
    }
    int direct = inner(1);
    return direct + apply(inner, 10) + 1000 * calls;
}

/* Leaves `thrower` past its exit, like longjmp. */
DEEP_PROFILE() __attribute__((noinline)) int catcher(int n)
{
    __label__ out;
    DEEP_PROFILE() __attribute__((noinline)) void thrower(int m)
    {
        if (m > 3)
            goto out;
        n = m;
    }
    thrower(1);
    thrower(n + 5);
    return -1;
out:
    return n;
}

int main(void)
{
    EXPECT(outer(100) == 101 + 110 + 111 + 3000);
    EXPECT(fake_find("outer")->exits == 1);
    EXPECT(fake_find("inner")->exits == 3);
    EXPECT(catcher(7) == 1);
    EXPECT(fake_find("thrower")->enters == 2 && fake_find("thrower")->exits == 1);
    fake_find("thrower")->never_left = true;
    EXPECT(fake_depth() == 1);
    fake_forget_depth(0);
    return fake_finish();
}
