/* See doctor_log.h. */
#include "doctor_log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/message.h"
#include "base/units.h"
#include "doctor_functions.h"
#include "log/repair.h"
#include "model/ending.h"
#include "model/losses.h"
#include "model/profile_figures.h"
#include "model/profile_gather.h"
#include "model/rule_names.h"

static void check_settings(struct dp_doctor *doctor, const struct dp_profile *profile)
{
    char text[DP_REFUSED_TEXT];

    for (size_t i = 0; i < profile->n_settings; i++) {
        const struct dp_setting_info *setting = &profile->settings[i];
        dp_doctor_setting(doctor, setting->name, setting->value, setting->source, setting->problem);
        if (dp_setting_refused(setting))
            dp_doctor_find(doctor, DP_FINDING_PROBLEM, profile->log.path, "%s",
                           dp_refused_text(setting, text));
    }
    for (const char *at = profile->process.rules;
         dp_rule_without_function(profile, &at, text, sizeof text);)
        dp_doctor_find(doctor, DP_FINDING_PROBLEM, profile->log.path,
                       "rule '%s' names no function of this process ('deep-profile sites' "
                       "lists them)",
                       text);
}

static void check_killed(struct dp_doctor *doctor, struct dp_profile *profile)
{
    bool due = dp_repair_is_due(&profile->log, &profile->process);
    struct dp_ending ending = dp_ending_of(profile);
    char how[DP_ENDING_TEXT];

    dp_doctor_find(doctor, DP_FINDING_NOTE, profile->log.path,
                   "process %u %s; the log holds what was committed%s",
                   profile->process.pid, dp_ending_words(&ending, how),
                   due ? "; 'deep-profile recover' finalises it for other readers" : "");
}

static void check_process(struct dp_doctor *doctor, struct dp_profile *profile)
{
    char why[DP_FAILURE_TEXT];

    if (!profile->has_process)
        dp_doctor_find(doctor, DP_FINDING_PROBLEM, profile->log.path,
                       "state/process is missing or cut: how the program ended is not known");
    else if (profile->phase == DP_PHASE_FAILED)
        dp_doctor_find(doctor, DP_FINDING_PROBLEM, profile->log.path,
                       "process %u was not profiled: %s", profile->process.pid,
                       dp_failure_words(profile->process.rules,
                                        (int)profile->process.start_error, why));
    else if (profile->phase == DP_PHASE_KILLED)
        check_killed(doctor, profile);
    else if (profile->phase == DP_PHASE_ELSEWHERE)
        dp_doctor_find(doctor, DP_FINDING_NOTE, profile->log.path,
                       "process %u did not finish, and was one of another machine, of another "
                       "container, or of the time before a restart: whether it runs cannot be "
                       "seen from here",
                       profile->process.pid);
    else
        dp_doctor_find(doctor, DP_FINDING_FINE, profile->log.path, "process %u %s",
                       profile->process.pid,
                       profile->phase == DP_PHASE_RUNNING ? "runs" : "finished");
    if (!profile->log.has_metadata || profile->log.metadata_cut)
        dp_doctor_find(doctor, DP_FINDING_PROBLEM, profile->log.path,
                       "the metadata file is missing or cut: other CTF readers cannot open this "
                       "('deep-profile recover' writes it again)");
    if (profile->damage.places > 0)
        dp_doctor_find(doctor, DP_FINDING_PROBLEM, profile->log.path,
                       "damaged in %" PRIu64 " places; the first: %s", profile->damage.places,
                       profile->damage.first.text);
}

/* Functions that no run profiles until they are built again. */
static enum dp_finding_level level_of_loss(int reason)
{
    return reason == DP_LOSS_OTHER_GATE ? DP_FINDING_PROBLEM : DP_FINDING_NOTE;
}

static void check_loss(struct dp_doctor *doctor, const struct dp_profile *profile)
{
    char text[160];

    if (profile->gated > 0)
        dp_doctor_find(doctor, DP_FINDING_NOTE, profile->log.path,
                       "%" PRIu64 " sampled calls were refused by the load gate, which moved %zu "
                       "times",
                       profile->gated, profile->n_load);
    for (int i = 0; i < DP_LOSS_COUNT; i++)
        if (dp_profile_lost(profile, i) > 0)
            dp_doctor_find(doctor, level_of_loss(i), profile->log.path, "lost: %s",
                           dp_unit_amount(text, sizeof text, dp_profile_lost(profile, i),
                                          dp_loss_what(i)));
}

int dp_doctor_log(struct dp_doctor *doctor, const char *path)
{
    struct dp_profile profile;
    struct dp_problem problem;
    int status =
        dp_profile_gather(&profile, path, DP_PROFILE_STATE | DP_PROFILE_STREAMS, 1, &problem);

    if (status != DP_EXIT_OK) {
        dp_error("%s", problem.text);
        return status;
    }
    check_process(doctor, &profile);
    check_settings(doctor, &profile);
    if (profile.phase != DP_PHASE_FAILED)
        dp_doctor_functions(doctor, &profile);
    check_loss(doctor, &profile);
    dp_profile_finish(&profile);
    return DP_EXIT_OK;
}
