/* Functions without code of their own, or whose code must stay as it is. */
#include <deep_profile.h>

#ifdef __cplusplus
extern "C" {
#endif

static int fast(int n)
{
    return n;
}

DEEP_PROFILE_CALLS() static int below(int n)
/* error 33: 'below' cannot be profiled: it is called by 'called' before the program is linked */
{
    return n + 1;
}

static int called(int n)
{
    return below(n) > 1;
}

DEEP_PROFILE() static int (*resolve(void))(int)
/* error 29: 'resolve' cannot be profiled: it resolves an ifunc, and runs before the program is linked */
{
    return called(1) ? fast : 0;
}

DEEP_PROFILE_CALLS() int chosen(int n) __attribute__((ifunc("resolve")));
/* error 1: 'profile_calls' belongs on a function with a body, but 'chosen' is an ifunc: put it on the functions that its resolver chooses from */

int target(int n)
{
    return n;
}
DEEP_PROFILE() int also(int n) __attribute__((alias("target")));
/* error 1: 'profile' belongs on a function with a body, but 'also' is an alias: put it on its target */

DEEP_PROFILE() __attribute__((naked)) int bare(void)
/* error 43: 'bare' cannot be profiled: it is naked: nothing may stand before its own code */
{
    __asm__("ret");
}

#ifdef __cplusplus
}
#endif
