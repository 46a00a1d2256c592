/* setjmp, longjmp, exit: a call that never reaches its exit does no harm. */
#include <deep_profile.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include "fake_runtime.h"

static jmp_buf back;

DEEP_PROFILE() __attribute__((noinline)) int leaves(int n)
{
    if (n > 0)
        longjmp(back, n);
    return n;
}

DEEP_PROFILE() __attribute__((noinline)) int returns_twice(int n)
{
    int first = setjmp(back);
    if (first == 0)
        return leaves(n);
    return first + 100;
}

DEEP_PROFILE() __attribute__((noinline, noreturn)) void ends(int status)
{
    exit(status);
}

DEEP_PROFILE() __attribute__((noinline, noreturn)) static void loops(void)
{
    for (int i = 0;; i++)
        if (i == 1000)
            ends(i - 1000);
}

static void check(void)
{
    if (fake_finish() != 0)
        _Exit(1);
}

int main(void)
{
    atexit(check);
    EXPECT(returns_twice(0) == 0);
    EXPECT(fake_find("leaves")->exits == 1 && fake_depth() == 0);
    EXPECT(returns_twice(5) == 105);
    EXPECT(fake_find("returns_twice")->enters == 2 && fake_find("returns_twice")->exits == 2);
    EXPECT(fake_find("leaves")->enters == 2 && fake_find("leaves")->exits == 1);
    for (const char *const *name = (const char *const[]){"leaves", "ends", "loops", NULL}; *name;
         name++)
        fake_find(*name)->never_left = true;
    fake_forget_depth(-2);
    loops();
}
