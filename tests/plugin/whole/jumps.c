/* Ways out without an exit: setjmp and longjmp, noreturn, computed goto, and a goto out of
 * a nested function.
 *
 * not with: -fuse-ld=lld
 * options: -Wno-trampolines -Wl,-z,execstack,--no-warn-execstack */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include "fake_runtime.h"

static jmp_buf back;

__attribute__((noinline)) static int leaves(int n)
{
    if (n > 0)
        longjmp(back, n);
    return n;
}

__attribute__((noinline)) static int returns_twice(int n)
{
    volatile int kept = n * 2;
    int first = setjmp(back);
    if (first == 0)
        return leaves(n) + kept;
    return first + 100 + kept;
}

__attribute__((noinline)) static int computed(int n, const char *code)
{
    static void *const to[] = {&&stop, &&add, &&twice};
    goto *to[(int)*code];
add:
    n++;
    goto *to[(int)*++code];
twice:
    n *= 2;
    goto *to[(int)*++code];
stop:
    return n;
}

#ifndef __clang__ /* it has no nested functions */
__attribute__((noinline)) static int apply(int (*f)(int), int n)
{
    return f(n) + f(n + 1);
}

__attribute__((noinline)) static int outer(int base)
{
    __label__ out;
    int calls = 0;
    __attribute__((noinline)) int inner(int n)
    {
        calls++;
        if (n > 100)
            goto out;
        return base + n;
    }
    int sum = apply(inner, 10);
    apply(inner, 1000);
    return -1;
out:
    return sum + 1000 * calls;
}
#endif

__attribute__((noinline, noreturn)) static void ends(int status)
{
    exit(status);
}

__attribute__((no_instrument_function)) static void check(void)
{
    if (fake_finish() != 0)
        _Exit(1);
}

__attribute__((no_instrument_function)) int main(void)
{
    atexit(check);
    EXPECT(returns_twice(0) == 0 && fake_find("returns_twice")->exits == 1);
    EXPECT(returns_twice(5) == 115);
    EXPECT(fake_find("returns_twice")->enters == 2 && fake_find("returns_twice")->exits == 2);
    EXPECT(fake_find("leaves")->enters == 2 && fake_find("leaves")->exits == 1);
    EXPECT(computed(5, "\1\2\1\2\1") == 27 && fake_find("computed")->exits == 1);
#ifndef __clang__
    EXPECT(outer(7) == 17 + 18 + 3000);
    EXPECT(fake_find("outer")->exits == 1 && fake_find("inner")->enters == 3);
    fake_find("inner")->never_left = fake_find("apply")->never_left = true;
#endif
    fake_find("leaves")->never_left = fake_find("ends")->never_left = true;
    fake_forget_depth(-1); /* `ends` */
    ends(0);
}
