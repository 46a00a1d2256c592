/* Tail calls stay jumps: recursion far deeper than the stack, and the call ends
 * before its callee begins. A tail call that turns out impossible as a jump, since
 * the callee takes more on the stack than the caller has, is left once, too.
 * not with: gcc -O0 -O1 -fno-omit-frame-pointer */
#include <stdio.h>
#include <stdlib.h>

#include "fake_runtime.h"

#define DEEP 2000000

__attribute__((noipa)) int odd(int n, int depth);
__attribute__((noipa)) int even(int n, int depth)
{
    if (n == 0) {
        EXPECT(depth == 0 || fake_depth() <= depth);
        return 1;
    }
    return odd(n - 1, depth);
}
int odd(int n, int depth)
{
    return n == 0 ? 0 : even(n - 1, depth);
}

/* The same through a pointer, with a result that is not looked at. */
typedef void step(int n, void *next);
__attribute__((noinline)) static void step_a(int n, void *next)
{
    step *go = *(step **)next;
    if (n > 0)
        go(n - 1, next);
}
static step *volatile through = step_a;

__attribute__((noinline)) int wide(int a, int b, int c, int d, int e, int f, int g, int h)
{
    return a + b + c + d + e + f + g + h;
}

static int volatile zero;

/* No jump possible; the return is shared with another way. */
__attribute__((noinline)) int narrow(int n)
{
    if (n == zero)
        return 5;
    return wide(n, 1, 1, 1, 1, 1, 1, 1);
}

__attribute__((no_instrument_function)) int main(void)
{
    EXPECT(even(DEEP, 3) == 1);
    EXPECT(fake_find("even")->enters == DEEP / 2 + 1);
    EXPECT(fake_find("odd")->enters == DEEP / 2);
    step *go = through;
    go(DEEP, (void *)&through);
    EXPECT(fake_find("step_a")->enters == DEEP + 1);
    EXPECT(narrow(3) == 10 && narrow(0) == 5);
    EXPECT(fake_find("narrow")->exits == 2);
    EXPECT(fake_depth() == 0);
    return fake_finish();
}
