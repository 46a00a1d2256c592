/* Sixty-four counted functions, called three times each every 11 ms, 50 times over. Halfway,
 * it waits until the runtime's thread has reported them. */
#include <deep_profile.h>

#include <unistd.h>

#include "steward.h"

#define COUNTED(a, b)                                                    \
    DEEP_PROFILE_CALLS() __attribute__((noinline)) void counted_##a##b(void) \
    {                                                                    \
        __asm__ volatile("");                                            \
    }
#define CALL(a, b) counted_##a##b();
#define ROW(what, a) \
    what(a, 0) what(a, 1) what(a, 2) what(a, 3) what(a, 4) what(a, 5) what(a, 6) what(a, 7)
#define ALL(what)                                                                   \
    ROW(what, 0) ROW(what, 1) ROW(what, 2) ROW(what, 3) ROW(what, 4) ROW(what, 5) \
    ROW(what, 6) ROW(what, 7)

ALL(COUNTED)

int main(void)
{
    for (int i = 0; i < 50; i++) {
        ALL(CALL)
        ALL(CALL)
        ALL(CALL)
        usleep(11000);
        if (i == 25)
            let_steward_look();
    }
    return 0;
}
