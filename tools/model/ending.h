/*
 * How a process ended that did not finish its log.
 *
 * Used by the report, its renderers and `doctor`. Says no more than was seen: by the runtime
 * (a SIGBUS, _exit), by `record`, which waited for the process, or here and now (exec).
 */
#ifndef DP_TOOLS_ENDING_H
#define DP_TOOLS_ENDING_H

#include "profile.h"

struct dp_ending {
    uint32_t end;       /* enum dp_end */
    uint32_t code;      /* of a signal its number, otherwise the status */
    uint32_t flags;     /* DP_END_* */
    uint64_t silent_ns; /* before the end was seen the log showed no life for so long; 0: it
                           did, or the end was not seen */
};

/* All zero: the process finished or runs, or its end is not known. */
struct dp_ending dp_ending_of(const struct dp_profile *profile);

/* Why a process is DP_PHASE_FAILED: of its DEEP_PROFILE, and the errno of its start. */
#define DP_FAILURE_TEXT 1200
const char *dp_failure_words(const char *rules, int start_error, char text[DP_FAILURE_TEXT]);

#define DP_ENDING_TEXT 256

/* "killed by SIGSEGV (Segmentation fault), core dumped" */
const char *dp_ending_words(const struct dp_ending *ending, char text[DP_ENDING_TEXT]);

/* "SEGV" becomes "SIGSEGV"; "signal 35" where it has no name. */
const char *dp_ending_signal(uint32_t number, char text[32]);

#endif
