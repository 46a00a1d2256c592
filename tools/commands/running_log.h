/* Of several logs the one that a verb about running programs means. */
#ifndef DP_TOOLS_RUNNING_LOG_H
#define DP_TOOLS_RUNNING_LOG_H

#include "log/log_dir.h"

/* The last one whose process runs; the last one, where none does. There is at least one. */
size_t dp_running_log(const struct dp_paths *logs);

#endif
