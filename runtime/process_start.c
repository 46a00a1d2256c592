/* See process_start.h. */
#include "process_start.h"

#include <string.h>

#include "base/facts.h"
#include "base/os.h"
#include "base/settings.h"
#include "host/bus.h"
#include "hot/stacks.h"
#include "log/directory.h"
#include "log/process_log.h"
#include "log/stream.h"
#include "log/trace.h"
#include "sampling/heap.h"
#include "sampling/stacks_signal.h"
#include "sites/sites.h"
#include "steward/control_group.h"
#include "steward/load.h"
#include "steward/sink.h"
#include "steward/steward.h"
#include "thread/lanes.h"
#include "thread/memory.h"

static const struct dp_rules *rules;
static const char *rules_text = "";

void dp_process_set_rules(const struct dp_rules *active, const char *text)
{
    rules = active;
    rules_text = text;
}

/* Long enough: names and problems of settings are short. */
static void quote_problem(const struct dp_setting *setting, char text[static 256])
{
    *text++ = '\'';
    text = mempcpy(text, setting->refused, strnlen(setting->refused, 150));
    stpcpy(stpcpy(text, "' "), setting->problem);
}

/* Where files with relative names go that a function asks for. */
static void log_folder(void)
{
    static char folder[DP_PATH_MAX]; /* as it was at the start */
    if (!*folder && dp_os_working_directory(folder, sizeof folder) != 0)
        return;
    dp_log_setting(0, "output_folder", folder, "");
}

/* Before settings are written: whether the signal is free is seen when it is installed. */
static void start_stacks_signal(void)
{
    struct dp_setting *setting = &dp_settings[DP_SETTING_STACKS_SIGNAL];
    const char *problem = dp_stacks_signal_start(setting->text);
    if (!problem)
        return;
    setting->source = DP_SETTING_REFUSED;
    setting->refused = setting->text;
    setting->problem = problem;
    setting->text = "";
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
    log_folder();
    if (dp_memory_view == DP_MEMORY_NUMBERS)
        dp_log_setting(0, "malloc", "another library's, without malloc_usable_size",
                       "allocations are counted, but no bytes");
    if (dp_memory_view == DP_MEMORY_UNSEEN)
        dp_log_setting(0, "malloc", "another library's, in front of the profiler's",
                       "allocations are not counted; they are with libdeep_profile.so first in "
                       "LD_PRELOAD, unless malloc is the program's own");
    for (size_t i = 0; i < rules->n_refused; i++) {
        const struct dp_refused_rule *refused = &rules->refused[i];
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

void dp_process_count_cuts(void)
{
    dp_process_lost(DP_LOSS_NO_SPACE, dp_bus_take_losses());
}

/* The steward's work of every second for rooms that it does not know. */
static void every_second(void)
{
    dp_bus_guard_again();
    dp_process_count_cuts();
    dp_process_mend_log();
}

int dp_process_open_log(void)
{
    uint8_t uuid[16];
    int error = dp_trace_open(rules_text, uuid);
    if (error)
        return error;
    error = dp_lanes_init(dp_stacks_leave);
    if (error)
        return dp_trace_fail(error);
    dp_streams_init(uuid);
    dp_log_init();
    start_stacks_signal();
    log_settings();
    return 0;
}

static void start_sink(void)
{
    char path[DP_PATH_MAX];
    dp_sink_init("");
    if (dp_expand_path(dp_setting_text(DP_SETTING_EVENTS), dp_process_program(), path) == 0 &&
        *dp_setting_text(DP_SETTING_EVENTS))
        dp_sink_init(path);
}

int dp_process_start_work(void)
{
    dp_process_state()->slow_path_ns = dp_process_facts()->slow_path_ns;
    dp_control_group_find();
    dp_load_init();
    start_sink();
    if (dp_memory_view != DP_MEMORY_UNSEEN && dp_heap_init() != 0)
        dp_process_lost(DP_LOSS_NO_MEMORY, 1);
    int error = dp_steward_start(every_second);
    if (error) {
        dp_log_finish();
        return dp_trace_fail(error);
    }
    return 0;
}
