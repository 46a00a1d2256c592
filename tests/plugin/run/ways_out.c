/* Every ordinary way out of a function passes the exit, once. */
#include <deep_profile.h>
#include <stdio.h>
#include <stdlib.h>

#include "fake_runtime.h"

DEEP_PROFILE() static int returns(int n)
{
    if (n == 0)
        return 0;
    for (int i = 0; i < n; i++) {
        if (i == 3)
            return i;
        switch (n) {
        case 1:
            return 10;
        case 2:
            break;
        default:
            continue;
        }
        return 20;
    }
    return n;
}

DEEP_PROFILE() __attribute__((noinline)) void falls_off(int *p)
{
    if (*p == 1) {
        *p = 2;
        return;
    }
    *p = 3;
}

DEEP_PROFILE() static int jumps(int n)
{
    int sum = 0;
again:
    sum += n;
    if (--n > 0)
        goto again;
    if (sum > 5)
        goto out;
    return sum;
out:
    return -sum;
}

DEEP_PROFILE() static int computed(int n)
{
    static void *const to[] = {&&one, &&two, &&three};
    goto *to[n];
one:
    return 1;
two:
    n = 7;
three:
    return n;
}

DEEP_PROFILE() int recurses(int n)
{
    return n < 2 ? n : recurses(n - 1) + recurses(n - 2);
}

DEEP_PROFILE() __attribute__((noinline)) int sibling(int n);
DEEP_PROFILE() __attribute__((noinline)) int other(int n)
{
    EXPECT(fake_depth() > 0);
    return n <= 0 ? 5 : sibling(n - 1); /* would be a tail call */
}
int sibling(int n)
{
    return n <= 0 ? 6 : other(n - 1);
}

DEEP_PROFILE() static int statement_expression(int n)
{
    return ({
        int twice = 2 * n;
        if (twice > 10)
            return twice; /* out of the middle of an expression */
        twice + 1;
    });
}

static int cleaned;
static void clean(int *p)
{
    cleaned += *p;
}

DEEP_PROFILE() static int cleans_up(int n)
{
    EXPECT(fake_depth() == 1);
    int guard __attribute__((cleanup(clean))) = n;
    if (n > 1)
        return guard + 1;
    return guard;
}

int main(void)
{
    int p = 1;
    EXPECT(returns(0) == 0 && returns(1) == 10 && returns(2) == 20 && returns(9) == 3);
    EXPECT(fake_find("returns")->enters == 4);
    falls_off(&p);
    falls_off(&p);
    EXPECT(p == 3 && fake_find("falls_off")->enters == 2);
    EXPECT(jumps(2) == 3 && jumps(4) == -10);
    EXPECT(computed(0) == 1 && computed(1) == 7 && computed(2) == 2);
    EXPECT(recurses(10) == 55 && fake_find("recurses")->enters == 177);
    EXPECT(sibling(6) == 6 && sibling(7) == 5);
    EXPECT(fake_find("sibling")->enters + fake_find("other")->enters == 7 + 8);
    EXPECT(statement_expression(2) == 5 && statement_expression(6) == 12);
    EXPECT(cleans_up(1) == 1 && cleans_up(2) == 3 && cleaned == 3);
    EXPECT(fake_find("cleans_up")->exits == 2 && fake_find("cleans_up")->unwound == 0);
    return fake_finish();
}
