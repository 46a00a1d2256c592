/* A function that allocates. Compiled with -DALLOCATOR: a library with a malloc of its own.
 * It takes the address of malloc: without -fPIE that is in the program's own PLT. */
#include <deep_profile.h>

#include <stdlib.h>

#ifdef ALLOCATOR
#include <string.h>

static _Alignas(16) char arena[1 << 24];
static size_t used;

void *malloc(size_t bytes)
{
    void *block = arena + used;

    used += (bytes + 31) & ~(size_t)15;
    return block;
}

void *calloc(size_t count, size_t bytes)
{
    return malloc(count * bytes); /* never used before, so it is 0 */
}

void *realloc(void *pointer, size_t bytes)
{
    void *block = malloc(bytes);

    return pointer ? memcpy(block, pointer, bytes) : block;
}

void free(void *pointer)
{
    (void)pointer;
}
#else
static void *(*volatile allocate)(size_t) = malloc;
static void *volatile kept;

DEEP_PROFILE_MEMORY() __attribute__((noinline)) void allocates(void)
{
    kept = allocate(1000);
}

int main(void)
{
    for (int i = 0; i < 10; i++)
        allocates();
    return 0;
}
#endif
