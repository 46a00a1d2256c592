/* deep-profile doctor: why is my profile missing? */
#include "command.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "doctor/doctor_elf.h"
#include "doctor/doctor_log.h"
#include "doctor/doctor_shell.h"
#include "doctor/doctor_sites.h"
#include "log/files.h"
#include "render/fold.h"
#include "render/json.h"
#include "render/table.h"

enum { MAX_PATHS = 64 };

struct arguments {
    struct dp_common common; /* its `path` is not used */
    const char *paths[MAX_PATHS];
    size_t n;
};

/* ---- what to look at ---- */

/* A program by its bare name, as a shell finds it. NULL: there is none. */
static char *in_path(const char *name)
{
    const char *path = getenv("PATH");

    if (!path || strchr(name, '/'))
        return NULL;
    char *copy = dp_copy(path), *rest = copy, *found = NULL;
    for (char *folder; !found && (folder = strsep(&rest, ":"));) {
        char *file = dp_join(*folder ? folder : ".", name);
        if (access(file, X_OK) == 0)
            found = file;
        else
            free(file);
    }
    free(copy);
    return found;
}

static int look_at_logs(struct dp_doctor *doctor, const char *path)
{
    struct dp_paths logs;
    int worst = dp_logs_find(path, &logs);

    for (size_t i = 0; i < logs.n; i++) {
        int status = dp_doctor_log(doctor, logs.path[i]);
        if (status > worst)
            worst = status;
    }
    dp_paths_free(&logs);
    return worst;
}

static bool holds_logs(const char *path)
{
    struct dp_paths logs = {0};

    if (dp_is_log(path))
        return true;
    dp_logs_in(path, "", &logs);
    size_t n = logs.n;
    dp_paths_free(&logs);
    return n > 0;
}

static int look_at(struct dp_doctor *doctor, const char *path, bool *program)
{
    struct dp_look look;
    int result;

    if (dp_look_at(path, &look) < 0) {
        char *found = in_path(path);
        if (!found)
            return look_at_logs(doctor, path); /* which says why not */
        *program = true;
        result = dp_doctor_file(doctor, found);
        free(found);
        return result;
    }
    bool folder = look.type == DP_FILE_FOLDER;
    if (folder && holds_logs(path))
        return look_at_logs(doctor, path);
    *program = true;
    return folder ? dp_doctor_folder(doctor, path) : dp_doctor_file(doctor, path);
}

static int look_here(struct dp_doctor *doctor)
{
    struct dp_paths logs = {0};

    dp_logs_in(".", "deep-profile.", &logs);
    bool any = logs.n > 0 || dp_is_log(".");
    dp_paths_free(&logs);
    if (any) {
        dp_doctor_mistaken(doctor);
        return look_at_logs(doctor, NULL);
    }
    dp_doctor_find(doctor, DP_FINDING_NOTE, "this folder", "no log here (deep-profile.*)");
    dp_doctor_shell(doctor);
    return DP_EXIT_OK;
}

/* ---- printing ---- */

static const char *level_name(enum dp_finding_level level)
{
    static const char *const names[] = {"fine", "note", "problem"};
    return names[level];
}

static void print_settings(const struct dp_doctor *doctor, const struct dp_style *style)
{
    static const struct dp_column columns[] = {
        {"setting", true, 0}, {"value", true, 0}, {"from", true, 1}, {"problem", true, 2}};
    struct dp_table table;

    if (doctor->n_settings == 0)
        return;
    dp_heading(style, "Settings");
    dp_table_start(&table, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < doctor->n_settings; i++) {
        const struct dp_setting_info *setting = &doctor->settings[i];
        dp_table_cell(&table, setting->name);
        dp_table_cell(&table, setting->value);
        dp_table_cell(&table, dp_setting_source_name(setting->source));
        dp_table_cell(&table, setting->problem);
    }
    dp_table_print(&table, style);
    dp_table_finish(&table);
}

/* Behind the level. */
#define FINDING_INDENT 11

static void print_findings(const struct dp_doctor *doctor, const struct dp_style *style)
{
    const char *about = "";

    for (size_t i = 0; i < doctor->n; i++) {
        const struct dp_finding *finding = &doctor->findings[i];
        const char *color = finding->level == DP_FINDING_PROBLEM ? dp_red(style)
                            : finding->level == DP_FINDING_FINE  ? dp_green(style)
                                                                 : "";
        if (strcmp(about, finding->about) != 0) {
            fputs(dp_bold(style), style->out);
            dp_print_clean(style, finding->about);
            fprintf(style->out, "%s\n", dp_plain(style));
        }
        about = finding->about;
        fprintf(style->out, "  %s%-7s%s  ", color, level_name(finding->level),
                *color ? dp_plain(style) : "");
        dp_print_clean(style, finding->text);
        fputc('\n', style->out);
    }
}

static void print_text(const struct dp_doctor *doctor)
{
    struct dp_style style;
    struct dp_fold fold;

    dp_style_detect(&style, stdout);
    print_findings(doctor, dp_fold_start(&fold, &style, FINDING_INDENT));
    dp_fold_finish(&fold);
    print_settings(doctor, &style);
}

static void print_json(const struct dp_doctor *doctor)
{
    struct dp_json_document document;

    dp_json_start(&document, true, false);
    struct dp_json *top = dp_json_next(&document);
    struct dp_json *array = dp_json_put_array(top, "findings");

    for (size_t i = 0; i < doctor->n; i++) {
        struct dp_json *one = dp_json_add_object(array);
        dp_json_put_text(one, "level", level_name(doctor->findings[i].level));
        dp_json_put_text(one, "about", doctor->findings[i].about);
        dp_json_put_text(one, "text", doctor->findings[i].text);
    }
    array = dp_json_put_array(top, "settings");
    for (size_t i = 0; i < doctor->n_settings; i++) {
        const struct dp_setting_info *setting = &doctor->settings[i];
        struct dp_json *one = dp_json_add_object(array);
        dp_json_put_text(one, "name", setting->name);
        dp_json_put_text(one, "value", setting->value);
        dp_json_put_text(one, "source", dp_setting_source_name(setting->source));
        dp_json_put_text(one, "problem", *setting->problem ? setting->problem : NULL);
    }
    dp_json_finish(&document);
}

static int verdict(const struct dp_doctor *doctor)
{
    for (size_t i = 0; i < doctor->n; i++)
        if (doctor->findings[i].level == DP_FINDING_PROBLEM)
            return DP_EXIT_CHECK;
    return DP_EXIT_OK;
}

/* ---- the verb ---- */

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->common;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->n == MAX_PATHS)
            argp_error(state, "at most %d at a time", MAX_PATHS);
        arguments->paths[arguments->n++] = value;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int dp_cmd_doctor(int argc, char **argv)
{
    static const struct argp_child children[] = {{&dp_common_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        .parser = parse,
        .args_doc = "[LOG|PROGRAM|FOLDER...]",
        .doc = "Says why a profile is missing: looks at logs, at program files and at the "
               "environment, and lists the settings in force.\v"
               "Exits with 1 when it finds a problem.",
        .children = children,
    };
    struct arguments arguments = {0};
    struct dp_doctor doctor = {0};
    int worst = DP_EXIT_OK;
    bool program = false;

    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    if (arguments.n == 0)
        worst = look_here(&doctor);
    for (size_t i = 0; i < arguments.n; i++) {
        int status = look_at(&doctor, arguments.paths[i], &program);
        if (status > worst)
            worst = status;
    }
    if (program) {
        dp_doctor_shell(&doctor);
        dp_doctor_rules(&doctor, getenv("DEEP_PROFILE"));
    }
    if (arguments.common.json)
        print_json(&doctor);
    else
        print_text(&doctor);
    if (worst == DP_EXIT_OK)
        worst = verdict(&doctor);
    dp_doctor_finish(&doctor);
    return worst;
}
