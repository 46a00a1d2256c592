/*
 * DEEP_PROFILE_CALLS: how often, exactly. And this one is C++.
 *
 *     deep-profile-c++ -O2 -g 05-profile-calls.cc -o queens
 *     DEEP_PROFILE=1 ./queens 8 && deep-profile report
 *
 * Counts the ways to place N queens on a board with one thread for each column
 * of the first row. The counts are exact: recursion, threads and calls that the
 * compiler inlined included, because counting is part of the inlined code.
 */
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include <deep_profile.h>

namespace queens
{

struct Board {
    unsigned size;
    unsigned columns, falling, rising; /* attacked, as bits */
};

DEEP_PROFILE_CALLS()
static Board place(const Board &board, unsigned bit)
{
    return {board.size, board.columns | bit, (board.falling | bit) << 1, (board.rising | bit) >> 1};
}

DEEP_PROFILE_CALLS()
unsigned long solutions(const Board &board)
{
    unsigned all = (1u << board.size) - 1;
    if (board.columns == all)
        return 1;
    unsigned long found = 0;
    unsigned free = all & ~(board.columns | board.falling | board.rising);
    for (; free; free &= free - 1)
        found += solutions(place(board, free & -free));
    return found;
}

} // namespace queens

int main(int argc, char **argv)
{
    unsigned size = argc == 2 ? (unsigned)atoi(argv[1]) : 8;
    if (size < 1 || size > 14) {
        std::fprintf(stderr, "usage: %s SIZE, 1 to 14\n", argv[0]);
        return 2;
    }
    std::vector<unsigned long> found(size);
    std::vector<std::thread> threads;
    for (unsigned column = 0; column < size; column++)
        threads.emplace_back([&found, size, column] {
            found[column] = queens::solutions(queens::place({size, 0, 0, 0}, 1u << column));
        });
    unsigned long sum = 0;
    for (unsigned column = 0; column < size; column++) {
        threads[column].join();
        sum += found[column];
    }
    std::printf("%lu solutions\n", sum);
    return 0;
}
