/*
 * The malloc family of static programs, by the linker's --wrap (which also covers the calls
 * inside libc.a). tools/wrappers passes the flags. All allocations are seen. An allocator
 * of the program's own that lacks malloc_usable_size does not link: libc's whole malloc
 * comes in and collides with it.
 */
#include <errno.h>
#include <malloc.h>
#include <stddef.h>

#include "sampling/heap.h"
#include "thread/memory.h"

/* The function of the program that called ours. */
#define CALLER __builtin_extract_return_addr(__builtin_return_address(0))

/* Weak: a program linked without --wrap for some of them still links. */
#define REAL(type, name, ...) __attribute__((weak)) type __real_##name(__VA_ARGS__)

REAL(void *, malloc, size_t);
REAL(void *, calloc, size_t, size_t);
REAL(void *, realloc, void *, size_t);
REAL(void, free, void *);
REAL(void *, aligned_alloc, size_t, size_t);
REAL(void *, memalign, size_t, size_t);
REAL(int, posix_memalign, void **, size_t, size_t);

static inline void *allocated(void *pointer, size_t bytes, const void *caller)
{
    if (__builtin_expect(dp_memory_counted, 0) && pointer)
        dp_memory_allocated(malloc_usable_size(pointer));
    if (__builtin_expect(dp_heap_on, 0) && pointer)
        dp_heap_allocated(pointer, bytes, caller);
    return pointer;
}

void *__wrap_malloc(size_t bytes)
{
    return allocated(__real_malloc(bytes), bytes, CALLER);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    return allocated(__real_calloc(count, bytes), count * bytes, CALLER);
}

void __wrap_free(void *pointer)
{
    if (__builtin_expect(dp_memory_counted, 0) && pointer)
        dp_memory_freed(malloc_usable_size(pointer));
    if (__builtin_expect(dp_heap_on, 0) && pointer)
        dp_heap_freed(pointer);
    __real_free(pointer);
}

/* A refused one left the memory where it is; one of 0 bytes may give it back and return NULL. */
static void *reallocated(void *pointer, size_t bytes, const void *caller)
{
    uint64_t sample = dp_heap_on ? dp_heap_before_realloc(pointer) : 0;
    size_t before = dp_memory_counted && pointer ? malloc_usable_size(pointer) : 0;
    void *moved = __real_realloc(pointer, bytes);
    bool refused = !moved && bytes > 0;
    dp_heap_after_realloc(pointer, sample, refused);
    if (dp_memory_counted && pointer && !refused)
        dp_memory_freed(before);
    return allocated(moved, bytes, caller);
}

void *__wrap_realloc(void *pointer, size_t bytes)
{
    return reallocated(pointer, bytes, CALLER);
}

void *__wrap_reallocarray(void *pointer, size_t count, size_t bytes)
{
    size_t total;
    if (__builtin_mul_overflow(count, bytes, &total)) {
        errno = ENOMEM;
        return NULL;
    }
    return reallocated(pointer, total, CALLER);
}

void *__wrap_aligned_alloc(size_t alignment, size_t bytes)
{
    return allocated(__real_aligned_alloc(alignment, bytes), bytes, CALLER);
}

void *__wrap_memalign(size_t alignment, size_t bytes)
{
    return allocated(__real_memalign(alignment, bytes), bytes, CALLER);
}

int __wrap_posix_memalign(void **pointer, size_t alignment, size_t bytes)
{
    int error = __real_posix_memalign(pointer, alignment, bytes);
    if (!error)
        allocated(*pointer, bytes, CALLER);
    return error;
}
