/* See trace.h. */
#include "trace.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/facts.h"
#include "base/os.h"
#include "base/proc_text.h"
#include "base/settings.h"
#include "common/machine.h"
#include "common/metadata.h"
#include "directory.h"
#include "segments.h"

static char directory[DP_PATH_MAX];

/* The start time: field 22 of /proc/self/stat. */
static uint64_t start_ticks(void)
{
    char text[1024];
    if (dp_os_read_file("/proc/self/stat", text, sizeof text) <= 0)
        return 0;
    const char *at = dp_proc_stat_field(text, 22);
    return at ? dp_proc_number(&at) : 0;
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

static void fill_state(const char *rules)
{
    struct dp_process_state *facts = dp_process_facts_to_fill(), *state = dp_process_state();
    int64_t length;
    memset(facts->command, 0, sizeof facts->command);
    facts->version = DP_STATE_VERSION;
    facts->log_version = DP_LOG_VERSION;
    facts->phase = DP_PROCESS_RUNNING;
    facts->pid = dp_os_pid();
    facts->parent_pid = dp_os_parent_pid();
    facts->pid_start_ticks = start_ticks();
    facts->machine = this_machine();
    facts->start_monotonic_ns = dp_process_start_ns = dp_now_ns();
    facts->realtime_offset_ns = dp_os_realtime_ns() - dp_os_monotonic_ns();
    facts->log_limit_bytes = dp_setting_value(DP_SETTING_SIZE_LIMIT);
    copy_text(facts->env, sizeof facts->env, dp_setting_text(DP_SETTING_ENV));
    copy_text(facts->rules, sizeof facts->rules, rules);
    length = dp_os_read_file("/proc/self/cmdline", facts->command, sizeof facts->command);
    for (int64_t i = 0; i + 1 < length; i++) {
        if (!facts->command[i])
            facts->command[i] = ' ';
    }
    /* Other threads may already have counted losses into it. */
    memcpy(state, facts, offsetof(struct dp_process_state, lost));
    memcpy(&state->steward_cpu_ns, &facts->steward_cpu_ns,
           sizeof *facts - offsetof(struct dp_process_state, steward_cpu_ns));
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
    else /* before the first store: somebody may have cut the file already (bus.h) */
        dp_process_use_state(mapped);
    return error;
}

static int write_metadata(const uint8_t uuid[16])
{
    const struct dp_process_state *facts = dp_process_facts();
    struct dp_metadata_info info = {.realtime_offset_ns = facts->realtime_offset_ns,
                                    .pid = facts->pid,
                                    .program = facts->program};
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

/* A version 4 UUID (RFC 4122). */
static void make_uuid(uint8_t uuid[16])
{
    uint64_t random[2] = {dp_os_random(), dp_os_random()};
    memcpy(uuid, random, 16);
    uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x40);
    uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
}

static int make_files(void)
{
    int error = dp_expand_path(dp_setting_text(DP_SETTING_OUT), dp_process_program(), directory);
    if (!error)
        error = dp_directory_claim(directory);
    if (error)
        return error;
    error = dp_directory_enter(directory);
    if (!error)
        error = map_state();
    if (error)
        dp_directory_give_up(directory);
    return error;
}

int dp_trace_open(const char *rules, uint8_t uuid[16])
{
    int error = make_files();
    if (error)
        return error;
    make_uuid(uuid);
    fill_state(rules);
    error = write_metadata(uuid);
    return error ? dp_trace_fail(error) : 0;
}

int dp_trace_fail(int error)
{
    struct dp_process_state *mapped = dp_process_state();
    mapped->start_error = (uint32_t)-error;
    mapped->end_monotonic_ns = dp_now_ns();
    __atomic_store_n(&mapped->phase, DP_PROCESS_FAILED, __ATOMIC_RELEASE);
    dp_process_use_state(NULL);
    dp_os_unmap(mapped, sizeof *mapped);
    dp_directory_leave();
    return error;
}

void dp_trace_finish(void)
{
    struct dp_process_state *state = dp_process_state();
    state->log_bytes = dp_segments_bytes();
    state->end_monotonic_ns = dp_now_ns();
    __atomic_store_n(&state->phase, DP_PROCESS_FINISHED, __ATOMIC_RELEASE);
}
