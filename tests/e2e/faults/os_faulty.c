/*
 * The runtime's contract for system calls (runtime/base/os.h) in front of the real
 * one, by the linker's --wrap: the N-th call of a chosen function fails with a
 * chosen error, or every call from the N-th on; and the clocks can be moved.
 * Preloaded instead of the runtime by faults.py.
 *
 *     DP_TEST_FAULT="FUNCTION once|from N ERROR"  ERROR: an errno, "short" for write,
 *                             "cut" for map_file: it is done, and then the file is cut
 *     DP_TEST_COUNTS=FILE     a mapping of one uint32_t for each function of
 *                             faults.def: how often it was called
 *     DP_TEST_SLOW_WRITE=US   each write takes so long
 *     DP_TEST_CLOCK=step      the wall clock goes an hour up and down
 *     DP_TEST_TSC=varies      the processor's counter is not invariant
 *     DP_TEST_LATE=US         each sleep (the steward's between two ticks) lasts so much longer
 */
#include "base/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum function {
#define FAULTY(result, name, parameters, arguments, failed) F_##name,
#include "faults.def"
    N_FUNCTIONS
};

static const char *const names[] = {
#define FAULTY(result, name, parameters, arguments, failed) #name,
#include "faults.def"
};

static _Atomic uint32_t own_counts[N_FUNCTIONS];
static _Atomic uint32_t *counts;
static int chosen = -1, error;
static uint32_t which;
static bool from_there_on;

static void set_up(void)
{
    char name[64], mode[8], kind[16];
    const char *path = getenv("DP_TEST_COUNTS"), *fault = getenv("DP_TEST_FAULT");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    counts = own_counts;
    if (fd >= 0) {
        void *mapped = mmap(NULL, sizeof own_counts, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        counts = mapped == MAP_FAILED ? own_counts : mapped;
        close(fd);
    }
    if (!fault || sscanf(fault, "%63s %7s %u %15s", name, mode, &which, kind) != 4)
        return;
    error = atoi(kind); /* 0: a word */
    from_there_on = strcmp(mode, "from") == 0;
    for (int i = 0; i < N_FUNCTIONS; i++)
        if (strcmp(name, names[i]) == 0)
            chosen = i;
}

static bool fails(enum function function)
{
    if (!counts) /* before any thread of the host's */
        set_up();
    uint32_t number = atomic_fetch_add(&counts[function], 1) + 1;
    return (int)function == chosen && (from_there_on ? number >= which : number == which);
}

static void be_slow(enum function function)
{
    const char *slow = function == F_write         ? getenv("DP_TEST_SLOW_WRITE")
                       : function == F_sleep_until ? getenv("DP_TEST_LATE")
                                                   : NULL;
    if (slow)
        usleep((useconds_t)atoi(slow));
}

void *__real_dp_os_map_file(int fd, uint64_t offset, size_t bytes);

/* Every store into it raises SIGBUS, also the first. */
static void *map_and_cut(int fd, uint64_t offset, size_t bytes)
{
    void *mapped = __real_dp_os_map_file(fd, offset, bytes);
    return mapped && ftruncate(fd, 0) == 0 ? mapped : NULL;
}

#define FAULTY(result, name, parameters, arguments, failed) \
    result __real_dp_os_##name parameters;                  \
    result __wrap_dp_os_##name parameters;                  \
    result __wrap_dp_os_##name parameters                   \
    {                                                       \
        be_slow(F_##name);                                  \
        if (fails(F_##name))                                \
            return failed;                                  \
        return __real_dp_os_##name arguments;               \
    }
#include "faults.def"

/* Not failing, but lying. */
uint64_t __real_dp_os_realtime_ns(void);
uint64_t __wrap_dp_os_realtime_ns(void);

uint64_t __wrap_dp_os_realtime_ns(void)
{
    static _Atomic unsigned asked;
    const char *clock = getenv("DP_TEST_CLOCK");
    uint64_t now = __real_dp_os_realtime_ns();
    if (!clock || atomic_fetch_add(&asked, 1) % 2 == 0)
        return now;
    return now - UINT64_C(3600000000000);
}

bool __real_dp_arch_tsc_invariant(void);
bool __wrap_dp_arch_tsc_invariant(void);

bool __wrap_dp_arch_tsc_invariant(void)
{
    const char *tsc = getenv("DP_TEST_TSC");
    return (!tsc || strcmp(tsc, "varies") != 0) && __real_dp_arch_tsc_invariant();
}
