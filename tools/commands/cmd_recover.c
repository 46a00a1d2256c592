/* deep-profile recover: finalises the log of a process that was killed, so that
 * babeltrace2 and others read exactly what was committed. The only verb that
 * writes into a log; never into that of a running process. */
#include "command.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clean.h"
#include "log/log_state.h"
#include "log/processes.h"
#include "log/repair.h"
#include "render/json.h"

static int refuse(const char *path, const struct dp_process_state *process)
{
    dp_error("process %u still writes '%s'; recover is for logs of processes that ended",
             process->pid, path);
    return DP_EXIT_CHECK;
}

/* Might a process that runs elsewhere still be writing the log? Its heart beats many times a
 * second, but its machine may be so busy that its thread gets no processor for a while. */
static bool still_beats(const struct dp_log *log, const struct dp_process_state *before)
{
    enum { LOOKS = 60, APART_MS = 50 };

    for (int i = 0; i < LOOKS; i++) {
        struct dp_process_state now;
        struct dp_problem problem;
        bool found = false;

        dp_wait_ms(APART_MS);
        if (dp_state_read(log, &now, &found, &problem) != DP_EXIT_OK || !found)
            return false;
        if (now.heartbeat_ns != before->heartbeat_ns)
            return true;
    }
    return false;
}

static bool is_running(const struct dp_log *log, const struct dp_process_state *process)
{
    enum dp_phase phase = dp_state_phase(log, process);

    return phase == DP_PHASE_RUNNING || (phase == DP_PHASE_ELSEWHERE && still_beats(log, process));
}

static void print_text(const struct dp_repair *repair)
{
    char *path = dp_clean_copy(repair->log->path);

    printf("%s: ", path);
    free(path);
    if (!dp_repair_did_something(repair)) {
        puts("nothing to do");
        return;
    }
    printf("%llu empty packets removed, %llu shortened, %llu made empty, %llu files completed%s",
           (unsigned long long)repair->removed, (unsigned long long)repair->packets,
           (unsigned long long)repair->replaced, (unsigned long long)repair->completed,
           repair->metadata ? ", metadata written" : "");
    if (repair->lost_bytes > 0)
        printf("; %llu bytes could not be saved", (unsigned long long)repair->lost_bytes);
    putchar('\n');
}

static void print_json(const struct dp_repair *repair, struct dp_json *object)
{
    dp_json_put_text(object, "log", repair->log->path);
    dp_json_put_u64(object, "packets_removed", repair->removed);
    dp_json_put_u64(object, "packets_shortened", repair->packets);
    dp_json_put_u64(object, "packets_made_empty", repair->replaced);
    dp_json_put_u64(object, "files_completed", repair->completed);
    dp_json_put_u64(object, "bytes_lost", repair->lost_bytes);
    dp_json_put_bool(object, "metadata_written", repair->metadata);
}

static int recover_log(struct dp_log *log, const struct dp_process_state *process, bool found,
                       struct dp_json_document *document)
{
    struct dp_repair repair;

    if (!dp_repair_log(&repair, log, found ? process : NULL)) {
        dp_error("%s", repair.problem.text);
        return DP_EXIT_DATA;
    }
    if (document->out)
        print_json(&repair, dp_json_next(document));
    else
        print_text(&repair);
    if (!found && !log->has_metadata) {
        dp_error("'%s' has neither whole metadata nor state/process to write it from", log->path);
        return DP_EXIT_DATA;
    }
    return DP_EXIT_OK;
}

static int recover(const char *path, struct dp_json_document *document)
{
    struct dp_log log;
    struct dp_problem problem;
    struct dp_process_state process;
    bool found = false;
    int status = dp_log_open(&log, path, &problem);

    if (status != DP_EXIT_OK) {
        dp_error("%s", problem.text);
        return status;
    }
    status = dp_state_read(&log, &process, &found, &problem);
    if (status != DP_EXIT_OK)
        dp_error("%s", problem.text);
    else if (found && is_running(&log, &process))
        status = refuse(path, &process);
    else
        status = recover_log(&log, &process, found, document);
    dp_log_close(&log);
    return status;
}

int dp_cmd_recover(int argc, char **argv)
{
    static const struct argp_child children[] = {{&dp_common_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        .parser = dp_parse_common_only,
        .args_doc = "[DIR]",
        .doc = "Finalises the log of a process that was killed: packets end at their last whole "
               "record, prepared ones at the end go, a cut file is made whole. Does nothing the "
               "second time. Refuses while the process runs.",
        .children = children,
    };
    struct dp_common common = {0};
    struct dp_paths logs;
    struct dp_json_document document;

    argp_parse(&argp, argc, argv, 0, NULL, &common);
    int worst = dp_logs_find(common.path, &logs);
    dp_json_start(&document, common.json, logs.folder);
    for (size_t i = 0; i < logs.n; i++) {
        int status = recover(logs.path[i], &document);
        if (status > worst)
            worst = status;
    }
    dp_json_finish(&document);
    dp_paths_free(&logs);
    return worst;
}
