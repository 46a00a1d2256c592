/* Several translation units, also in one link with -flto: a static function of
 * the same name in each, annotated functions in each, one without anything to
 * instrument, an ifunc whose resolver is somewhere else than its callers. */
#include <deep_profile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_runtime.h"
#include "several.h"

static volatile int zero; /* no call may be computed while compiling */

__attribute__((noinline)) static int same(int n)
{
    return n + 1 + zero;
}

DEEP_PROFILE_CALLS() __attribute__((noinline)) static int annotated(int n)
{
    return n + 2 + zero;
}

static unsigned count(const char *function, uint64_t *enters)
{
    unsigned found = 0;
    *enters = 0;
    for (uint32_t i = 0; i < fake_n_sites(); i++)
        if (strcmp(fake_site_at(i)->function, function) == 0) {
            found++;
            *enters += fake_site_at(i)->enters;
            EXPECT(strstr(fake_site_at(i)->site->desc->file, "several"));
        }
    return found;
}

__attribute__((no_instrument_function)) int main(void)
{
    uint64_t enters;
    EXPECT(same(1) == 2 && annotated(1) == 3 && other(1) == 21 + 11 && only_data[1] == 4);
    EXPECT(count("same", &enters) == 2 && enters == 2);
    EXPECT(count("annotated", &enters) == 2 && enters == 2);
    EXPECT(fake_modules() == 1);
#ifndef __SANITIZE_ADDRESS__
    EXPECT(resolved(2) == 44 && count("resolve_it", &enters) == 0);
#endif
    return fake_finish();
}
