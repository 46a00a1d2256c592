/* os.h on Linux: mappings. */
#include "os.h"
#include "tsan.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

static _Atomic uint64_t mapped_bytes;

/* Bytes that the limit leaves, given a field of /proc/self/statm ("size resident shared
 * text lib data dt", in pages). UINT64_MAX without a limit; 0 if it is not known. */
static uint64_t limit_leaves(int resource, int field)
{
    struct rlimit limit;
    char text[256], *at = text;
    if (getrlimit((__rlimit_resource_t)resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return UINT64_MAX;
    if (dp_os_read_file("/proc/self/statm", text, sizeof text) <= 0)
        return 0;
    uint64_t pages = 0;
    for (int i = 0; i <= field; i++) {
        for (pages = 0; *at >= '0' && *at <= '9'; at++)
            pages = pages * 10 + (uint64_t)(*at - '0');
        at += *at != 0;
    }
    uint64_t used = pages * dp_os_page_bytes();
    return used < limit.rlim_cur ? limit.rlim_cur - used : 0;
}

static bool takes_too_much(size_t bytes)
{
    uint64_t ours = atomic_load_explicit(&mapped_bytes, memory_order_relaxed);
    uint64_t all = limit_leaves(RLIMIT_AS, 0), data = limit_leaves(RLIMIT_DATA, 5);
    uint64_t left = all < data ? all : data;
    return left != UINT64_MAX && ours + bytes > (left + ours) / 4;
}

/* ThreadSanitizer must know of the mapping but not of the descriptor: the host's next file
 * gets the same number. */
static void *map(size_t bytes, int flags, int fd, off_t offset)
{
    if (takes_too_much(bytes))
        return NULL;
    if (AnnotateIgnoreReadsBegin && fd >= 0)
        AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
    void *address = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, fd, offset);
    if (AnnotateIgnoreReadsEnd && fd >= 0)
        AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
    if (address == MAP_FAILED)
        return NULL;
    atomic_fetch_add_explicit(&mapped_bytes, bytes, memory_order_relaxed);
    return address;
}

void *dp_os_map_file(int fd, uint64_t offset, size_t bytes)
{
    return map(bytes, MAP_SHARED, fd, (off_t)offset);
}

void dp_os_expect_sparse(void *address, size_t bytes)
{
    madvise(address, bytes, MADV_RANDOM);
}

void *dp_os_map_memory(size_t bytes)
{
    void *address = map(bytes, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (address) /* tables are sparse: do not use 2 MB for a few words in them */
        madvise(address, bytes, MADV_NOHUGEPAGE);
    return address;
}

int dp_os_map_over(void *address, size_t bytes)
{
    void *mapped = mmap(address, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    if (mapped == MAP_FAILED)
        return -errno;
    madvise(address, bytes, MADV_NOHUGEPAGE);
    return 0;
}

void *dp_os_map_wiped_on_fork(void)
{
    size_t bytes = dp_os_page_bytes();
    void *address = dp_os_map_memory(bytes);
    if (address)
        madvise(address, bytes, MADV_WIPEONFORK);
    return address;
}

void dp_os_unmap(void *address, size_t bytes)
{
    if (address && munmap(address, bytes) == 0)
        atomic_fetch_sub_explicit(&mapped_bytes, bytes, memory_order_relaxed);
}

void dp_os_populate(void *address, size_t bytes)
{
    madvise(address, bytes, MADV_POPULATE_WRITE);
}

size_t dp_os_page_bytes(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

uint64_t dp_os_program_break(void)
{
    void *end = sbrk(0);
    return end == (void *)-1 ? 0 : (uint64_t)(uintptr_t)end;
}

bool dp_os_read_memory(uint64_t address, void *to, size_t bytes)
{
    struct iovec here = {to, bytes}, there = {(void *)(uintptr_t)address, bytes};
    int error = errno; /* a signal handler's caller */
    long got = syscall(SYS_process_vm_readv, getpid(), &here, 1UL, &there, 1UL, 0UL);
    errno = error;
    return got >= 0 && (size_t)got == bytes;
}
