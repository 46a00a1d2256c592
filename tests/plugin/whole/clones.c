/* The compiler's copies of a function are that function: same name, same line.
 * options: -fipa-cp -fipa-cp-clone -fipa-sra
 * not with: -fsanitize=address clang */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_runtime.h"

static int volatile sink;

enum { SCALE_LINE = __LINE__ + 1 };
__attribute__((noinline)) static int scale(const int *n, int factor, int unused)
{
    (void)unused;
    int sum = 0;
    for (int i = 0; i < factor; i++)
        sum += *n * i + sink;
    sink = sum;
    return sum;
}

__attribute__((no_instrument_function)) int main(void)
{
    int n = 3;
    EXPECT(scale(&n, 3, 1) == 9);
    EXPECT(scale(&n, 3, 2) == 36);
    EXPECT(fake_find("scale")->site->desc->line == SCALE_LINE);
    for (uint32_t i = 0; i < fake_n_sites(); i++) {
        const char *dot = strchr(fake_site_at(i)->function, '.');
        EXPECT(!dot || strncmp(dot, ".part.", 6) == 0 || strncmp(dot, ".cold", 5) == 0);
    }
    return fake_finish();
}
