/* C++ exceptions: one that is caught, rethrown, or passes a cleanup ends each of those
 * calls once, as an exception. One that passes a function without a landing pad ends its
 * call without running any of its code. */
#include <stdexcept>
#include <stdio.h>
#include <stdlib.h>

#include "fake_runtime.h"

static int volatile destroyed;
struct guard {
    __attribute__((noinline)) ~guard()
    {
        destroyed = destroyed + 1;
    }
};

struct shape {
    virtual int area(int n) const
    {
        return n;
    }
    virtual ~shape()
    {
    }
};
namespace geometry {
struct square : shape {
    __attribute__((noinline)) int area(int n) const override
    {
        return n * n;
    }
};
template <typename T> __attribute__((noinline)) T half(T value)
{
    return value / 2;
}
} // namespace geometry

__attribute__((noinline)) static int thrower(int n)
{
    if (n > 1)
        throw std::runtime_error("thrower");
    return n;
}

__attribute__((noinline)) static int cleans(int n)
{
    guard g;
    return thrower(n) + 1;
}

__attribute__((noinline)) static int passes(int n)
{
    return cleans(n) * 2;
}

__attribute__((noinline)) static int again(int n)
{
    try {
        return passes(n);
    } catch (const std::exception &) {
        throw;
    }
}

__attribute__((noinline)) static int catches(int n)
{
    try {
        return again(n);
    } catch (...) {
        return -1;
    }
}

static bool is_there(const char *function)
{
    for (uint32_t i = 0; i < fake_n_sites(); i++)
        if (__builtin_strcmp(fake_site_at(i)->function, function) == 0)
            return true;
    return false;
}

__attribute__((no_instrument_function)) int main()
{
    EXPECT(catches(1) == 4 && destroyed == 1);
    for (const char *name : {"thrower", "cleans", "passes", "again", "catches"}) {
        fake_site *site = fake_find(name);
        EXPECT(site->enters == 1 && site->exits == 1 && site->unwound == 0);
    }
    EXPECT(catches(2) == -1 && destroyed == 2);
    EXPECT(fake_find("catches")->exits == 2 && fake_find("catches")->unwound == 0);
    EXPECT(fake_find("cleans")->exits == 2 && fake_find("cleans")->unwound == 1);
    EXPECT(fake_find("again")->exits == 2 && fake_find("again")->unwound == 1);
    EXPECT(fake_find("thrower")->enters == 2 && fake_find("passes")->enters == 2);
    geometry::square square;
    const shape *volatile any = &square;
    EXPECT(any->area(3) == 9 && geometry::half(8L) == 4 && geometry::half(8) == 4);
    /* As a person reads them, with -flto too. */
    EXPECT(is_there("geometry::square::area"));
    EXPECT(is_there("geometry::half<long int>") || is_there("geometry::half<long>") ||
           is_there("geometry::half")); /* gates in the source's text: one for all instances */
    for (const char *const name : {"thrower", "passes"})
        fake_find(name)->never_left = true;
    fake_forget_depth(0);
    return fake_finish();
}
