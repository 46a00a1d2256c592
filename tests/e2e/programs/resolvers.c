/* A resolver that a person wrote, with two functions that it calls, one below the other,
 * and one that the compiler makes. For resolvers.py. */
#include <deep_profile.h>

typedef int chosen_function(int);

static __attribute__((noinline)) int helper(int n)
{
    __asm__ volatile("" : "+r"(n));
    return n > 0;
}

static __attribute__((noinline)) int has_it(int n)
{
    return helper(n) && n < 100;
}

DEEP_PROFILE(rate = 1) static int one(int n)
{
    return n + 1;
}

static int two(int n)
{
    return n + 2;
}

__attribute__((used)) static chosen_function *resolve_it(void)
{
    return has_it(50) ? one : two;
}

int chosen(int n) __attribute__((ifunc("resolve_it")));

__attribute__((target_clones("avx2", "default"), noinline)) int cloned(int n)
{
    int sum = 0;
    for (int i = 0; i < n; i++)
        sum += i * n;
    return sum;
}

#ifdef PROGRAM
static int (*pointer)(int) = cloned;

int main(void)
{
    return chosen(10) + cloned(10) + pointer(10) != 911;
}
#endif
