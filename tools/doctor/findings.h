/*
 * What `doctor` finds: one sentence a finding.
 *
 * doctor_log.c looks at logs, doctor_elf.c at program files, doctor_shell.c at
 * the environment, doctor_sites.c compares rules with functions; `doctor` and
 * `record` print.
 */
#ifndef DP_TOOLS_FINDINGS_H
#define DP_TOOLS_FINDINGS_H

#include <stddef.h>
#include <stdint.h>

#include "model/profile.h"

enum dp_finding_level { DP_FINDING_FINE, DP_FINDING_NOTE, DP_FINDING_PROBLEM };

struct dp_finding {
    enum dp_finding_level level;
    char *about; /* a log, a file, "environment" */
    char *text;
};

/* Starts zeroed; owns all that it points to. */
struct dp_doctor {
    struct dp_finding *findings;
    size_t n;
    size_t capacity;
    /* Settings in force, of the logs looked at (or of this shell). */
    struct dp_setting_info *settings;
    size_t n_settings;
    size_t settings_capacity;
    /* Names of the functions in the program files looked at. */
    char **functions;
    size_t n_functions;
    size_t functions_capacity;
    size_t n_whole_program; /* the ones without an attribute */
    size_t n_other_gate;    /* the ones that were built for another version of the gate */
    uint32_t other_gate;    /* the version of the last of them; 0: one before 4 */
};

void dp_doctor_find(struct dp_doctor *doctor, enum dp_finding_level level, const char *about,
                    const char *format, ...) __attribute__((format(printf, 4, 5)));

void dp_doctor_setting(struct dp_doctor *doctor, const char *name, const char *value,
                       uint32_t source, const char *problem);

void dp_doctor_function(struct dp_doctor *doctor, const char *name);

void dp_doctor_finish(struct dp_doctor *doctor);

#endif
