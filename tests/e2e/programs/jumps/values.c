/* Recorded calls of every kind of signature: nothing that goes in or out is changed.
 * options: -mavx */
#include "jumps.h"

#include <complex.h>
#include <stdarg.h>

typedef float vector __attribute__((vector_size(32)));
struct large {
    int words[100];
};

PROFILED int variadic(const char *format, ...)
{
    va_list list;
    int sum = 0;
    va_start(list, format);
    for (; *format; format++)
        sum += *format == 'i' ? va_arg(list, int) : (int)va_arg(list, double);
    va_end(list);
    return sum;
}

PROFILED struct large large(int n)
{
    struct large made;
    for (int i = 0; i < 100; i++)
        made.words[i] = n + i;
    return made;
}

PROFILED double _Complex complexes(double _Complex a, float _Complex b)
{
    return a * b + I;
}

PROFILED __int128 wide(__int128 a, unsigned __int128 b)
{
    return a * (__int128)b - 1;
}

PROFILED long double extended(long double a, long double b)
{
    return a / b;
}

PROFILED vector vectors(vector a, vector b)
{
    __asm__ volatile(""); /* every call is made */
    return a * b + a;
}

/* The vectors live across the gates of what is called. */
PROFILED float lives(vector a, vector b, int n)
{
    vector sum = a;
    for (int i = 0; i < n; i++)
        sum = sum + vectors(a, b) - b;
    float all = 0;
    for (int i = 0; i < 8; i++)
        all += sum[i];
    return all;
}

PROFILED int nesting(int base)
{
    PROFILED int nested(int n)
    {
        return base + n;
    }
    return nested(1) + nested(2);
}

PROFILED int expression(int n)
{
    return ({
        int twice = 2 * n;
        if (twice > 10)
            return twice;
        twice + 1;
    });
}

int main(int argc, char **argv)
{
    vector a = {1, 2, 3, 4, 5, 6, 7, 8}, b = {8, 7, 6, 5, 4, 3, 2, 1};
    for (int n = 0; n < 300; n++) { /* through many packets of 4 KB */
        struct large got = large(n);
        double _Complex c = complexes(n + 2 * I, 3 - I);
        if (variadic("idid", n, 2.5, 3, 4.5) != n + 9 || got.words[0] != n ||
            got.words[99] != n + 99 || creal(c) != 3.0 * n + 2 || cimag(c) != 7 - n ||
            wide((__int128)n << 70, 5) != ((__int128)(5 * n) << 70) - 1 ||
            extended(n, 3) != (long double)n / 3 || nesting(n) != 2 * n + 3 ||
            expression(2) != 5 || expression(6) != 12 || lives(a, b, 3) != 36 + 3 * (120 + 36 - 36))
            return 1;
    }
    return finish(argc, argv);
}
