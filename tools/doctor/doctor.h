/*
 * What `doctor` finds: one line a finding.
 *
 * doctor_log.c looks at logs, doctor_elf.c at program files, doctor_shell.c at
 * the environment; cmd_doctor.c prints.
 */
#ifndef DP_TOOLS_DOCTOR_H
#define DP_TOOLS_DOCTOR_H

#include "model/profile.h"

enum dp_finding_level { DP_FINDING_FINE, DP_FINDING_NOTE, DP_FINDING_PROBLEM };

struct dp_finding {
    enum dp_finding_level level;
    char *about; /* a log, a file, "environment" */
    char *text;
};

struct dp_doctor {
    struct dp_finding *findings;
    size_t n;
    size_t capacity;
    /* Settings in force, of the last log looked at (or of this shell). */
    struct dp_setting_info *settings;
    size_t n_settings;
    size_t settings_capacity;
    /* Of the program files looked at. */
    char **functions;
    size_t n_functions;
    size_t functions_capacity;
};

void dp_doctor_find(struct dp_doctor *doctor, enum dp_finding_level level, const char *about,
                    const char *format, ...) __attribute__((format(printf, 4, 5)));

void dp_doctor_finish(struct dp_doctor *doctor);

void dp_doctor_setting(struct dp_doctor *doctor, const char *name, const char *value,
                       uint32_t source, const char *problem);

/* Returns 0, or an exit status after saying why it cannot be read. */
int dp_doctor_log(struct dp_doctor *doctor, const char *path);

/* A program, library or object file; or a folder of them. The same. */
int dp_doctor_file(struct dp_doctor *doctor, const char *path);
int dp_doctor_folder(struct dp_doctor *doctor, const char *path);

/* Variables that look like settings and are none. */
void dp_doctor_unknown(struct dp_doctor *doctor);

/* Adds the functions of the sites in [address, address + bytes) of a program. */
typedef struct Elf Elf;
void dp_doctor_sites(struct dp_doctor *doctor, Elf *elf, uint64_t address, uint64_t bytes);

/* Rules that name none of these functions. */
void dp_doctor_rules(struct dp_doctor *doctor, const char *text);

/* `recording`: whether a program started from here is meant to be profiled. */
void dp_doctor_shell(struct dp_doctor *doctor, bool recording);

#endif
