/* See process.h: start, end, and the forked child. */
#include "process.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "common/metadata.h"
#include "base/budget.h"
#include "host/bus.h"
#include "steward/calibrate.h"
#include "base/clock.h"
#include "sites/decide.h"
#include "arch/deep.h"
#include "log/directory.h"
#include "hot/enter.h"
#include "thread/lane.h"
#include "steward/load.h"
#include "base/lock.h"
#include "thread/memory.h"
#include "base/os.h"
#include "base/peek.h"
#include "log/process_log.h"
#include "base/sampler.h"
#include "base/settings.h"
#include "steward/sink.h"
#include "sites/sites.h"
#include "steward/steward.h"
#include "log/stream.h"

static const volatile uint32_t nobody_forked = 1;
const volatile uint32_t *dp_process_alive = &nobody_forked;

uint64_t dp_process_start_ns;
static _Atomic int mode = DP_MODE_UNKNOWN;
static struct dp_lock start_lock;
static struct dp_process_state own; /* what was filled in; stands in until there is a log */
static struct dp_process_state *state = &own; /* mapped */
static char directory[DP_PATH_MAX];
static char program_path[sizeof own.program];
static struct dp_rules rules;
static const char *rules_text = ""; /* DEEP_PROFILE; `rules` points into it */

static DP_INITIAL_EXEC _Thread_local bool meeting;
static DP_INITIAL_EXEC _Thread_local uint64_t retry_lane_ns; /* no lane could be had */

#define RETRY_LANE_NS UINT64_C(100000000)

enum dp_mode dp_process_mode(void)
{
    return (enum dp_mode)atomic_load_explicit(&mode, memory_order_acquire);
}

struct dp_process_state *dp_process_state(void)
{
    return state;
}

const struct dp_process_state *dp_process_facts(void)
{
    return &own;
}

void dp_process_count_site(uint32_t slot, uint32_t site)
{
    own.counted_site[slot] = state->counted_site[slot] = site;
}

const char *dp_process_program(void)
{
    const char *slash = strrchr(program_path, '/');
    return slash ? slash + 1 : program_path;
}

void dp_process_lost(enum dp_loss reason, uint64_t count)
{
    __atomic_fetch_add(&state->lost[reason], count, __ATOMIC_RELAXED);
}

/* Field 22 of /proc/self/stat; the command in field 2 may hold anything. */
static uint64_t start_ticks(void)
{
    char text[1024];
    if (dp_os_read_file("/proc/self/stat", text, sizeof text) <= 0)
        return 0;
    const char *at = strrchr(text, ')');
    for (int field = 2; at && field < 22; field++)
        at = strchr(at + 1, ' ');
    uint64_t ticks = 0;
    for (at = at ? at + 1 : ""; *at >= '0' && *at <= '9'; at++)
        ticks = ticks * 10 + (uint64_t)(*at - '0');
    return ticks;
}

static void copy_text(char *to, size_t capacity, const char *from)
{
    size_t length = strlen(from);
    if (length >= capacity)
        length = capacity - 1;
    memcpy(to, from, length);
    to[length] = 0;
}

static uint64_t this_machine(void)
{
    char boot_id[64] = "";
    dp_os_read_file("/proc/sys/kernel/random/boot_id", boot_id, sizeof boot_id);
    return dp_machine(boot_id, dp_os_pid_namespace());
}

static void fill_state(void)
{
    int64_t length;
    memset(own.command, 0, sizeof own.command);
    own.version = DP_STATE_VERSION;
    own.log_version = DP_LOG_VERSION;
    own.phase = DP_PROCESS_RUNNING;
    own.pid = dp_os_pid();
    own.parent_pid = dp_os_parent_pid();
    own.pid_start_ticks = start_ticks();
    own.machine = this_machine();
    own.start_monotonic_ns = dp_process_start_ns = dp_now_ns();
    own.realtime_offset_ns = dp_os_realtime_ns() - dp_os_monotonic_ns();
    own.log_limit_bytes = dp_setting_value(DP_SETTING_SIZE_LIMIT);
    copy_text(own.env, sizeof own.env, dp_setting_text(DP_SETTING_ENV));
    copy_text(own.program, sizeof own.program, program_path);
    copy_text(own.rules, sizeof own.rules, rules_text);
    length = dp_os_read_file("/proc/self/cmdline", own.command, sizeof own.command);
    for (int64_t i = 0; i + 1 < length; i++) {
        if (!own.command[i])
            own.command[i] = ' ';
    }
    memcpy(state, &own, offsetof(struct dp_process_state, lost));
    memcpy(&state->steward_cpu_ns, &own.steward_cpu_ns,
           sizeof own - offsetof(struct dp_process_state, steward_cpu_ns));
    __atomic_store_n(&state->magic, DP_STATE_MAGIC, __ATOMIC_RELEASE);
}

static int map_state(void)
{
    int fd = dp_directory_create("state/process");
    if (fd < 0)
        return fd;
    struct dp_process_state *mapped = NULL;
    int error = dp_os_allocate(fd, 0, sizeof *mapped);
    if (!error) {
        mapped = dp_os_map_file(fd, 0, sizeof *mapped);
        error = mapped ? 0 : -ENOMEM;
    }
    dp_os_close(fd);
    if (error)
        dp_directory_unlink("state/process");
    if (!error)
        state = mapped; /* before the first store: somebody may cut it already (bus.h) */
    return error;
}

static int write_metadata(const uint8_t uuid[16])
{
    struct dp_metadata_info info = {.realtime_offset_ns = state->realtime_offset_ns,
                                    .pid = state->pid,
                                    .program = program_path};
    memcpy(info.uuid, uuid, 16);
    char *buffer = dp_os_map_memory(DP_METADATA_BYTES);
    if (!buffer)
        return -ENOMEM;
    struct dp_text text = {buffer, DP_METADATA_BYTES, 0};
    dp_metadata_write(&text, &info);
    int64_t written = dp_directory_create("metadata");
    if (written >= 0) {
        int fd = (int)written;
        written = dp_os_write(fd, buffer, text.length);
        dp_os_close(fd);
    }
    dp_os_unmap(buffer, DP_METADATA_BYTES);
    if (written < 0)
        return (int)written;
    return (size_t)written == text.length ? 0 : -ENOSPC;
}

/* Fits: our own words are short. */
static void quote_problem(const struct dp_setting *setting, char text[static 256])
{
    *text++ = '\'';
    text = mempcpy(text, setting->refused, strnlen(setting->refused, 150));
    stpcpy(stpcpy(text, "' "), setting->problem);
}

static void log_settings(void)
{
    for (size_t i = 0; i < DP_SETTING_COUNT; i++) {
        const struct dp_setting *setting = &dp_settings[i];
        char problem[256] = "";
        if (setting->refused)
            quote_problem(setting, problem);
        dp_log_setting(setting->source, setting->name, setting->text, problem);
    }
    if (!dp_memory_sized())
        dp_log_setting(0, "malloc", "another library's, without malloc_usable_size",
                       "counts allocations, but no bytes");
    for (size_t i = 0; i < rules.n_refused; i++) {
        const struct dp_refused_rule *refused = &rules.refused[i];
        char rule[256], problem[256];
        struct dp_text text = {problem, sizeof problem - 1, 0};
        size_t length = refused->text.length < 255 ? refused->text.length : 255;
        memcpy(rule, refused->text.text, length);
        rule[length] = 0;
        dp_rule_explain(&text, refused);
        problem[text.length < text.size ? text.length : text.size] = 0;
        dp_log_setting(2, "DEEP_PROFILE", rule, problem);
    }
}

void dp_process_mend_log(void)
{
    if (!dp_log_take_incomplete())
        return;
    log_settings();
    dp_sites_log_again();
}

/* A version 4 UUID (RFC 4122). */
static void make_uuid(uint8_t uuid[16])
{
    uint64_t random[2] = {dp_os_random(), dp_os_random()};
    memcpy(uuid, random, 16);
    uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x40);
    uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
}

/* From here on there is no profile. A log that was begun says why. */
static int fail(int error)
{
    struct dp_process_state *mapped = state;
    mapped->start_error = (uint32_t)-error;
    mapped->end_monotonic_ns = dp_now_ns();
    __atomic_store_n(&mapped->phase, DP_PROCESS_FAILED, __ATOMIC_RELEASE);
    state = &own;
    dp_os_unmap(mapped, sizeof *mapped);
    dp_directory_leave();
    return error;
}

/* Directory, state, streams: what a process of its own needs. When it fails,
 * `state` is the stand-in again. */
static int open_log(void)
{
    uint8_t uuid[16];
    int error = dp_expand_path(dp_setting_text(DP_SETTING_OUT), dp_process_program(), directory);
    if (!error)
        error = dp_directory_claim(directory);
    if (error)
        return error;
    error = dp_directory_enter(directory);
    if (!error)
        error = map_state();
    if (error) {
        dp_directory_give_up(directory);
        return error;
    }
    make_uuid(uuid);
    fill_state();
    error = write_metadata(uuid);
    if (!error)
        error = dp_lanes_init();
    if (error)
        return fail(error);
    dp_streams_init(uuid);
    dp_log_init();
    log_settings();
    return 0;
}

static void start_sink(void)
{
    char path[DP_PATH_MAX];
    if (dp_expand_path(dp_setting_text(DP_SETTING_EVENTS), dp_process_program(), path) == 0 &&
        *dp_setting_text(DP_SETTING_EVENTS))
        dp_sink_init(path);
}

static uint32_t environment_bit(void)
{
    const char *env = dp_setting_text(DP_SETTING_ENV);
    if (strcmp(env, "prod") == 0)
        return DP_ENV_PROD;
    return strcmp(env, "test") == 0 ? DP_ENV_TEST : DP_ENV_DEV;
}

/* There is a log: everything that goes on beside it. */
static int start_work(void)
{
    state->slow_path_ns = own.slow_path_ns;
    dp_load_init();
    start_sink();
    int error = dp_steward_start();
    if (error) {
        dp_log_finish();
        return fail(error);
    }
    return 0;
}

static void reset_child(void);

static int start(void)
{
    if (dp_os_program_path(program_path, sizeof program_path) != 0)
        copy_text(program_path, sizeof program_path, "unknown");
    dp_settings_read();
    dp_sampler_init();
    dp_arch_init();
    dp_deep_init();
    dp_clock_init(dp_setting_text(DP_SETTING_CLOCK));
    dp_budget_init();
    dp_bus_guard();
    dp_decide_init(&rules, environment_bit(), dp_setting_value(DP_SETTING_CHECK_LOAD),
                   (double)dp_setting_value(DP_SETTING_SLOW_BASELINE) / 1e9);
    int error = dp_sites_init();
    uint32_t *alive = error ? NULL : dp_os_map_wiped_on_fork();
    if (!alive)
        return -ENOMEM;
    *alive = 1;
    error = open_log();
    if (error)
        return error;
    dp_process_alive = alive;
    own.slow_path_ns = dp_calibrate(); /* a forked child has its parent's */
    pthread_atfork(NULL, NULL, reset_child);
    return start_work();
}

static void start_once(void)
{
    struct dp_os_signals saved;
    if (dp_process_mode() != DP_MODE_UNKNOWN)
        return; /* also in a forked child, where nobody may be left to give the lock */
    dp_lock_take(&start_lock, &saved);
    if (dp_process_mode() == DP_MODE_UNKNOWN) {
        dp_rules_parse(dp_os_getenv("DEEP_PROFILE"), &rules);
        bool on = rules.on;
        if (on) {
            rules_text = dp_keep_variable(dp_os_getenv("DEEP_PROFILE"));
            dp_rules_parse(rules_text, &rules);
            on = start() == 0;
            if (!on)
                dp_bus_leave();
        }
        atomic_store_explicit(&mode, on ? DP_MODE_ON : DP_MODE_OFF, memory_order_release);
    }
    dp_lock_give(&start_lock, &saved);
}

/* The page of *dp_process_alive; reads as zeros in a forked child. */
struct alive {
    uint32_t alive;
    uint32_t claimed; /* by the thread that starts the log */
};

static struct alive *alive_page(void)
{
    return (struct alive *)(uintptr_t)dp_process_alive;
}

/* The thread's next call asks who it is. The page is cleared by hand for kernels
 * that do not. */
static void reset_child(void)
{
    *alive_page() = (struct alive){0, 0};
    dp_lanes_were_forked();
    dp_deep_reset();
    dp_sites_unlock();
    dp_bus_unlock();
    deep_profile_budget = -1;
    deep_profile_entry_tick = deep_profile_tick + DP_ASK; /* nobody advances it here */
}

void dp_process_was_forked(void)
{
    if (dp_process_mode() == DP_MODE_ON)
        reset_child();
}

static int start_childs_log(void)
{
    int error = open_log();
    if (error)
        return error;
    state->sites = dp_n_sites;
    dp_sites_log_all();
    return start_work();
}

/* The child's own log. Only this thread exists; the locks may be held by
 * threads that do not. */
static void start_child(void)
{
    struct dp_process_state *parents = state;
    dp_lock_init(&start_lock);
    dp_sites_unlock();
    dp_lanes_were_forked(); /* when nobody has told us: the system call itself */
    dp_lanes_reset();
    dp_log_reset();
    dp_streams_reset();
    dp_budget_reset(); /* after those who gave theirs back */
    memset(own.lost, 0, sizeof own.lost);
    state = &own;
    dp_directory_leave();
    atomic_store_explicit(&dp_load_closed, 0, memory_order_relaxed);
    if (!dp_os_child_may_start_threads() || start_childs_log() != 0) {
        /* The parent's log is the only one that can tell of it. */
        state = parents; /* for it may have been cut (bus.h) */
        dp_process_lost(DP_LOSS_NO_SPACE, 1);
        state = &own;
        atomic_store_explicit(&mode, DP_MODE_OFF, memory_order_release);
        dp_sites_close();
    }
    if (parents != &own)
        dp_os_unmap(parents, sizeof *parents);
}

/* One of the child's threads starts its log; to the others the process is not
 * ours before that is done. They wait, at most about two seconds. */
static void become_own_process(void)
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

/* Sampled gates stay closed for long; those that open at every call come back
 * here, which must not try to make files each time: it is a full disk, or a
 * process out of descriptors, that is slowed down. */
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

/* Memory is shared, the process is another: a child of vfork before its exec. It
 * must not become an owner of anything; the thread that it stands in for will. */
static bool in_borrowed_memory(void)
{
    return dp_process_mode() == DP_MODE_ON && dp_process_is_ours() && dp_os_pid() != own.pid;
}

static bool meet_thread(void)
{
    if (in_borrowed_memory())
        return false;
    if (dp_process_mode() == DP_MODE_ON && !dp_process_is_ours()) {
        become_own_process();
        if (!dp_process_is_ours())
            return false;
    }
    switch (dp_process_mode()) {
    case DP_MODE_UNKNOWN:
        return false; /* a call before our constructor: ask again next time */
    case DP_MODE_ON:
        break;
    default:
        deep_profile_budget = 0;
        if (deep_profile_entry_tick & DP_ASK) /* a forked child: off for good */
            dp_poke(&deep_profile_entry_tick, deep_profile_tick);
        return false;
    }
    struct dp_lane *lane = dp_self;
    if (!lane && dp_now_ns() >= retry_lane_ns)
        lane = dp_lane_take();
    return lane || refuse_thread();
}

uint64_t dp_process_meet_thread(void *a, uintptr_t b, uintptr_t c)
{
    int saved_errno = errno;
    bool known = false;
    (void)a;
    (void)b;
    (void)c;
    if (!meeting) { /* not from a signal handler in the midst of it */
        meeting = true;
        known = meet_thread();
        meeting = false;
    } else {
        dp_process_lost(DP_LOSS_REENTERED, 1);
    }
    if (!known && deep_profile_budget < -1)
        deep_profile_budget = -1; /* not yet met; more would run over */
    errno = saved_errno;
    return known;
}

__attribute__((visibility("default"))) void
deep_profile_module_load(uint32_t abi, struct dp_site *first, struct dp_site *stop)
{
    int saved_errno = errno;
    if (abi == DP_ABI_VERSION) {
        start_once();
        if (dp_process_mode() == DP_MODE_ON && !dp_process_is_ours())
            become_own_process();
        if (dp_process_mode() == DP_MODE_ON && dp_process_is_ours())
            dp_sites_add(first, stop);
    }
    errno = saved_errno;
}

__attribute__((visibility("default"))) void deep_profile_module_unload(struct dp_site *first)
{
    int saved_errno = errno;
    if (dp_process_mode() == DP_MODE_ON) { /* also in a child that has no log yet */
        if (dp_process_is_ours())
            dp_process_mend_log(); /* as long as the names are there */
        dp_sites_remove(first);
    }
    errno = saved_errno;
}

/* After the program's own destructors. What other threads still run finds every
 * gate closed. */
__attribute__((destructor(101))) static void finish(void)
{
    if (dp_process_mode() != DP_MODE_ON || !dp_process_is_ours())
        return;
    atomic_store_explicit(&mode, DP_MODE_FINISHED, memory_order_release);
    dp_sites_close();
    dp_steward_stop();
    dp_lanes_finish();
    dp_sink_finish();
    dp_process_mend_log();
    dp_log_finish();
    dp_process_lost(DP_LOSS_NO_SPACE, dp_bus_take_losses());
    state->log_bytes = dp_streams_bytes();
    state->end_monotonic_ns = dp_now_ns();
    __atomic_store_n(&state->phase, DP_PROCESS_FINISHED, __ATOMIC_RELEASE);
}
