/* Which functions are instrumented: those that have a body after inlining, except those
 * whose code must not change. An annotated function gets what its attributes ask for.
 *
 * options: -Wno-attributes */
#include <deep_profile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_runtime.h"

static bool is_there(const char *function)
{
    for (uint32_t i = 0; i < fake_n_sites(); i++)
        if (strcmp(fake_site_at(i)->function, function) == 0)
            return true;
    return false;
}

__attribute__((noinline)) int plain(int n)
{
    return n + 1;
}

static inline __attribute__((always_inline)) int into_main(int n)
{
    return n * 3;
}

__attribute__((noinline, no_instrument_function)) int left_alone(int n)
{
    return n + 2;
}

#if __has_attribute(naked) /* not on every processor */
__attribute__((naked, noinline)) void bare(void)
{
    __asm__("ret");
}
#else
__attribute__((no_instrument_function)) static void bare(void)
{
}
#endif

DEEP_PROFILE_CALLS() __attribute__((noinline)) int counted(int n)
{
    return n * 5;
}

DEEP_PROFILE(rate=0.5) __attribute__((noinline)) int sampled(int n)
{
    return n * 7;
}

#ifndef __SANITIZE_ADDRESS__ /* a resolver runs before the sanitizer does */
#define HAVE_RESOLVER
static int chosen(int n)
{
    return n + 40;
}

typedef int resolved_fn(int);
__attribute__((used)) static resolved_fn *resolve_it(void)
{
    return chosen;
}
__attribute__((ifunc("resolve_it"))) int resolved(int n);
#endif

static int early;
__attribute__((constructor(101))) static void before_main(void)
{
    early = fake_modules();
}

__attribute__((no_instrument_function)) int main(void)
{
    EXPECT(early == 1 && is_there("before_main"));
    EXPECT(into_main(plain(1)) == 6 && left_alone(1) == 3);
    bare();
    EXPECT(is_there("plain"));
    EXPECT(!is_there("into_main") && !is_there("left_alone") && !is_there("bare"));
    EXPECT(counted(2) == 10 && sampled(2) == 14);
    EXPECT(fake_find("plain")->flags == DP_SITE_WHOLE_PROGRAM);
    EXPECT(fake_find("counted")->flags == DP_SITE_COUNTED && fake_counted("counted") == 1);
    EXPECT(fake_find("sampled")->flags == 0);
    EXPECT(fake_find("sampled")->site->desc->n_attributes == 1);
    EXPECT(fake_find("sampled")->enters == 1 && fake_find("counted")->enters == 1);
#ifdef HAVE_RESOLVER
    EXPECT(resolved(2) == 42 && !is_there("resolve_it"));
#endif
    for (uint32_t i = 0; i < fake_n_sites(); i++) /* nothing of the plugin's own */
        EXPECT(!strstr(fake_site_at(i)->function, "GLOBAL"));
    return fake_finish();
}
