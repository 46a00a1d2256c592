/*
 * The process as a whole: on or off, its start and its end, and the first call of each of
 * its threads. With process_start.c and process_child.c the only code that knows every
 * room. It sets the callbacks of the rooms below: dp_meet_thread, the steward's work of
 * every second, the first work of a forked child.
 *
 * Inserted code calls the two entry points (abi/gate.h).
 */
#include <errno.h>
#include <string.h>

#include "arch/call_out.h"
#include "base/clock.h"
#include "base/compiler.h"
#include "base/facts.h"
#include "base/memory_ceiling.h"
#include "base/os.h"
#include "base/peek.h"
#include "base/sampler.h"
#include "base/settings.h"
#include "base/tick.h"
#include "common/options.h"
#include "host/bus.h"
#include "hot/meet.h"
#include "log/process_log.h"
#include "log/trace.h"
#include "process_child.h"
#include "process_pictures.h"
#include "process_start.h"
#include "sampling/waits.h"
#include "sites/configure.h"
#include "sites/sites.h"
#include "steward/calibrate.h"
#include "steward/governor.h"
#include "steward/sink.h"
#include "steward/steward.h"
#include "thread/lanes.h"

#define RETRY_LANE_NS UINT64_C(100000000)

/* deep-profile-cc reads it in the file. */
__attribute__((used)) static const char release[] = DP_RELEASE_MARK DP_VERSION;

static _Atomic bool start_claimed; /* by the thread that starts the runtime */
static DP_INITIAL_EXEC _Thread_local bool starting;
static struct dp_rules rules;

static DP_INITIAL_EXEC _Thread_local uint64_t retry_lane_ns; /* until then no lane is requested */

/* A sampled gate that is closed stays closed for long, but a gate that opens at every call
 * comes back here each time. Do not try to make files each time: the disk may be full, or
 * the process out of descriptors, and the host would be slowed down. */
static bool refuse_thread(void)
{
    uint64_t now = dp_now_ns();
    if (now >= retry_lane_ns)
        retry_lane_ns = now + RETRY_LANE_NS;
    else
        dp_process_lost(DP_LOSS_NO_MEMORY, 1);
    deep_profile_budget = DP_WEIGHT_ALWAYS - 1;
    return false;
}

/* Memory is shared with another process: this is a child of vfork before its exec. It must
 * not own anything; the thread in whose place it runs will. */
static bool in_borrowed_memory(void)
{
    return dp_process_mode() == DP_MODE_ON && dp_process_is_ours() &&
           dp_os_pid() != dp_process_facts()->pid;
}

static bool meet_thread(void)
{
    if (in_borrowed_memory())
        return false;
    if (dp_process_mode() == DP_MODE_ON && !dp_process_is_ours()) {
        dp_process_become_own();
        if (!dp_process_is_ours())
            return false;
    }
    switch (dp_process_mode()) {
    case DP_MODE_UNKNOWN:
        return false; /* a call before our constructor: the next call asks again */
    case DP_MODE_ON:
        break;
    default:
        deep_profile_budget = 0;
        if (deep_profile_entry_tick & DP_ASKS) /* a forked child: off for good */
            dp_poke(&deep_profile_entry_tick, dp_tick_last());
        return false;
    }
    struct dp_lane *lane = dp_self;
    if (!lane && dp_now_ns() >= retry_lane_ns)
        lane = dp_lane_take();
    return lane || refuse_thread();
}

static uint64_t meet_calling_thread(void *a, uintptr_t b, uintptr_t c)
{
    int saved_errno = errno;
    bool known = false;
    (void)a;
    (void)b;
    (void)c;
    if (dp_steward_is_here()) { /* a handler of SIGSYS (see arch/call_out.h) */
        dp_process_lost(DP_LOSS_REENTERED, 1);
        deep_profile_budget = DP_WEIGHT_ALWAYS - 1;
    } else if (!dp_process_meeting) { /* not from a signal handler that interrupts this function */
        dp_process_meeting = true;
        known = meet_thread();
        dp_process_meeting = false;
    } else {
        dp_process_lost(DP_LOSS_REENTERED, 1);
    }
    if (!known && deep_profile_budget < -1)
        deep_profile_budget = -1; /* not met yet; further calls would overflow it */
    errno = saved_errno;
    return known;
}

static uint32_t environment_bit(void)
{
    const char *env = dp_setting_text(DP_SETTING_ENV);
    if (strcmp(env, "prod") == 0)
        return DP_ENV_PROD;
    return strcmp(env, "test") == 0 ? DP_ENV_TEST : DP_ENV_DEV;
}

static int start(void)
{
    struct dp_process_state *facts = dp_process_facts_to_fill();
    if (dp_os_program_path(facts->program, sizeof facts->program) != 0)
        strcpy(facts->program, "unknown");
    dp_settings_read();
    dp_sampler_init();
    dp_arch_init();
    dp_call_out_init();
    dp_clock_init(dp_setting_text(DP_SETTING_CLOCK));
    dp_memory_ceiling_init();
    dp_bus_guard();
    dp_waits_init();
    dp_configure_init(&(struct dp_decide_settings){
        .rules = &rules,
        .environment = environment_bit(),
        .check_load = dp_setting_value(DP_SETTING_CHECK_LOAD),
        .slow_baseline = (double)dp_setting_value(DP_SETTING_SLOW_BASELINE) / 1e9,
    });
    int error = dp_sites_init();
    dp_governor_init();
    if (!error)
        error = dp_process_watch_forks();
    if (!error)
        error = dp_process_open_log();
    if (error)
        return error;
    facts->slow_path_ns = dp_calibrate(); /* a forked child has its parent's */
    dp_process_handle_forks();
    return dp_process_start_work();
}

/*
 * DEEP_PROFILE is a word that means nothing, such as `yess`. Who typed it wants a profile, and
 * the runtime prints nothing: where the log would be it leaves one that says that the program
 * was not profiled, and why.
 */
static void leave_failed_log(const char *text)
{
    struct dp_process_state *facts = dp_process_facts_to_fill();
    uint8_t uuid[16];
    if (dp_os_program_path(facts->program, sizeof facts->program) != 0)
        strcpy(facts->program, "unknown");
    dp_settings_read();
    dp_clock_init(dp_setting_text(DP_SETTING_CLOCK));
    dp_bus_guard();
    if (dp_trace_open(text, uuid) == 0)
        dp_trace_fail(-EINVAL);
    dp_bus_leave();
}

static bool start_if_asked(void)
{
    const char *given = dp_os_getenv("DEEP_PROFILE");
    dp_rules_parse(given, &rules);
    if (rules.mistaken)
        leave_failed_log(given);
    if (!rules.on)
        return false;
    const char *text = dp_keep_variable(dp_os_getenv("DEEP_PROFILE"));
    dp_rules_parse(text, &rules);
    dp_process_set_rules(&rules, text);
    if (start() == 0)
        return true;
    dp_bus_leave();
    dp_sites_release(); /* a host that is short of memory needs it more than we do */
    return false;
}

/* Signals are blocked, except while libc may call the host's functions (os.h): then the
 * host's malloc may load a library, or a handler may leave this function for good. */
static void start_here(void)
{
    struct dp_os_signals hosts;
    starting = true;
    dp_os_block_signals(&hosts);
    dp_call_out_keep_hosts_signals(hosts.mask);
    atomic_store_explicit(&dp_meet_thread, meet_calling_thread, memory_order_release);
    bool on = start_if_asked();
    dp_process_set_mode(on ? DP_MODE_ON : DP_MODE_OFF);
    dp_call_out_forget_hosts_signals();
    dp_os_restore_signals(&hosts);
    starting = false;
}

/* Other threads that load a library meanwhile wait, at most about two seconds; after that,
 * what they load is not profiled. `mode` pairs: the thread that starts stores with release,
 * this load is acquire. */
static void start_once(void)
{
    if (dp_process_mode() != DP_MODE_UNKNOWN || starting)
        return;
    if (!atomic_exchange_explicit(&start_claimed, true, memory_order_acq_rel)) {
        start_here();
        return;
    }
    for (int i = 0; i < 20000 && dp_process_mode() == DP_MODE_UNKNOWN; i++)
        dp_os_sleep_until(dp_os_monotonic_ns() + 100000);
}

static uint64_t load_module(void *first, uintptr_t stop, uintptr_t unused)
{
    (void)unused;
    start_once();
    if (dp_process_mode() == DP_MODE_ON && !dp_process_is_ours())
        dp_process_become_own();
    if (dp_process_mode() == DP_MODE_ON && dp_process_is_ours())
        dp_sites_add(first, (struct dp_site *)stop);
    if (dp_process_mode() == DP_MODE_ON)
        dp_process_pictures_note();
    return 0;
}

static uint64_t unload_module(void *first, uintptr_t unused, uintptr_t unused_too)
{
    (void)unused;
    (void)unused_too;
    if (dp_process_mode() == DP_MODE_ON) { /* also in a child that has no log yet */
        if (dp_process_is_ours())
            dp_process_mend_log(); /* until the names disappear with their module */
        dp_sites_remove(first);
    }
    return 0;
}

/* Threads that still run find every gate closed. */
static uint64_t finish_work(void *unused, uintptr_t unused_too, uintptr_t nor_this)
{
    (void)unused;
    (void)unused_too;
    (void)nor_this;
    dp_process_set_mode(DP_MODE_FINISHED);
    dp_sites_close();
    if (!dp_steward_stop())
        return 0; /* the steward still writes: leave the log like that of a killed process */
    dp_lanes_finish();
    dp_sink_finish();
    dp_process_mend_log();
    dp_log_finish();
    dp_process_count_cuts();
    dp_trace_finish();
    dp_process_pictures_draw();
    return 0;
}

/*
 * The host calls these three, with any stack and floating-point environment. They use
 * general registers only and call out for the work.
 */
__attribute__((visibility("default"))) DP_FROM_HOST void
deep_profile_module_load(uint32_t abi, struct dp_site *first, struct dp_site *stop)
{
    int saved_errno = errno;
    (void)abi; /* each function has its own (sites/sites.c) */
    dp_call_out_in_place(load_module, first, (uintptr_t)stop, 0);
    errno = saved_errno;
}

__attribute__((visibility("default"))) DP_FROM_HOST void
deep_profile_module_unload(struct dp_site *first)
{
    int saved_errno = errno;
    dp_call_out_in_place(unload_module, first, 0, 0);
    errno = saved_errno;
}

/* After the program's own destructors. */
__attribute__((destructor(101))) DP_FROM_HOST static void finish(void)
{
    if (dp_process_mode() == DP_MODE_ON && dp_process_is_ours())
        dp_call_out_in_place(finish_work, NULL, 0, 0);
}
