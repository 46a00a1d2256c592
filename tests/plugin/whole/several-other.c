#include <deep_profile.h>

#include "several.h"

static volatile int zero; /* no call may be computed while compiling */

__attribute__((noinline)) static int same(int n)
{
    return n + 10 + zero;
}

DEEP_PROFILE(rate=0.5) __attribute__((noinline)) static int annotated(int n)
{
    return n + 20 + zero;
}

int other(int n)
{
    return same(n) + annotated(n);
}

#ifndef __SANITIZE_ADDRESS__ /* a resolver runs before the sanitizer does */
static int chosen(int n)
{
    return n + 42;
}

typedef int resolved_fn(int);
__attribute__((used)) static resolved_fn *resolve_it(void)
{
    return chosen;
}
__attribute__((ifunc("resolve_it"))) int resolved(int n);
#endif
