#include <deep_profile.h>

DEEP_PROFILE() int from_second_file(int n)
{
    return n * 6;
}
