/*
 * What the tests of walks and of modules share: a clock that stands until a test moves it, refusals
 * of /proc and of memory, a refresh whose findings are counted, and a walk in a signal handler.
 * Link with --wrap of the three functions below.
 */
#ifndef WALKS_H
#define WALKS_H

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <ucontext.h>

#include "base/memory_ceiling.h"
#include "base/os.h"
#include "check.h"
#include "sampling/modules.h"
#include "sampling/readers.h"
#include "sampling/view.h"
#include "sampling/walk.h"

enum { MOST = 64, SNAPSHOT = 16384 };

static bool without_maps;
static uint64_t most_memory = UINT64_MAX; /* that one mapping may take */

static uint64_t now_ns = 1; /* the clock, which stands until a test moves it */

uint64_t __wrap_dp_os_monotonic_ns(void);

uint64_t __wrap_dp_os_monotonic_ns(void)
{
    return now_ns;
}

int __wrap_dp_os_open_read(int at, const char *path);
int __real_dp_os_open_read(int at, const char *path);
bool __wrap_dp_memory_ceiling_take(uint64_t bytes);
bool __real_dp_memory_ceiling_take(uint64_t bytes);

int __wrap_dp_os_open_read(int at, const char *path)
{
    return without_maps && strcmp(path, "/proc/self/maps") == 0 ? -EACCES
                                                                : __real_dp_os_open_read(at, path);
}

bool __wrap_dp_memory_ceiling_take(uint64_t bytes)
{
    return bytes <= most_memory && __real_dp_memory_ceiling_take(bytes);
}

static int met, gone;
static struct dp_module last_met, last_gone;
static char last_path[4096];

static inline void changed(const struct dp_module *module, bool is_gone)
{
    if (is_gone) {
        gone++;
        last_gone = *module;
    } else {
        met++;
        last_met = *module;
        snprintf(last_path, sizeof last_path, "%s", module->path);
    }
}

static inline void refresh(void)
{
    met = gone = 0;
    dp_modules_refresh(changed);
}

static inline uint64_t function_of(uint64_t frame)
{
    struct dp_code code = dp_view_find(dp_view_enter(), frame);
    dp_view_leave();
    return code.table ? dp_table_function(code.table, frame) : 0;
}

static inline bool is_in(const void *function, const uint64_t *frames, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (function_of(frames[i]) == (uintptr_t)function)
            return true;
    return false;
}

/* ---- a walk in a signal handler; the stack is kept for walks to come ---- */

static uint64_t frames[MOST];
static uint32_t count, flags;
static struct dp_registers interrupted;
static uint64_t snapshot[SNAPSHOT / 8], snapshot_at;
static struct dp_window window;

static inline void handler(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info;
    uintptr_t low;
    size_t bytes;
    dp_os_stack(&low, &bytes);
    dp_walk_from_context(&interrupted, context);
    window.bytes = 0;
    struct dp_direct stack = {interrupted.sp, low + bytes, &window};
    count = dp_walk(&interrupted, dp_read_direct, &stack, frames, MOST, &flags);
    interrupted.context = NULL;
    snapshot_at = interrupted.sp;
    size_t left = low + bytes - interrupted.sp;
    memcpy(snapshot, (const void *)interrupted.sp, left < SNAPSHOT ? left : SNAPSHOT);
}

__attribute__((noinline, unused)) static int inner(int x)
{
    volatile int zero = 0;
    raise(SIGUSR1);
    return x + zero;
}

__attribute__((noinline, unused)) static int outer(int x)
{
    return inner(x + 1) + 1;
}

static inline void begin_walks(void)
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR1, &action, NULL);
    dp_memory_ceiling_init();
    refresh();
    CHECK(met >= 3, "%d modules", met); /* ourselves, libc, the vDSO */
}

#endif
