/* Arguments and results of every class arrive unharmed. */
#include <complex.h>
#include <deep_profile.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_runtime.h"

#ifndef PROBED /* whole/values.c has its own */
#define PROBED DEEP_PROFILE() __attribute__((noinline))
#endif

struct large {
    int values[50];
};
struct mixed {
    double d;
    long l;
};
typedef float vector __attribute__((vector_size(16)));

PROBED struct large large(struct large in, int add)
{
    in.values[49] += add;
    return in;
}

PROBED struct mixed mixed(struct mixed in)
{
    return (struct mixed){in.d * 2, in.l * 3};
}

PROBED double complex multiply(double complex a, float complex b)
{
    return a * b;
}

PROBED long double sum10(long double a, double b, float c, int d, long e, char f, short g,
                         unsigned h, long i, double j)
{
    return a + b + c + d + e + f + g + h + i + j;
}

PROBED vector add(vector a, vector b)
{
    return a + b;
}

#ifdef __SIZEOF_INT128__
PROBED __int128 wide(__int128 a)
{
    return a * 3;
}
#endif

PROBED double average(int n, ...)
{
    va_list arguments;
    double sum = 0;
    va_start(arguments, n);
    for (int i = 0; i < n; i++)
        sum += i % 2 ? va_arg(arguments, double) : va_arg(arguments, int);
    va_end(arguments);
    return sum / n;
}

PROBED int on_the_stack(int n)
{
    char array[n];
    char *more = __builtin_alloca((size_t)n);
    memset(array, 1, (size_t)n);
    memset(more, 2, (size_t)n);
    return array[n - 1] + more[0];
}

/* A leaf that lives in the red zone, with more values than registers. */
PROBED long red_zone(const long *p)
{
    volatile long a[8];
    long b = p[0], c = p[1], d = p[2], e = p[3], f = p[4], g = p[5], h = p[6], i = p[7];
    for (int k = 0; k < 8; k++)
        a[k] = p[k] ^ (b + c * d - e + f * g - h * i);
    return a[0] + a[7] + b + c + d + e + f + g + h + i;
}

__attribute__((no_instrument_function)) int main(void)
{
    struct large l = {{0}};
    l.values[49] = 4;
    EXPECT(large(l, 3).values[49] == 7);
    struct mixed m = mixed((struct mixed){1.5, 7});
    EXPECT(m.d == 3 && m.l == 21);
    EXPECT(multiply(1 + 2 * I, 3 - 1 * I) == 5 + 5 * I);
    EXPECT(sum10(1, 2, 3, 4, 5, 6, 7, 8, 9, 10) == 55);
    vector v = add((vector){1, 2, 3, 4}, (vector){10, 20, 30, 40});
    EXPECT(v[0] == 11 && v[3] == 44);
#ifdef __SIZEOF_INT128__
    EXPECT(wide((__int128)1 << 100) == (__int128)3 << 100);
    EXPECT(fake_find("wide")->exits == 1);
#endif
    EXPECT(average(4, 1, 2.5, 3, 1.5) == 2);
    EXPECT(on_the_stack(100) == 3);
    long p[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    long mix = 1 + 2 * 3 - 4 + 5 * 6 - 7 * 8;
    EXPECT(red_zone(p) == (1 ^ mix) + (8 ^ mix) + 36);
    for (const char *const *name = (const char *const[]){"large", "mixed", "multiply", "sum10",
                                                         "add", "average", "on_the_stack",
                                                         "red_zone", NULL};
         *name; name++)
        EXPECT(fake_find(*name)->enters == 1);
    return fake_finish();
}
