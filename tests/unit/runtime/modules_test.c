/*
 * Walks through modules that are loaded, unloaded and replaced meanwhile, without /proc, without
 * memory, and in a forked child.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/facts.h"
#include "walks.h"

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
    CHECK(arguments == 3, "modules_test LIBRARY LIBRARY");
    for (int i = 1; i < arguments; i++) /* as the kernel shows it */
        CHECK((argument[i] = realpath(argument[i], NULL)), "no such file");
    begin_walks();
    modules_that_are_replaced(argument[1], argument[2]);
    refreshes_are_seldom();
    a_table_outlives_its_walks(argument[1]);
    walks_while_modules_go(argument[1]);
    without_proc(argument[1]);
    without_memory_for_tables();
    in_a_forked_child(argument[1]);
}
