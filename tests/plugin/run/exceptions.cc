/* C++ exceptions: every exit is taken once, and says that it was an exception. */
#include <deep_profile.h>
#include <stdexcept>
#include <stdio.h>
#include <stdlib.h>
#include <string>

#include "fake_runtime.h"

DEEP_PROFILE() __attribute__((noinline)) int thrower(int n)
{
    if (n == 1)
        throw n;
    if (n == 2)
        throw std::runtime_error("two");
    return n;
}

DEEP_PROFILE() __attribute__((noinline)) int passes(int n)
{
    std::string local(100, 'x');
    int result = thrower(n) + (int)local.size();
    return result;
}

DEEP_PROFILE() __attribute__((noinline)) int catches(int n)
{
    try {
        return passes(n);
    } catch (int i) {
        return -i;
    } catch (const std::exception &) {
        throw;
    }
}

/* Its handler is for another type than what comes. */
DEEP_PROFILE() __attribute__((noinline)) int picky(int n)
{
    try {
        return thrower(n);
    } catch (const char *) {
        return -1;
    }
}

DEEP_PROFILE() int safe(int n) noexcept
{
    try {
        return catches(n);
    } catch (...) {
        return -99;
    }
}

struct fussy {
    int n;
    DEEP_PROFILE() __attribute__((noinline)) fussy(int m) try : n(thrower(m)) {
    } catch (...) {
        throw 42;
    }
    DEEP_PROFILE() ~fussy()
    {
        n = 0;
    }
};

DEEP_PROFILE() __attribute__((noinline)) static int constructs(int n)
{
    fussy f(n);
    return f.n;
}

int main()
{
    EXPECT(safe(0) == 100 && fake_find("thrower")->unwound == 0);
    EXPECT(safe(1) == -1);
    EXPECT(fake_find("thrower")->unwound == 1 && fake_find("passes")->unwound == 1);
    EXPECT(fake_find("catches")->unwound == 0);
    EXPECT(safe(2) == -99);
    EXPECT(fake_find("thrower")->unwound == 2 && fake_find("catches")->unwound == 1);
    EXPECT(fake_find("catches")->exits == 3 && fake_find("safe")->exits == 3);
    EXPECT(fake_find("safe")->unwound == 0 && fake_depth() == 0);
    int missed = 0;
    try {
        picky(1);
    } catch (int i) {
        missed = i;
    }
    EXPECT(missed == 1 && fake_find("picky")->unwound == 1);
    EXPECT(constructs(7) == 7);
    int caught = 0;
    try {
        constructs(1);
    } catch (int i) {
        caught = i;
    }
    EXPECT(caught == 42 && fake_find("constructs")->unwound == 1);
    return fake_finish();
}
