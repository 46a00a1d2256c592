/* See ending.h. */
#include "ending.h"

#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "common/rules.h"
#include "profile_figures.h"

struct dp_ending dp_ending_of(const struct dp_profile *profile)
{
    const struct dp_process_state *process = &profile->process;

    if (!profile->has_process || profile->phase != DP_PHASE_KILLED)
        return (struct dp_ending){0};
    uint64_t end = dp_profile_start_ns(profile) + dp_profile_wall_ns(profile);
    return (struct dp_ending){.end = process->end,
                              .code = process->end_code,
                              .flags = process->end_flags,
                              .silent_ns = process->end_seen_ns > end
                                               ? process->end_seen_ns - end : 0};
}

const char *dp_failure_words(const char *rules, int start_error, char text[DP_FAILURE_TEXT])
{
    if (dp_rules_judge(rules) == DP_RULES_MISTAKEN)
        snprintf(text, DP_FAILURE_TEXT, "DEEP_PROFILE is '%s', which is neither 1 nor a rule such "
                 "as 'parse_*:rate=1'", rules);
    else
        snprintf(text, DP_FAILURE_TEXT, "it could not be started: %s", strerror(start_error));
    return text;
}

const char *dp_ending_signal(uint32_t number, char text[32])
{
    const char *name = number < 256 ? sigabbrev_np((int)number) : NULL;

    if (name)
        snprintf(text, 32, "SIG%s", name);
    else
        snprintf(text, 32, "signal %u", number);
    return text;
}

static void signal_words(const struct dp_ending *ending, char text[DP_ENDING_TEXT])
{
    char name[32];
    const char *what = ending->code < 256 ? sigdescr_np((int)ending->code) : NULL;
    bool memory = ending->flags & DP_END_OUT_OF_MEMORY;

    snprintf(text, DP_ENDING_TEXT, "killed by %s%s%s%s%s%s", dp_ending_signal(ending->code, name),
             what ? " (" : "", what ? what : "", what ? ")" : "",
             ending->flags & DP_END_CORE_DUMPED ? ", core dumped" : "",
             memory ? "; meanwhile the kernel killed a process, as memory ran out" : "");
}

const char *dp_ending_words(const struct dp_ending *ending, char text[DP_ENDING_TEXT])
{
    char silent[DP_UNIT_TEXT];

    switch (ending->end) {
    case DP_END_SIGNAL:
        signal_words(ending, text);
        break;
    case DP_END_EXIT_CALL:
        snprintf(text, DP_ENDING_TEXT, "ended by _exit(%u)", ending->code);
        break;
    case DP_END_STATUS:
        snprintf(text, DP_ENDING_TEXT, "ended with status %u without finishing its log: by _exit, "
                 "or as another program (exec)", ending->code);
        break;
    case DP_END_EXEC:
        snprintf(text, DP_ENDING_TEXT, "became another program (exec)");
        break;
    default:
        snprintf(text, DP_ENDING_TEXT,
                 "ended without finishing its log: killed, or by _exit or exec");
    }
    size_t length = strlen(text);
    if (ending->silent_ns > 0)
        snprintf(text + length, DP_ENDING_TEXT - length, "; %s after the last sign of life",
                 dp_unit_ns(silent, (double)ending->silent_ns, false));
    return text;
}
