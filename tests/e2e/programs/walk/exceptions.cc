/* Frames of C++, for tests/e2e/walk.py; see zoo.c. */
#include <algorithm>
#include <cstdio>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#define NOINLINE __attribute__((noinline))

volatile int zero;
int sink;

extern "C" NOINLINE void zoo_begin(const char *name)
{
    __asm__ volatile("" : : "r"(name) : "memory");
}

extern "C" NOINLINE void zoo_end()
{
    __asm__ volatile("" ::: "memory");
}

struct guard {
    int value;
    NOINLINE ~guard()
    {
        sink += value + zero;
    }
};

NOINLINE static int thrower(int depth)
{
    guard here{depth};
    if (depth == 0)
        throw std::runtime_error("in flight");
    return thrower(depth - 1) + here.value;
}

NOINLINE static int catcher()
{
    try {
        return thrower(3);
    } catch (const std::exception &error) {
        return error.what()[0];
    }
}

NOINLINE static int library()
{
    std::vector<std::string> words{"three", "one", "two"};
    std::sort(words.begin(), words.end(), [](const std::string &a, const std::string &b) {
        sink++;
        return a < b;
    });
    std::function<int(int)> call = [&](int x) { return x + (int)words.size(); };
    return call(2);
}

struct base {
    virtual NOINLINE int method(int x)
    {
        return x + zero;
    }
    virtual ~base() = default;
};

struct derived : base {
    guard member{4};
    NOINLINE int method(int x) override
    {
        guard local{x};
        return base::method(x) + member.value + local.value;
    }
};

int main()
{
    zoo_begin("exception");
    sink += catcher();
    zoo_end();
    zoo_begin("library");
    sink += library();
    zoo_end();
    base *object = zero ? new base : new derived;
    zoo_begin("virtual");
    sink += object->method(3);
    delete object;
    zoo_end();
    return 0;
}
