/*
 * DEEP_PROFILE_PRODUCTION: cheap enough to stay on, and it knows when to stop.
 *
 *     deep-profile-cc -O2 -g 03-profile-production.c -o validate
 *     DEEP_PROFILE=1 DEEP_PROFILE_ENV=prod ./validate FILE && deep-profile report
 *
 * Checks that each line of a file is valid UTF-8, over and over, as a server
 * does with what its clients send. One call in a hundred is timed (one in a
 * thousand unless said otherwise). While the machine is busier than 80 % or its
 * memory fuller than 90 %, none is: check_load=true is the default here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <deep_profile.h>

/* How many bytes follow the first one of a character; -1: none may begin so. */
static int following(unsigned char first)
{
    return first < 0x80 ? 0 : first < 0xC2 ? -1 : first < 0xE0 ? 1 : first < 0xF0 ? 2
         : first < 0xF5 ? 3 : -1;
}

DEEP_PROFILE_PRODUCTION(rate=0.01)
static int is_valid(const char *line)
{
    for (const unsigned char *at = (const unsigned char *)line; *at; at++) {
        int more = following(*at);
        if (more < 0)
            return 0;
        for (; more > 0; more--)
            if ((*++at & 0xC0) != 0x80)
                return 0;
    }
    return 1;
}

int main(int argc, char **argv)
{
    enum { CALLS = 200000 };
    char *line = NULL;
    size_t room = 0;
    long calls = 0, invalid = 0;
    FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;
    if (!file) {
        fprintf(stderr, "usage: %s FILE\n", argv[0]);
        return 2;
    }
    while (calls < CALLS) {
        if (getline(&line, &room, file) < 0) {
            if (calls == 0)
                break;
            rewind(file);
            continue;
        }
        invalid += !is_valid(line);
        calls++;
    }
    printf("%ld lines, %ld invalid\n", calls, invalid);
    free(line);
    fclose(file);
    return 0;
}
