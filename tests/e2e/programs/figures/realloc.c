/* A call whose realloc() fails, so that the block stays where it is: allocated, and not freed. */
#include <deep_profile.h>

#include <stdint.h>
#include <stdlib.h>

static void *volatile kept;

DEEP_PROFILE_MEMORY() __attribute__((noinline)) int grows(size_t most)
{
    kept = malloc(1000);
    void *more = realloc(kept, most);
    if (more)
        kept = more;
    return more != NULL;
}

int main(void)
{
    return grows(PTRDIFF_MAX - 4096);
}
