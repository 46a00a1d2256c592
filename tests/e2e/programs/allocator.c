/* A program (PROGRAM defined), and an allocator in a library: only the functions that a C program
 * needs, without malloc_usable_size(), and blocks of which libc's would read a wrong size. */
#include <deep_profile.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef PROGRAM
static void *volatile kept;

DEEP_PROFILE(rate=1, strategy=memory) __attribute__((noinline)) static void allocates(void)
{
    char *text = malloc(1000);
    char *more = realloc(text, 3000);
    free(more);
    kept = malloc(500);
}

int main(void)
{
    for (int i = 0; i < 10; i++)
        allocates();
    puts("fine");
    return 0;
}
#else
static _Alignas(4096) char arena[1 << 24];
static size_t used = 4096; /* room before the first block, where libc's function looks for a size */

void *malloc(size_t bytes)
{
    size_t at = __atomic_fetch_add(&used, (bytes + 31) / 16 * 16, __ATOMIC_RELAXED);
    memset(arena + at, 0xff, 16); /* what libc's function would read as a size */
    return at + bytes < sizeof arena ? arena + at + 16 : NULL;
}

void *calloc(size_t count, size_t bytes)
{
    return malloc(count * bytes);
}

void free(void *block)
{
    (void)block;
}

void *realloc(void *block, size_t bytes)
{
    char *moved = malloc(bytes);
    size_t most = (size_t)(arena + sizeof arena - (char *)block);
    return block && moved ? memcpy(moved, block, bytes < most ? bytes : most) : moved;
}
#endif
