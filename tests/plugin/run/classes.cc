/* Methods, constructors, templates, lambdas, overloads, with names that a
 * person knows.
 * options: -std=gnu++17 */
#include <deep_profile.h>
#include <stdio.h>
#include <stdlib.h>

#include "fake_runtime.h"

namespace shop {
struct item {
    int price;
    DEEP_PROFILE() explicit item(int p) : price(p)
    {
    }
    DEEP_PROFILE() virtual ~item()
    {
        price = 0;
    }
    DEEP_PROFILE() virtual int total(int n) const
    {
        return price * n;
    }
    DEEP_PROFILE_CALLS() static int tax(int n);
    DEEP_PROFILE() item &operator+=(int n)
    {
        price += n;
        return *this;
    }
};

int item::tax(int n)
{
    return n / 5;
}

struct rebate : item {
    using item::item;
    DEEP_PROFILE() int total(int n) const override
    {
        return item::total(n) - 1;
    }
};

template <typename T> DEEP_PROFILE(rate=0.5) __attribute__((noinline)) T largest(T a, T b)
{
    return a > b ? a : b;
}

template <typename T> struct box {
    T value;
    DEEP_PROFILE() T get() const
    {
        return value;
    }
};
} // namespace shop

DEEP_PROFILE() int overloaded(int n)
{
    return n;
}
DEEP_PROFILE() int overloaded(double n)
{
    return (int)n + 1;
}

[[gnu::profile("rate=0.5")]] int bracketed(int n)
{
    return n;
}

DEEP_PROFILE() constexpr int folded(int n)
{
    return n * 2;
}
static_assert(folded(4) == 8, "annotated functions stay constant expressions");

extern "C" DEEP_PROFILE() int with_c_name(int n)
{
    return n;
}

int main()
{
    {
        shop::item one(10);
        shop::rebate two(20);
        one += 5;
        shop::item *which[] = {&one, &two};
        EXPECT(which[0]->total(2) == 30 && which[1]->total(2) == 39);
        EXPECT(shop::item::tax(10) == 2);
    }
    EXPECT(fake_find("shop::item::total")->enters == 2);
    EXPECT(fake_find("shop::rebate::total")->enters == 1);
    EXPECT(fake_counted("shop::item::tax") == 1);
    EXPECT(fake_find("shop::item::operator+=")->exits == 1);
    EXPECT(shop::largest(1, 2) == 2 && shop::largest(2.5, 1.5) == 2.5);
    EXPECT((shop::box<long>{7}.get()) == 7);
#ifdef GATES_IN_TEXT /* one site for all instances */
    EXPECT(fake_find("shop::largest")->enters == 2);
    EXPECT(fake_find("shop::box::get")->enters == 1);
#else
    EXPECT(fake_find("shop::largest<int>")->enters == 1);
    EXPECT(fake_find("shop::largest<double>")->enters == 1);
#endif
#ifdef GATES_IN_TEXT
#elif defined __clang__
    EXPECT(fake_find("shop::box<long>::get")->enters == 1);
#else
    EXPECT(fake_find("shop::box<long int>::get")->enters == 1);
#endif
    EXPECT(overloaded(1) == 1 && overloaded(1.5) == 2 && bracketed(3) == 3);
    EXPECT(fake_find("bracketed")->exits == 1);
    EXPECT(folded(fake_depth() + 3) == 6 && with_c_name(4) == 4);
    EXPECT(fake_find("with_c_name")->exits == 1);
    auto lambda = [](int n) DEEP_PROFILE() { return n + 1; };
    EXPECT(lambda(1) == 2);
    return fake_finish();
}
