/*
 * DEEP_PROFILE_IF_SLOW: report the calls that took too long, and only those.
 *
 *     deep-profile-cc -O2 -g 02-profile-if-slow.c -o factor
 *     DEEP_PROFILE=1 ./factor 1001 9999999999999937 && deep-profile events
 *
 * Factors numbers by trial division: quick for nearly all of them, slow for a
 * product of large primes. Every call is watched, which costs about a
 * nanosecond; a call over the threshold leaves an event.
 */
#include <stdio.h>
#include <stdlib.h>

#include <deep_profile.h>

/* The threshold comes first and needs no name; rate=1: every slow call leaves
 * its event (by default one in ten does, though all are counted). */
DEEP_PROFILE_IF_SLOW(10ms, rate=1, metadata=algorithm:trial_division)
static unsigned long long smallest_factor(unsigned long long n)
{
    if (n % 2 == 0)
        return 2;
    for (unsigned long long d = 3; d <= n / d; d += 2)
        if (n % d == 0)
            return d;
    return n;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        unsigned long long n = strtoull(argv[i], NULL, 10);
        printf("%llu:", n);
        while (n > 1) {
            unsigned long long factor = smallest_factor(n);
            printf(" %llu", factor);
            n /= factor;
        }
        putchar('\n');
    }
    return 0;
}
