/* Calls for a number of seconds, half of the time asleep. */
#include <deep_profile.h>

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

DEEP_PROFILE(rate=1) __attribute__((noinline)) void checked(void)
{
    __asm__ volatile("");
}

DEEP_PROFILE(rate=1, check_load=false) __attribute__((noinline)) void unchecked(void)
{
    __asm__ volatile("");
}

int main(int argc, char **argv)
{
    time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 1);
    while (time(NULL) < end) {
        checked();
        unchecked();
        usleep(1000);
    }
    return 0;
}
