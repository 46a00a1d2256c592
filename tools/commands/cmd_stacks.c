/* deep-profile stacks: where the threads of a running program are. The program's own profiler
 * looks (runtime/steward/snapshot.h) and writes what it finds into the log. */
#include "command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/output_file.h"
#include "common/values.h"
#include "log/live_process.h"
#include "log/log_state.h"
#include "log/processes.h"
#include "model/snapshot_outside.h"
#include "render/stacks_json.h"
#include "render/stacks_text.h"
#include "running_log.h"

enum { OPTION_LAST = 256, OPTION_WAIT, POLL_MS = 5 };

#define STATE_FILE "/state/process"

struct arguments {
    struct dp_common common;
    unsigned long pid;  /* 0: not given */
    const char *output; /* NULL: stdout */
    bool last;
    uint64_t wait_ns;
};

static const struct argp_option options[] = {
    {"pid", 'p', "PID", 0, "The process PID, wherever its log is", 0},
    {"output", 'o', "FILE", 0, "Write to FILE (default: standard output)", 0},
    {"last", OPTION_LAST, 0, 0, "Do not ask the process: show the last snapshot in the log", 0},
    {"wait", OPTION_WAIT, "DURATION", 0, "How long to wait for the answer (default: 15s)", 0},
    {0},
};

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->common;
        return 0;
    case 'p':
        arguments->pid = dp_parse_number(state, "--pid", value);
        if (arguments->pid == 0 || arguments->pid > INT32_MAX)
            dp_usage_error(state, "--pid takes the number of a process, not '%s'", value);
        return 0;
    case 'o':
        arguments->output = strcmp(value, "-") == 0 ? NULL : value;
        return 0;
    case OPTION_LAST:
        arguments->last = true;
        return 0;
    case OPTION_WAIT:
        if (dp_parse_duration(value, strlen(value), &arguments->wait_ns) != 0)
            dp_usage_error(state, "--wait takes a duration such as 5s, not '%s'", value);
        return 0;
    case ARGP_KEY_END:
        if (arguments->pid > 0 && arguments->common.path)
            dp_usage_error(state, "--pid or a log, not both");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- the process and its log ---- */

static void say_no_log(uint32_t pid)
{
    uint32_t user = 0;
    char name[17];
    int error = dp_live_look(pid);
    bool others = dp_live_user(pid, &user) && user != geteuid() && geteuid() != 0;

    dp_live_name(pid, name);
    if (error == -ENOENT || dp_live_is_gone(pid))
        dp_error("there is no process %u", pid);
    else if (error && others)
        dp_error("process %u (%s) belongs to user %u: only that user and root can ask it", pid,
                 name, user);
    else if (error)
        dp_error("the system does not let us look at process %u (%s): give its log instead of "
                 "its number",
                 pid, name);
    else
        dp_error("process %u (%s) is not being profiled: it was built without deep-profile, or "
                 "runs without DEEP_PROFILE",
                 pid, name);
}

/* Where the first thread has ended, the others still have the memory. */
static char *folder_of(uint32_t pid)
{
    char *folder = dp_process_folder(pid, STATE_FILE);
    size_t n = 0;
    struct dp_live_thread *threads = folder ? NULL : dp_live_threads(pid, &n);

    for (size_t i = 0; i < n && !folder; i++)
        folder = dp_process_folder(threads[i].tid, STATE_FILE);
    free(threads);
    return folder;
}

/* In a container the path names one of the container's files. */
static char *log_of(uint32_t pid)
{
    char root[64], *folder = folder_of(pid);

    if (!folder)
        return NULL;
    snprintf(root, sizeof root, "/proc/%u/root", pid);
    char *there = dp_join(root, folder + 1);
    if (!dp_is_log(folder) && dp_is_log(there)) {
        free(folder);
        return there;
    }
    free(there);
    return folder;
}

/* ---- showing ---- */

static void write_snapshot(const struct dp_snapshot *snapshot, const struct arguments *arguments,
                           FILE *out)
{
    struct dp_json_document document;
    struct dp_style style;

    if (arguments->common.json) {
        dp_json_start(&document, true, false);
        document.out = out;
        dp_json_put_stacks(snapshot, dp_json_next(&document));
        dp_json_finish(&document);
        return;
    }
    dp_style_detect(&style, out);
    dp_text_stacks(snapshot, &style);
}

static int show(const struct dp_snapshot *snapshot, const struct arguments *arguments)
{
    struct dp_output_file file;

    if (!arguments->output) {
        write_snapshot(snapshot, arguments, stdout);
        return DP_EXIT_OK;
    }
    int error = dp_output_file_open(&file, arguments->output);
    if (!error) {
        write_snapshot(snapshot, arguments, file.stream);
        error = dp_output_file_close(&file);
    }
    if (!error)
        return DP_EXIT_OK;
    dp_error("cannot write '%s': %s", arguments->output, strerror(-error));
    return DP_EXIT_DATA;
}

/* `number` 0: the last one. */
static int show_from_log(const char *path, uint32_t number, const struct arguments *arguments)
{
    struct dp_snapshot snapshot;
    struct dp_problem problem;
    struct dp_log log;
    int status = dp_log_open(&log, path, &problem);

    if (status != DP_EXIT_OK) {
        dp_error("%s", problem.text);
        return status;
    }
    if (dp_snapshot_read(&snapshot, &log, number)) {
        status = show(&snapshot, arguments);
    } else {
        status = DP_EXIT_DATA;
        if (number)
            dp_error("the process has answered, but not all of it is in its log '%s': the log "
                     "or its disk is full",
                     path);
        else
            dp_error("the log '%s' has no snapshot of the threads: nobody has asked for one",
                     path);
    }
    dp_snapshot_finish(&snapshot);
    dp_log_close(&log);
    return status;
}

/* ---- asking ---- */

enum answer { ANSWERED, STOPPED, ENDED, SILENT };

static enum answer wait_for(uint32_t pid, const char *path, uint32_t number, uint64_t wait_ns,
                            uint64_t *heartbeat_ns)
{
    const uint64_t until = dp_monotonic_ns() + wait_ns;

    *heartbeat_ns = 0;
    for (;;) {
        char letter = dp_live_letter(pid);
        bool over = dp_monotonic_ns() >= until;
        if (dp_live_answered(path, number, heartbeat_ns))
            return ANSWERED;
        if (letter == 'T' || letter == 't')
            return STOPPED;
        if (!letter || (letter == 'Z' && dp_live_is_gone(pid)))
            return ENDED;
        if (over)
            return SILENT;
        dp_wait_ms(POLL_MS);
    }
}

static void say_silence(uint32_t pid, enum answer answer, uint64_t heartbeat_ns)
{
    uint64_t now = dp_monotonic_ns();
    double awake = now > heartbeat_ns ? (double)(now - heartbeat_ns) / 1e9 : 0;

    if (answer == STOPPED)
        dp_error("process %u is stopped, and cannot say where its threads are (kill -CONT %u lets "
                 "it go on)",
                 pid, pid);
    else
        dp_error("process %u has not answered in time; its profiler's thread was last awake "
                 "%.1f s ago",
                 pid, awake);
}

/* The process does not answer: shows what can be seen without its help. */
static int show_from_outside(uint32_t pid, const char *path, const struct arguments *arguments)
{
    struct dp_snapshot snapshot;

    dp_snapshot_outside(&snapshot, path, pid);
    show(&snapshot, arguments);
    dp_snapshot_finish(&snapshot);
    return DP_EXIT_DATA;
}

static int ask(uint32_t pid, const char *path, const struct arguments *arguments)
{
    uint32_t number;
    uint64_t heartbeat_ns;
    int error = dp_live_ask(path, &number);

    if (error) {
        dp_error("cannot ask process %u by its log '%s': %s", pid, path,
                 error == -EINVAL ? "it is of another version, or damaged" : strerror(-error));
        return DP_EXIT_DATA;
    }
    enum answer answer = wait_for(pid, path, number, arguments->wait_ns, &heartbeat_ns);
    if (answer == ANSWERED)
        return show_from_log(path, number, arguments);
    if (answer == ENDED) {
        dp_error("process %u has ended before it could answer", pid);
        return DP_EXIT_DATA;
    }
    say_silence(pid, answer, heartbeat_ns);
    return show_from_outside(pid, path, arguments);
}

/* A forked child maps the log of its parent until it has its own. */
static bool is_parents(const char *path, uint32_t pid)
{
    struct dp_process_state process;
    struct dp_problem problem;
    struct dp_log log;
    bool found = false;

    if (dp_log_open(&log, path, &problem) != DP_EXIT_OK)
        return false;
    bool other = dp_state_read(&log, &process, &found, &problem) == DP_EXIT_OK && found &&
                 process.pid != dp_live_own_number(pid);
    dp_log_close(&log);
    return other;
}

static int of_process(uint32_t pid, const struct arguments *arguments)
{
    char *path = log_of(pid);
    int status = DP_EXIT_DATA;

    if (!path)
        say_no_log(pid);
    else if (is_parents(path, pid))
        dp_error("process %u is a forked child that has called no profiled function yet: it has "
                 "no log of its own",
                 pid);
    else
        status = arguments->last ? show_from_log(path, 0, arguments) : ask(pid, path, arguments);
    free(path);
    return status;
}

/* The process whose log it is; 0: it does not run, or not here. */
static uint32_t process_of(const char *path)
{
    struct dp_process_state process;
    struct dp_problem problem;
    struct dp_log log;
    bool found = false;

    if (dp_log_open(&log, path, &problem) != DP_EXIT_OK)
        return 0;
    bool runs = dp_state_read(&log, &process, &found, &problem) == DP_EXIT_OK && found &&
                dp_state_phase(&log, &process) == DP_PHASE_RUNNING;
    dp_log_close(&log);
    return runs ? process.pid : 0;
}

static int of_log(const char *path, const struct arguments *arguments)
{
    uint32_t pid = arguments->last ? 0 : process_of(path);

    return pid ? ask(pid, path, arguments) : show_from_log(path, 0, arguments);
}

int dp_cmd_stacks(int argc, char **argv)
{
    static const struct argp_child children[] = {{&dp_common_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "[DIR]",
        .doc = "Shows where each thread of a running program is: its open calls, its stack, what "
               "it waits for and who holds that. Threads that wait for one another are named as "
               "a deadlock. Of a program that has ended, shows the last snapshot in its log.",
        .children = children,
    };
    struct arguments arguments = {.wait_ns = UINT64_C(15000000000)};
    struct dp_paths logs;

    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    if (arguments.pid > 0)
        return of_process((uint32_t)arguments.pid, &arguments);
    int status = dp_logs_find(arguments.common.path, &logs);
    if (status == DP_EXIT_OK)
        status = of_log(logs.path[dp_running_log(&logs)], &arguments);
    dp_paths_free(&logs);
    return status;
}
