/* Calls for a number of seconds, half of the time asleep, and prints how often.
 * load SECONDS [FILE]: no longer than there is this file. It begins when the runtime's thread
 * has looked at the machine. */
#include <deep_profile.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "steward.h"

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
    long calls = 0;
    let_steward_look();
    time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 1);
    do {
        checked();
        unchecked();
        calls++;
        usleep(1000);
    } while (time(NULL) <= end && (argc < 3 || access(argv[2], F_OK) == 0));
    printf("calls %ld\n", calls);
    return 0;
}
