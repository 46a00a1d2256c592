/*
 * For -mabi=ms, with which the program's own functions are called by other rules than
 * libc's and the runtime's. Any number of arguments.
 */
#include <deep_profile.h>
#include <stdarg.h>

DEEP_PROFILE(rate = 1) __attribute__((noinline)) int six(int a, int b, int c, int d, int e, int f)
{
    return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f;
}

DEEP_PROFILE_IF_SLOW(500ms)
__attribute__((noinline)) double five(double a, double b, double c, double d, double e)
{
    return a + 2 * b + 3 * c + 4 * d + 5 * e;
}

DEEP_PROFILE_CALLS() __attribute__((noinline)) int sum_of(int n, ...)
{
    int sum = 0;
    va_list rest;
    va_start(rest, n);
    while (n--)
        sum += va_arg(rest, int);
    va_end(rest);
    return sum;
}

struct large {
    long a[5];
};

DEEP_PROFILE_MEMORY() __attribute__((noinline)) struct large large(long a)
{
    return (struct large){{a, a + 1, a + 2, a + 3, a + 4}};
}

int plain(int n)
{
    return n * 2;
}

__attribute__((sysv_abi)) int main(void)
{
    for (int i = 0; i < 100; i++)
        if (six(1, 2, 3, 4, 5, 6) != 91 || five(1, 2, 3, 4, 5) != 55 || large(i).a[4] != i + 4 ||
            sum_of(6, 1, 2, 3, 4, 5, 6) != 21 || plain(i) != 2 * i)
            return 1;
    return 0;
}
