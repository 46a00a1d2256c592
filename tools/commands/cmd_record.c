/* deep-profile record: runs a program with profiling on and says where its log
 * is. Changes nothing but the program's environment; its status is our own. */
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/rules.h"

#include "base/clock.h"
#include "base/memory.h"
#include "doctor/doctor_shell.h"
#include "log/note_end.h"
#include "model/ending.h"
#include "model/profile_gather.h"
#include "model/rule_names.h"
#include "requested.h"

enum { OPTION_RULES = 'r', OPTION_ENV = 'e' };

/* The statuses that a shell uses for a program that it cannot start. */
enum { EXIT_CANNOT_RUN = 126, EXIT_NOT_FOUND = 127 };

struct arguments {
    const char *output;
    const char *rules;
    const char *env;
    char **program; /* NULL-terminated */
};

static const struct argp_option options[] = {
    {"output", 'o', "DIR", 0, "Write the log to DIR (default: deep-profile.PID)", 0},
    {"rules", OPTION_RULES, "RULES", 0,
     "DEEP_PROFILE for the program, such as 'parse_*:rate=1' (default: what it is, or 1)", 0},
    {"env", OPTION_ENV, "ENV", 0, "DEEP_PROFILE_ENV for the program: dev, test or prod", 0},
    {0},
};

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case 'o':
        arguments->output = value;
        return 0;
    case OPTION_RULES:
        arguments->rules = value;
        return 0;
    case OPTION_ENV:
        arguments->env = value;
        return 0;
    case ARGP_KEY_ARG:
        /* Options after the program's name belong to the program. */
        arguments->program = &state->argv[state->next - 1];
        state->next = state->argc;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "name a program to run");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Absolute: the program, or one that it starts, may change its directory. */
static char *absolute(const char *path)
{
    char *here, *whole;

    if (*path == '/')
        return dp_copy(path);
    here = getcwd(NULL, 0);
    if (!here)
        return dp_copy(path);
    whole = dp_join(here, path);
    free(here);
    return whole;
}

static void set_output(const char *path)
{
    char *output = absolute(path);

    setenv("DEEP_PROFILE_OUT", output, 1);
    free(output);
}

/* Before the fork, so that a mistake in it can be reported afterwards. */
static void set_environment(const struct arguments *arguments)
{
    set_output(arguments->output ? arguments->output : "deep-profile.%p");
    if (arguments->rules)
        setenv("DEEP_PROFILE", arguments->rules, 1);
    else if (dp_rules_judge(getenv("DEEP_PROFILE")) == DP_RULES_OFF) /* `record` means on */
        setenv("DEEP_PROFILE", "1", 1);
    if (arguments->env)
        setenv("DEEP_PROFILE_ENV", arguments->env, 1);
}

static pid_t start(const struct arguments *arguments, const sigset_t *mask)
{
    char name[64];
    pid_t pid;

    fflush(NULL);
    pid = fork();
    if (pid != 0)
        return pid;
    sigprocmask(SIG_SETMASK, mask, NULL);
    if (!arguments->output) {
        snprintf(name, sizeof name, "deep-profile.%ld", (long)getpid());
        set_output(name);
    }
    execvp(arguments->program[0], arguments->program);
    int error = errno;
    dp_error("cannot run '%s': %s", arguments->program[0], strerror(error));
    _exit(error == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN);
}

/* Signals from the terminal reach the program by themselves; others are passed on to it. */
static int wait_for(pid_t pid, const sigset_t *signals)
{
    int status = 0;

    for (;;) {
        int signal = 0;
        siginfo_t info;
        if (waitpid(pid, &status, WNOHANG) == pid)
            return status;
        signal = sigwaitinfo(signals, &info);
        if (signal < 0 || signal == SIGCHLD)
            continue;
        if (info.si_code <= 0)
            kill(pid, signal);
    }
}

/* How many processes the kernel killed because memory was short, since it started. */
static unsigned long long killed_for_memory(void)
{
    unsigned long long killed = 0;
    char line[128];
    FILE *file = fopen("/proc/vmstat", "re");

    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "oom_kill %llu", &killed) == 1)
            break;
    if (file)
        fclose(file);
    return killed;
}

/* The names of logs at `path`, including those of processes that found it taken
 * ("path.PID"). */
static void find_logs(const char *path, struct dp_paths *logs)
{
    char *copy = dp_copy(path);
    size_t length = strlen(copy);

    while (length > 1 && copy[length - 1] == '/')
        copy[--length] = '\0';
    char *slash = strrchr(copy, '/');
    const char *name = slash ? slash + 1 : copy;
    if (!slash)
        dp_logs_in(".", name, logs);
    else if (slash == copy)
        dp_logs_in("/", name, logs);
    else {
        *slash = '\0';
        dp_logs_in(copy, name, logs);
    }
    /* "out2" starts with "out" as well. */
    size_t kept = 0;
    for (size_t i = 0; i < logs->n; i++) {
        const char *base = strrchr(logs->path[i], '/');
        char after = (base ? base + 1 : logs->path[i])[strlen(name)];
        if (after == '\0' || after == '.')
            logs->path[kept++] = logs->path[i];
        else
            free(logs->path[i]);
    }
    logs->n = kept;
    free(copy);
}

static bool was_there(const struct dp_paths *before, const char *path)
{
    for (size_t i = 0; i < before->n; i++)
        if (strcmp(before->path[i], path) == 0)
            return true;
    return false;
}

/* The end of the program that was started. */
struct end {
    pid_t pid;
    int status;
    uint64_t seen_ns;
    bool out_of_memory;
    /* The log of the last program that the process was. */
    char *log;
    uint64_t log_start_ns;
};

static void see_log(struct end *end, const char *path, const struct dp_profile *profile)
{
    const struct dp_process_state *process = &profile->process;

    if (!profile->has_process || process->pid != (uint32_t)end->pid ||
        process->phase != DP_PROCESS_RUNNING || process->start_monotonic_ns <= end->log_start_ns)
        return;
    free(end->log);
    end->log = dp_copy(path);
    end->log_start_ns = process->start_monotonic_ns;
}

/* Reports misspelt rules and a misspelt environment while the person who typed them is
 * still here; also a profile that could not be started. */
static void say_what_is_wrong(const char *path, struct end *end)
{
    struct dp_profile profile;
    struct dp_problem problem;
    char text[DP_REFUSED_TEXT], why[DP_FAILURE_TEXT];

    if (dp_profile_gather(&profile, path, DP_PROFILE_STATE, 0, &problem) != DP_EXIT_OK)
        return;
    see_log(end, path, &profile);
    if (profile.phase == DP_PHASE_FAILED)
        dp_error("process %u was not profiled: %s", profile.process.pid,
                 dp_failure_words(profile.process.rules, (int)profile.process.start_error, why));
    for (size_t i = 0; i < profile.n_settings; i++)
        if (dp_setting_refused(&profile.settings[i]))
            dp_error("%s", dp_refused_text(&profile.settings[i], text));
    for (const char *at = profile.process.rules;
         dp_rule_without_function(&profile, &at, text, sizeof text);)
        dp_error("rule '%s' of DEEP_PROFILE names no function of '%s'", text, path);
    dp_profile_finish(&profile);
}

/* Reports misspelt variables. If there is no log, everything in the environment that may
 * explain it. */
static void say_environment(bool logged)
{
    struct dp_doctor doctor = {0};

    if (logged)
        dp_doctor_unknown(&doctor);
    else
        dp_doctor_shell(&doctor);
    for (size_t i = 0; i < doctor.n; i++)
        if (doctor.findings[i].level != DP_FINDING_FINE)
            dp_error("%s", doctor.findings[i].text);
    dp_doctor_finish(&doctor);
}

static void say_where(const char *output, const struct dp_paths *before, const char *program,
                      struct end *end)
{
    struct dp_paths logs = {0};
    size_t new = 0;

    find_logs(output, &logs);
    for (size_t i = 0; i < logs.n; i++) {
        if (was_there(before, logs.path[i]))
            continue;
        dp_error("log: %s", logs.path[i]);
        say_what_is_wrong(logs.path[i], end);
        dp_draw_requested(logs.path[i], true);
        new ++;
    }
    say_environment(new > 0);
    if (new == 0)
        dp_error("no log was written; 'deep-profile doctor %s' may say why", program);
    dp_paths_free(&logs);
}

/* If a log was not finished, its report says how the program ended. */
static void note_end(struct end *end)
{
    if (end->log)
        dp_note_end(end->log, end->status, end->seen_ns, end->out_of_memory);
    free(end->log);
}

int dp_cmd_record(int argc, char **argv)
{
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "[--] PROGRAM [ARGUMENT...]",
        .doc = "Runs PROGRAM with profiling on, then says on stderr where its log is.\v"
               "Exits as the program does; 128 plus the signal when one killed it.",
    };
    struct arguments arguments = {0};
    struct dp_paths before = {0};
    sigset_t signals, mask;
    char name[64];

    argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &arguments);
    set_environment(&arguments);
    if (arguments.output)
        find_logs(arguments.output, &before);
    sigemptyset(&signals);
    for (size_t i = 0; i < 6; i++)
        sigaddset(&signals, (int[]){SIGCHLD, SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1}[i]);
    sigprocmask(SIG_BLOCK, &signals, &mask);
    pid_t pid = start(&arguments, &mask);
    if (pid < 0) {
        dp_error("cannot start '%s': %s", arguments.program[0], strerror(errno));
        return EXIT_CANNOT_RUN;
    }
    unsigned long long killed = killed_for_memory();
    int status = wait_for(pid, &signals);
    struct end end = {.pid = pid, .status = status, .seen_ns = dp_monotonic_ns()};
    end.out_of_memory = killed_for_memory() > killed;
    snprintf(name, sizeof name, "deep-profile.%ld", (long)pid);
    if (!WIFEXITED(status) ||
        (WEXITSTATUS(status) != EXIT_NOT_FOUND && WEXITSTATUS(status) != EXIT_CANNOT_RUN))
        say_where(arguments.output ? arguments.output : name, &before, arguments.program[0],
                  &end);
    note_end(&end);
    if (WIFSIGNALED(status))
        dp_error("'%s' was killed by signal %d (%s)", arguments.program[0], WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    dp_paths_free(&before);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
