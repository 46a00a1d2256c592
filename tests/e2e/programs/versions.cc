/* Two versions of a function, between which a resolver of the compiler's chooses, and one
 * that is called by a resolver through a lambda, a template and a method. */
#include <deep_profile.h>

DEEP_PROFILE_IF_SLOW(1s) __attribute__((target("default"))) int versioned(int n)
{
    return n * 45;
}

__attribute__((target("avx2"))) int versioned(int n)
{
    return 45 * n;
}

namespace
{
struct helper {
    int n;
    explicit helper(int value) : n(value)
    {
    }
    __attribute__((noinline)) bool works() const
    {
        return n > 0;
    }
};
} // namespace

template <class T> __attribute__((noinline)) bool has(T n)
{
    return helper(n).works();
}

typedef int chosen_function(int);

DEEP_PROFILE(rate=1) static int one(int n)
{
    return n + 1;
}

static int two(int n)
{
    return n + 2;
}

extern "C" {
__attribute__((used)) static chosen_function *resolve_it()
{
    auto look = [](int n) { return has(n); };
    return look(50) ? one : two;
}
int chosen(int n) __attribute__((ifunc("resolve_it")));
}

#ifdef PROGRAM
int main()
{
    return versioned(10) + chosen(10) != 461;
}
#endif
