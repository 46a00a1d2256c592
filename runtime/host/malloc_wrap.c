/*
 * The malloc family of static programs, by the linker's --wrap (which also covers the calls
 * inside libc.a). tools/wrappers passes the flags. All allocations are seen. An allocator
 * of the program's own that lacks malloc_usable_size does not link: libc's whole malloc
 * comes in and collides with it.
 */
#include <errno.h>
#include <malloc.h>
#include <stddef.h>

#include "thread/memory.h"

/* Weak: a program linked without --wrap for some of them still links. */
#define REAL(type, name, ...) __attribute__((weak)) type __real_##name(__VA_ARGS__)

REAL(void *, malloc, size_t);
REAL(void *, calloc, size_t, size_t);
REAL(void *, realloc, void *, size_t);
REAL(void, free, void *);
REAL(void *, aligned_alloc, size_t, size_t);
REAL(void *, memalign, size_t, size_t);
REAL(int, posix_memalign, void **, size_t, size_t);

static inline void *allocated(void *pointer)
{
    if (__builtin_expect(dp_memory_counted, 0) && pointer)
        dp_memory_allocated(malloc_usable_size(pointer));
    return pointer;
}

void *__wrap_malloc(size_t bytes)
{
    return allocated(__real_malloc(bytes));
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    return allocated(__real_calloc(count, bytes));
}

void __wrap_free(void *pointer)
{
    if (__builtin_expect(dp_memory_counted, 0) && pointer)
        dp_memory_freed(malloc_usable_size(pointer));
    __real_free(pointer);
}

void *__wrap_realloc(void *pointer, size_t bytes)
{
    size_t before = dp_memory_counted && pointer ? malloc_usable_size(pointer) : 0;
    void *moved = __real_realloc(pointer, bytes);
    if (dp_memory_counted && pointer && (moved || bytes == 0))
        dp_memory_freed(before);
    return allocated(moved);
}

void *__wrap_reallocarray(void *pointer, size_t count, size_t bytes)
{
    size_t total;
    if (__builtin_mul_overflow(count, bytes, &total)) {
        errno = ENOMEM;
        return NULL;
    }
    return __wrap_realloc(pointer, total);
}

void *__wrap_aligned_alloc(size_t alignment, size_t bytes)
{
    return allocated(__real_aligned_alloc(alignment, bytes));
}

void *__wrap_memalign(size_t alignment, size_t bytes)
{
    return allocated(__real_memalign(alignment, bytes));
}

int __wrap_posix_memalign(void **pointer, size_t alignment, size_t bytes)
{
    int error = __real_posix_memalign(pointer, alignment, bytes);
    if (!error)
        allocated(*pointer);
    return error;
}
