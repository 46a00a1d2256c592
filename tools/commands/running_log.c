/* See running_log.h. */
#include "running_log.h"

#include "log/log_state.h"

size_t dp_running_log(const struct dp_paths *logs)
{
    for (size_t i = logs->n; i-- > 0;) {
        struct dp_log log;
        struct dp_problem problem;
        struct dp_process_state process;
        bool found = false;
        if (dp_log_open(&log, logs->path[i], &problem) != DP_EXIT_OK)
            continue;
        int status = dp_state_read(&log, &process, &found, &problem);
        bool runs =
            status == DP_EXIT_OK && found && dp_state_phase(&log, &process) == DP_PHASE_RUNNING;
        dp_log_close(&log);
        if (runs)
            return i;
    }
    return logs->n - 1;
}
