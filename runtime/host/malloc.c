/*
 * The malloc family of the shared library, interposed in front of the program's allocator
 * (RTLD_NEXT: jemalloc and the like keep working). While profiling is off, a call costs one
 * more load and indirect jump.
 *
 * dlsym() itself may allocate before we know the next allocator: those few bytes come from
 * a static block and are never freed.
 */
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "base/compiler.h"
#include "sampling/heap.h"
#include "thread/memory.h"

#define EXPORT __attribute__((visibility("default")))
#define BOOT_BYTES 4096
/* The function of the program that called ours. */
#define CALLER __builtin_extract_return_addr(__builtin_return_address(0))

static struct {
    void *(*malloc)(size_t);
    void *(*calloc)(size_t, size_t);
    void *(*realloc)(void *, size_t);
    void (*free)(void *);
    void *(*aligned_alloc)(size_t, size_t);
    void *(*memalign)(size_t, size_t);
    int (*posix_memalign)(void **, size_t, size_t);
    void *(*valloc)(size_t);
    void *(*pvalloc)(size_t);
    size_t (*usable_size)(void *); /* NULL: the allocator has none */
} next;

static _Alignas(16) char boot_memory[BOOT_BYTES];
static _Atomic size_t boot_used;
static _Atomic int resolving;

static void *boot_allocate(size_t bytes)
{
    size_t need = (bytes + 15) & ~(size_t)15;
    size_t at = atomic_fetch_add_explicit(&boot_used, need, memory_order_relaxed);
    if (bytes > BOOT_BYTES || at + need > BOOT_BYTES) {
        errno = ENOMEM;
        return NULL;
    }
    return boot_memory + at;
}

static bool from_boot(const void *pointer)
{
    const char *byte = pointer;
    return byte >= boot_memory && byte < boot_memory + BOOT_BYTES;
}

/*
 * A sanitizer's allocator comes before ours, because the compiler links it first. It calls
 * these hooks for each allocation instead.
 */
__attribute__((weak)) int
__sanitizer_install_malloc_and_free_hooks(void (*allocated)(const volatile void *, size_t),
                                          void (*freed)(const volatile void *));
__attribute__((weak)) size_t __sanitizer_get_allocated_size(const volatile void *pointer);

static void sanitizer_allocated(const volatile void *pointer, size_t bytes)
{
    if (__builtin_expect(dp_memory_counted, 0) && pointer)
        dp_memory_allocated(bytes);
    if (__builtin_expect(dp_heap_on, 0) && pointer)
        dp_heap_allocated((const void *)pointer, bytes, CALLER);
}

static void sanitizer_freed(const volatile void *pointer)
{
    if (__builtin_expect(dp_memory_counted, 0) && pointer)
        dp_memory_freed(__sanitizer_get_allocated_size(pointer));
    if (__builtin_expect(dp_heap_on, 0) && pointer)
        dp_heap_freed((const void *)pointer);
}

/* Do both addresses belong to the same program or library? */
static bool same_object(const void *a, const void *b)
{
    Dl_info first, second;
    return dladdr(a, &first) && dladdr(b, &second) && first.dli_fbase == second.dli_fbase;
}

/* libc's malloc_usable_size cannot size blocks of another library's malloc: do not use it
 * then. */
static void drop_foreign_size(void)
{
    if (!same_object(*(void **)&next.malloc, *(void **)&next.usable_size))
        next.usable_size = NULL;
}

/* Do the program's calls of this function go to another object than ours? The program's own
 * PLT entry, which stands for a function whose address it takes, is no definition. */
static bool defined_elsewhere(const char *name)
{
    const ElfW(Sym) *symbol = NULL;
    Dl_info found, ours;
    return dladdr1(dlsym(RTLD_DEFAULT, name), &found, (void **)&symbol, RTLD_DL_SYMENT) &&
           dladdr(&next, &ours) && found.dli_fbase != ours.dli_fbase && symbol &&
           symbol->st_shndx != SHN_UNDEF;
}

/* Finds out which allocator comes first. It is not ours if another one is preloaded, linked
 * before us, or part of the program; or if dlopen has loaded us, after libc. */
static void look_who_is_in_front(void)
{
    if (!defined_elsewhere("malloc") && !defined_elsewhere("calloc"))
        dp_memory_view = next.usable_size ? DP_MEMORY_BYTES : DP_MEMORY_NUMBERS;
    else if (__sanitizer_install_malloc_and_free_hooks)
        __sanitizer_install_malloc_and_free_hooks(sanitizer_allocated, sanitizer_freed);
    else
        dp_memory_view = DP_MEMORY_UNSEEN;
}

/* POSIX's way to convert what dlsym returns. */
#define RESOLVE(member, name) *(void **)&next.member = dlsym(RTLD_NEXT, name)

__attribute__((constructor(101), cold)) DP_FROM_HOST static void resolve(void)
{
    if (next.malloc)
        return;
    atomic_store_explicit(&resolving, 1, memory_order_relaxed);
    RESOLVE(calloc, "calloc");
    RESOLVE(realloc, "realloc");
    RESOLVE(free, "free");
    RESOLVE(aligned_alloc, "aligned_alloc");
    RESOLVE(memalign, "memalign");
    RESOLVE(posix_memalign, "posix_memalign");
    RESOLVE(valloc, "valloc");
    RESOLVE(pvalloc, "pvalloc");
    RESOLVE(usable_size, "malloc_usable_size");
    RESOLVE(malloc, "malloc"); /* stored last: it shows that all are set */
    drop_foreign_size();
    look_who_is_in_front();
    atomic_store_explicit(&resolving, 0, memory_order_relaxed);
}

/* False while dlsym is running: allocate from the boot block. */
static inline bool ready(void)
{
    if (__builtin_expect(next.malloc != NULL, 1))
        return true;
    if (atomic_load_explicit(&resolving, memory_order_relaxed))
        return false;
    resolve();
    return next.malloc != NULL;
}

static inline size_t size_of(void *pointer)
{
    return next.usable_size ? next.usable_size(pointer) : 0;
}

static inline void *allocated(void *pointer, size_t bytes, const void *caller)
{
    if (__builtin_expect(dp_memory_counted, 0) && pointer)
        dp_memory_allocated(size_of(pointer));
    if (__builtin_expect(dp_heap_on, 0) && pointer)
        dp_heap_allocated(pointer, bytes, caller);
    return pointer;
}

EXPORT void *malloc(size_t bytes)
{
    return ready() ? allocated(next.malloc(bytes), bytes, CALLER) : boot_allocate(bytes);
}

EXPORT void *calloc(size_t count, size_t bytes)
{
    size_t total;
    if (ready())
        return allocated(next.calloc(count, bytes), count * bytes, CALLER);
    if (__builtin_mul_overflow(count, bytes, &total)) {
        errno = ENOMEM;
        return NULL;
    }
    return boot_allocate(total);
}

EXPORT void free(void *pointer)
{
    if (!pointer || from_boot(pointer) || !ready())
        return;
    if (__builtin_expect(dp_memory_counted, 0))
        dp_memory_freed(size_of(pointer));
    if (__builtin_expect(dp_heap_on, 0))
        dp_heap_freed(pointer);
    next.free(pointer);
}

static void *realloc_from_boot(void *pointer, size_t bytes)
{
    void *moved = malloc(bytes);
    size_t most = (size_t)(boot_memory + BOOT_BYTES - (char *)pointer);
    if (moved)
        memcpy(moved, pointer, bytes < most ? bytes : most);
    return moved;
}

/* A refused one left the memory where it is; one of 0 bytes may give it back and return NULL. */
static void *resize(void *pointer, size_t bytes, const void *caller)
{
    uint64_t sample = dp_heap_on ? dp_heap_before_realloc(pointer) : 0;
    size_t before = pointer && dp_memory_counted ? size_of(pointer) : 0;
    void *moved = next.realloc(pointer, bytes);
    bool refused = !moved && bytes > 0;
    dp_heap_after_realloc(pointer, sample, refused);
    if (dp_memory_counted && pointer && !refused)
        dp_memory_freed(before);
    return allocated(moved, bytes, caller);
}

static inline void *reallocated(void *pointer, size_t bytes, const void *caller)
{
    if (pointer && from_boot(pointer))
        return realloc_from_boot(pointer, bytes);
    if (!ready())
        return boot_allocate(bytes);
    if (!__builtin_expect(dp_memory_counted | dp_heap_on, 0))
        return next.realloc(pointer, bytes);
    return resize(pointer, bytes, caller);
}

EXPORT void *realloc(void *pointer, size_t bytes)
{
    return reallocated(pointer, bytes, CALLER);
}

EXPORT void *reallocarray(void *pointer, size_t count, size_t bytes)
{
    size_t total;
    if (__builtin_mul_overflow(count, bytes, &total)) {
        errno = ENOMEM;
        return NULL;
    }
    return reallocated(pointer, total, CALLER);
}

EXPORT void *aligned_alloc(size_t alignment, size_t bytes)
{
    return ready() ? allocated(next.aligned_alloc(alignment, bytes), bytes, CALLER) : NULL;
}

EXPORT void *memalign(size_t alignment, size_t bytes)
{
    return ready() ? allocated(next.memalign(alignment, bytes), bytes, CALLER) : NULL;
}

EXPORT int posix_memalign(void **pointer, size_t alignment, size_t bytes)
{
    if (!ready())
        return ENOMEM;
    int error = next.posix_memalign(pointer, alignment, bytes);
    if (!error)
        allocated(*pointer, bytes, CALLER);
    return error;
}

EXPORT void *valloc(size_t bytes)
{
    return ready() ? allocated(next.valloc(bytes), bytes, CALLER) : NULL;
}

EXPORT void *pvalloc(size_t bytes)
{
    return ready() ? allocated(next.pvalloc(bytes), bytes, CALLER) : NULL;
}
