/* See process_child.h. */
#include "process_child.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "base/compiler.h"
#include "arch/call_out.h"
#include "base/facts.h"
#include "base/load_gate.h"
#include "base/memory_ceiling.h"
#include "base/os.h"
#include "base/tick.h"
#include "host/bus.h"
#include "log/directory.h"
#include "log/process_log.h"
#include "log/segments.h"
#include "process_pictures.h"
#include "process_start.h"
#include "sampling/heap.h"
#include "sampling/modules.h"
#include "sites/sites.h"
#include "steward/governor.h"
#include "telemetry/handlers.h"
#include "thread/lanes.h"

/* The page that holds *dp_process_alive; it reads as zeros in a forked child. */
struct alive {
    uint32_t alive;
    uint32_t claimed; /* by the thread that starts the log */
};

DP_INITIAL_EXEC _Thread_local bool dp_process_meeting;

static struct alive *alive_page(void)
{
    return (struct alive *)(uintptr_t)dp_process_alive;
}

/* Makes the thread's next call find out that this is a child. Clears the page by hand for
 * kernels that do not do it. */
DP_FROM_HOST static void reset_child(void)
{
    bool meeting = dp_process_meeting;
    dp_process_meeting = true; /* a sandbox may refuse a call here by a signal */
    *alive_page() = (struct alive){0, 0};
    dp_lanes_were_forked();
    dp_heap_end();
    dp_call_out_reset();
    dp_sites_unlock();
    dp_handlers_were_forked();
    dp_bus_unlock();
    dp_process_meeting = meeting;
    deep_profile_budget = -1;
    dp_tick_was_forked();
}

/* Only if there is something to reset: see process.c for the modes. */
static void forked_without_handlers(void)
{
    if (dp_process_mode() == DP_MODE_ON)
        reset_child();
}

int dp_process_watch_forks(void)
{
    struct alive *page = dp_os_map_wiped_on_fork();
    if (!page)
        return -ENOMEM;
    page->alive = 1;
    dp_process_alive = &page->alive;
    return 0;
}

void dp_process_handle_forks(void)
{
    struct dp_os_signals ours;
    dp_os_let_host_in(&ours); /* libc may allocate */
    pthread_atfork(NULL, NULL, reset_child);
    dp_os_shut_host_out(&ours);
    dp_process_when_forked(forked_without_handlers);
}

static int start_childs_log(void)
{
    int error = dp_process_open_log();
    if (error)
        return error;
    dp_process_state()->sites = dp_sites_count();
    dp_governor_init();
    dp_sites_configure_again();
    return dp_process_start_work();
}

/* The child's own log. Only this thread exists; the locks may be held by threads that do
 * not exist here. */
static void start_child(void)
{
    struct dp_process_state *facts = dp_process_facts_to_fill(), *parents = dp_process_state();
    dp_sites_unlock();
    dp_lanes_were_forked(); /* forked by the system call itself: no handler has run */
    dp_lanes_reset();
    dp_log_reset();
    dp_handlers_were_forked();
    dp_segments_reset();
    dp_modules_reset();
    dp_memory_ceiling_reset(); /* after the parts that gave theirs back */
    memset(facts->lost, 0, sizeof facts->lost);
    dp_process_use_state(NULL);
    dp_directory_leave();
    dp_load_gate_reset();
    dp_process_pictures_in_child();
    if (!dp_os_child_may_start_threads() || start_childs_log() != 0) {
        /* Only the parent's log can record this loss. That log's state is in use meanwhile:
         * its file may have been cut, and bus.c repairs no other. */
        dp_process_use_state(parents);
        dp_process_lost(DP_LOSS_NO_SPACE, 1);
        dp_process_use_state(NULL);
        dp_process_set_mode(DP_MODE_OFF);
        dp_sites_close();
    }
    if (parents != facts)
        dp_os_unmap(parents, sizeof *parents);
}

/* For threads that do not start the log, the process is not ours until the log is there.
 * They wait, at most about two seconds. `alive` pairs: the thread that started the log
 * stores with release, this load is acquire. */
void dp_process_become_own(void)
{
    struct alive *page = alive_page();
    if (__atomic_exchange_n(&page->claimed, 1, __ATOMIC_ACQ_REL) == 0) {
        start_child();
        __atomic_store_n(&page->alive, 1, __ATOMIC_RELEASE);
        return;
    }
    for (int i = 0; i < 20000 && !__atomic_load_n(&page->alive, __ATOMIC_ACQUIRE); i++)
        dp_os_sleep_until(dp_os_monotonic_ns() + 100000);
}
