/* In whole-program mode: exceptions through frames that have nothing to clean up, and so no
 * landing pad. Nothing reports that their calls have ended. */
#include <cstdio>
#include <cstring>

static volatile long sink;

__attribute__((noinline)) void throws(long i)
{
    sink = sink + i;
    if (i >= 0)
        throw i;
}

__attribute__((noinline)) void between(long i)
{
    throws(i);
    sink = sink + 1;
}

__attribute__((noinline)) void returns(long i)
{
    sink = sink + i;
}

__attribute__((noinline)) void catches(long i)
{
    try {
        between(i);
    } catch (long) {
        sink = sink + 2;
    }
}

int main(int argc, char **argv)
{
    const bool within = argc > 1 && std::strcmp(argv[1], "catches") == 0;

    for (long i = 0; i < 800; i++) {
        if (within) {
            catches(i);
            continue;
        }
        try {
            i % 2 ? between(i) : throws(i);
        } catch (long) {
            if (argc == 1)
                returns(i);
        }
    }
    return 0;
}
