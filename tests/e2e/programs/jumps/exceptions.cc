// C++ exceptions through recorded calls, those with something to destroy and others.
#include "jumps.h"

#include <stdexcept>
#include <string>

PROFILED int throws(int n, int i)
{
    inside(i);
    spin(30);
    last(i);
    if (n % 3 == 0)
        throw std::runtime_error("thrown");
    return n;
}

PROFILED int destroys(int n, int i)
{
    inside(i);
    std::string local(n + 1, 'x');
    int j = begin("throws");
    last(i);
    int got = throws(n, j) + (int)local.size();
    end(j);
    last(i);
    return got;
}

PROFILED int catches(int n, int i)
{
    inside(i);
    int j = begin("destroys"), got = -1;
    try {
        got = destroys(n, j);
    } catch (const std::exception &) {
    }
    end(j);
    last(i);
    return got;
}

int main(int argc, char **argv)
{
    for (int n = 0; n < 30; n++) {
        int i = begin("catches");
        catches(n, i);
        end(i);
    }
    return finish(argc, argv);
}
