/*
 * The stack walk from inside: in a signal handler, of a thread that waits, on stacks that are
 * gone, corrupt or endless, through modules that are unloaded and replaced, without /proc and
 * without memory. tests/e2e/walk.py tests that its frames are right.
 */
#include <alloca.h>
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/facts.h"
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

static void changed(const struct dp_module *module, bool is_gone)
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

static void refresh(void)
{
    met = gone = 0;
    dp_modules_refresh(changed);
}

static uint64_t function_of(uint64_t frame)
{
    struct dp_code code = dp_view_find(dp_view_enter(), frame);
    dp_view_leave();
    return code.table ? dp_table_function(code.table, frame) : 0;
}

static bool is_in(const void *function, const uint64_t *frames, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (function_of(frames[i]) == (uintptr_t)function)
            return true;
    return false;
}

/* ---- in a signal handler; the stack is kept for what comes below ---- */

static uint64_t frames[MOST];
static uint32_t count, flags;
static struct dp_registers interrupted;
static uint64_t snapshot[SNAPSHOT / 8], snapshot_at;
static struct dp_window window;

static void handler(int number, siginfo_t *info, void *context)
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

__attribute__((noinline)) static int inner(int x)
{
    volatile int zero = 0;
    raise(SIGUSR1);
    return x + zero;
}

__attribute__((noinline)) static int outer(int x)
{
    return inner(x + 1) + 1;
}

static void walks_in_a_handler(void)
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR1, &action, NULL);
    refresh();
    CHECK(met >= 3, "%d modules", met); /* ourselves, libc, the vDSO */
    outer(1);
    CHECK(flags == 0, "%#x", flags);
    CHECK(is_in((const void *)inner, frames, count) && is_in((const void *)outer, frames, count));
    CHECK(count > 5 && count < 20, "%u", count);
    refresh();
    CHECK(met == 0 && gone == 0, "%d %d", met, gone);
}

/* ---- stacks that are not what they should be ---- */

static bool read_snapshot(void *context, uint64_t address, void *to, size_t bytes)
{
    const uint64_t *size = context;
    if (address >= snapshot_at && address - snapshot_at <= *size &&
        bytes <= *size - (address - snapshot_at)) {
        memcpy(to, (const char *)snapshot + (address - snapshot_at), bytes);
        return true;
    }
    return bytes < 64 && dp_os_read_memory(address, to, bytes) && function_of(address) != 0;
}

static void check_frames_are_code(void)
{
    CHECK(count >= 1 && count <= MOST);
    for (uint32_t i = 0; i < count; i++) {
        struct dp_code code = dp_view_find(dp_view_enter(), frames[i]);
        dp_view_leave();
        CHECK(code.is_known, "frame %u of %u, %lx, is no code", i, count, frames[i]);
    }
}

static void walk_snapshot(uint64_t size)
{
    count = dp_walk(&interrupted, read_snapshot, &size, frames, MOST, &flags);
    check_frames_are_code();
}

/* What lies beyond is gone: the walk ends there, and says so. */
static void a_stack_that_is_cut_short(void)
{
    uint32_t before = 0;
    for (uint64_t size = 0; size < 2048; size += 8) {
        walk_snapshot(size);
        CHECK(count >= before);
        before = count;
        if (count < 6)
            CHECK(flags & DP_STACK_ENDED_EARLY, "%u frames of %lu bytes", count, size);
    }
    CHECK(flags == 0, "%#x", flags);
}

/* None of the host's data gets into the frames, whatever the walk takes it for. */
static void a_stack_that_is_corrupt(void)
{
    static uint64_t whole[SNAPSHOT / 8];
    uint64_t seed = 1, early = 0;
    memcpy(whole, snapshot, sizeof whole);
    for (int round = 0; round < 20000; round++) {
        for (int i = 0; i < 4; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            uint64_t word = seed >> 16, at = (seed >> 40) % 256;
            snapshot[at] = round % 3 == 0   ? word
                           : round % 3 == 1 ? snapshot_at + word % SNAPSHOT
                                            : snapshot[word % 256];
        }
        walk_snapshot(SNAPSHOT);
        early += (flags & DP_STACK_ENDED_EARLY) != 0;
        memcpy(snapshot, whole, sizeof whole);
    }
    CHECK(early > 1000, "%lu", early);
}

/* One return address, again and again, and a frame pointer that points to itself. */
static void a_stack_that_is_endless(void)
{
    for (size_t i = 0; i < SNAPSHOT / 8; i++)
        snapshot[i] = i % 2 ? (uintptr_t)outer + 12 : snapshot_at + i * 8;
    walk_snapshot(SNAPSHOT);
    CHECK(flags & DP_STACK_ENDED_EARLY);
    for (size_t i = 0; i < SNAPSHOT / 8; i++)
        snapshot[i] = frames[1];
    walk_snapshot(SNAPSHOT);
    CHECK(flags & DP_STACK_ENDED_EARLY);
}

/* A signal handler's frame whose interrupted frame is itself. From one stack to another a walk
 * comes a few times, and then no more. */
static void a_circle_of_stacks(void)
{
#ifdef __x86_64__ /* where libc shows what a handler returns to */
    struct sigaction action;
    ucontext_t *context = (ucontext_t *)snapshot;
    sigaction(SIGUSR1, NULL, &action);
    struct dp_registers before = interrupted;
    interrupted = (struct dp_registers){(uintptr_t)action.sa_restorer, snapshot_at, 0, NULL};
    context->uc_mcontext.gregs[REG_RIP] = (greg_t)interrupted.pc;
    context->uc_mcontext.gregs[REG_RSP] = (greg_t)interrupted.sp;
    context->uc_mcontext.gregs[REG_RBP] = 0;
    walk_snapshot(SNAPSHOT);
    CHECK(count > 1 && count < MOST / 2 && flags & DP_STACK_CORRUPT, "%u %#x", count, flags);
    interrupted = before;
#endif
}

static void no_room_for_frames(void)
{
    uint64_t size = 0;
    CHECK(dp_walk(&interrupted, read_snapshot, &size, frames, 0, &flags) == 0);
    CHECK(dp_walk(&interrupted, read_snapshot, &size, frames, 1, &flags) == 1);
}

/* ---- a thread that waits ---- */

static int ends[2];
static _Atomic int waiting_tid;

typedef long waits_function(size_t);

__attribute__((noinline)) static long waits_here(size_t unused)
{
    struct pollfd end = {ends[0], POLLIN, 0};
    (void)unused;
    atomic_store(&waiting_tid, (int)dp_os_tid());
    return poll(&end, 1, -1);
}

/* Where its frame begins stands nowhere but in the frame pointer. */
__attribute__((noinline)) static long waits_in_a_large_frame(size_t bytes)
{
    struct pollfd end = {ends[0], POLLIN, 0};
    char *volatile more = alloca(bytes);
    more[0] = 0;
    atomic_store(&waiting_tid, (int)dp_os_tid());
    return poll(&end, 1, -1);
}

static void *waiting_thread(void *waits)
{
    (*(waits_function **)waits)(400);
    return NULL;
}

/* "NUMBER ARGUMENTS... SP PC": where it waits; false: it runs. */
static bool registers_of_waiting(struct dp_registers *registers)
{
    char path[64], text[256];
    snprintf(path, sizeof path, "/proc/self/task/%d/syscall", atomic_load(&waiting_tid));
    if (dp_os_read_file(path, text, sizeof text) <= 0 || text[0] == 'r')
        return false;
    char *pc = strrchr(text, ' '), *sp;
    *pc = 0;
    sp = strrchr(text, ' ');
    *registers = (struct dp_registers){strtoull(pc + 1, NULL, 16), strtoull(sp, NULL, 16),
                                       DP_REGISTER_UNKNOWN, NULL};
    return true;
}

static void walks_a_thread_that_waits(waits_function *waits, uint32_t most_reads)
{
    pthread_t thread;
    struct dp_registers registers;
    atomic_store(&waiting_tid, 0);
    CHECK(pipe(ends) == 0 && pthread_create(&thread, NULL, waiting_thread, &waits) == 0);
    while (!atomic_load(&waiting_tid) || !registers_of_waiting(&registers))
        usleep(1000);
    window = (struct dp_window){.bytes = 0};
    count = dp_walk(&registers, dp_read_window, &window, frames, MOST, &flags);
    CHECK(!(flags & DP_STACK_ENDED_EARLY), "%#x", flags);
    CHECK(is_in((const void *)waits, frames, count));
    CHECK(is_in((const void *)waiting_thread, frames, count));
    CHECK(window.reads <= most_reads, "%u system calls", window.reads);
    CHECK(write(ends[1], "x", 1) == 1 && pthread_join(thread, NULL) == 0);
}

/* ---- modules that come and go ---- */

typedef int calls_function(int (*)(int), int);

static calls_function *load(const char *path, void **handle)
{
    *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    CHECK(*handle, "%s", dlerror());
    return (calls_function *)(uintptr_t)dlsym(*handle, "walk_module_calls");
}

static void modules_that_are_replaced(const char *first, const char *second)
{
    void *handle;
    calls_function *calls = load(first, &handle);
    calls(inner, 1);
    now_ns += 100000000; /* the refresh before found nothing */
    CHECK(flags & DP_STACK_UNKNOWN && dp_modules_wanted(), "%#x", flags);
    refresh();
    CHECK(met == 1 && gone == 0 && strcmp(last_path, first) == 0, "%d %d %s", met, gone, last_path);
    CHECK(!dp_modules_wanted() && last_met.build_id_bytes == 20);
    calls(inner, 1);
    CHECK(flags == 0 && is_in((const void *)(uintptr_t)calls, frames, count), "%#x", flags);
    CHECK((uintptr_t)calls - last_met.bias < 65536, "a small file's own numbering");
    struct dp_module before = last_met;
    CHECK(dlclose(handle) == 0);
    calls = load(second, &handle);
    refresh();
    CHECK(met == 1 && gone == 1, "%d %d", met, gone);
    CHECK(last_gone.start == before.start && strcmp(last_path, second) == 0);
    CHECK(memcmp(last_met.build_id, before.build_id, 20) != 0);
    CHECK(last_met.start == before.start, "not in the same place: the test needs another way");
    calls(inner, 1);
    CHECK(flags == 0 && is_in((const void *)(uintptr_t)calls, frames, count), "%#x", flags);
    CHECK(dlclose(handle) == 0);
    refresh();
    CHECK(met == 0 && gone == 1);
}

/* Unknown code does not cause a refresh at every look. */
static void refreshes_are_seldom(void)
{
    refresh();
    CHECK(!dp_modules_wanted());
    dp_modules_want(4096);
    CHECK(!dp_modules_wanted());
    now_ns += 100000000;
    CHECK(dp_modules_wanted());
    refresh();
    CHECK(!dp_modules_wanted());
    now_ns += 999999999;
    CHECK(!dp_modules_wanted());
    now_ns++;
    CHECK(dp_modules_wanted()); /* something may have gone */
    refresh();
    CHECK(!dp_modules_wanted());
}

static bool is_mapped(const void *address)
{
    unsigned char resident;
    return mincore((void *)((uintptr_t)address & ~4095ul), 1, &resident) == 0;
}

/* A walk runs while the module is unloaded: its table stays until the walk has left. */
static void a_table_outlives_its_walks(const char *path)
{
    void *handle;
    calls_function *calls = load(path, &handle);
    refresh();
    struct dp_view *view = dp_view_enter();
    const struct dp_table *table = dp_view_find(view, (uintptr_t)calls).table;
    CHECK(table && dlclose(handle) == 0);
    refresh();
    CHECK(gone == 1);
    CHECK(is_mapped(table) && is_mapped(view));
    CHECK(dp_view_find(view, (uintptr_t)calls).table == table);
    dp_view_leave();
    refresh();
    CHECK(!is_mapped(table) && !is_mapped(view));
}

static _Atomic bool done;

static void *walks_on(void *argument)
{
    uint64_t *walked = argument, found[MOST];
    uint32_t seen;
    while (!atomic_load(&done)) {
        struct dp_registers here = {(uintptr_t)walks_on + 64, (uintptr_t)__builtin_frame_address(0),
                                    DP_REGISTER_UNKNOWN, NULL};
        struct dp_window own = {.bytes = 0};
        dp_walk(&here, dp_read_window, &own, found, MOST, &seen);
        ++*walked;
    }
    return NULL;
}

/* Tables are made and dropped while other threads walk: nothing that they read is unmapped. */
static void walks_while_modules_go(const char *path)
{
    pthread_t threads[2];
    uint64_t walked[2] = {0, 0};
    for (int i = 0; i < 2; i++)
        CHECK(pthread_create(&threads[i], NULL, walks_on, &walked[i]) == 0);
    for (int i = 0; i < 100 || !walked[0] || !walked[1]; i++) {
        void *handle;
        load(path, &handle);
        refresh();
        CHECK(met == 1, "%d", met);
        CHECK(dlclose(handle) == 0);
        refresh();
        CHECK(gone == 1);
    }
    atomic_store(&done, true);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
}

/* ---- what is refused ---- */

static void start_again(void)
{
    dp_modules_reset();
    dp_memory_ceiling_reset();
}

static void without_proc(const char *path)
{
    void *handle;
    start_again();
    without_maps = true;
    refresh();
    CHECK(met >= 3, "%d", met);
    outer(1);
    CHECK(flags == 0, "%#x", flags);
    calls_function *calls = load(path, &handle);
    calls(inner, 1);
    CHECK(flags & DP_STACK_UNKNOWN);
    refresh();
    CHECK(met == 1 && strcmp(last_path, path) == 0, "%d %s", met, last_path);
    calls(inner, 1);
    CHECK(flags == 0, "%#x", flags);
    CHECK(dlclose(handle) == 0);
    refresh();
    CHECK(met == 0 && gone == 1, "%d %d", met, gone);
    without_maps = false;
}

static void without_memory_for_tables(void)
{
    struct dp_modules_size size;
    start_again();
    most_memory = 65536 + DP_VIEW_MOST * sizeof(struct dp_range);
    refresh();
    dp_modules_measure(&size);
    CHECK(dp_process_state()->lost[DP_LOSS_UNWIND_TABLES] == size.no_memory);
    CHECK(size.modules >= 3 && size.tables == 0 && size.no_memory >= 2, "%u %u %u", size.modules,
          size.tables, size.no_memory);
    outer(1);
    CHECK(count >= 1 && flags, "%#x", flags);
    most_memory = 0;
    start_again();
    refresh();
    CHECK(met == 0);
    outer(1);
    CHECK(count == 1 && flags & DP_STACK_UNKNOWN, "%u %#x", count, flags);
    most_memory = UINT64_MAX;
    start_again();
}

/* A child knows no modules, and the parent's tables are unmapped. */
static void in_a_forked_child(const char *path)
{
    void *handle;
    refresh();
    struct dp_view *view = dp_view_enter(); /* by a thread that the child does not have */
    pid_t child = fork();
    if (child == 0) {
        start_again();
        CHECK(!is_mapped(view) && dp_memory_ceiling_used() == 0);
        refresh();
        outer(1);
        CHECK(flags == 0 && met >= 3);
        view = dp_view_enter();
        dp_view_leave();
        load(path, &handle);
        refresh();
        CHECK(met == 1 && !is_mapped(view)); /* nobody walks any more */
        _exit(0);
    }
    int status;
    dp_view_leave();
    CHECK(waitpid(child, &status, 0) == child && status == 0, "%#x", status);
}

int main(int arguments, char **argument)
{
    CHECK(arguments == 3, "walk_test LIBRARY LIBRARY");
    for (int i = 1; i < arguments; i++) /* as the kernel shows it */
        CHECK((argument[i] = realpath(argument[i], NULL)), "no such file");
    dp_memory_ceiling_init();
    walks_in_a_handler();
    a_stack_that_is_cut_short();
    a_stack_that_is_corrupt();
    a_stack_that_is_endless();
    no_room_for_frames();
    a_circle_of_stacks();
    walks_a_thread_that_waits(waits_here, 4);
    walks_a_thread_that_waits(waits_in_a_large_frame, 100); /* it is searched for */
    modules_that_are_replaced(argument[1], argument[2]);
    refreshes_are_seldom();
    a_table_outlives_its_walks(argument[1]);
    walks_while_modules_go(argument[1]);
    without_proc(argument[1]);
    without_memory_for_tables();
    in_a_forked_child(argument[1]);
}
