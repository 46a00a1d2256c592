/* See doctor_shell.h. */
#include "doctor_shell.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "common/place.h"
#include "common/rules.h"
#include "common/spelling.h"

#include "log/files.h"
#include "base/units.h"

#define ABOUT  "environment"
#define PREFIX "DEEP_PROFILE_"
#define ROOM_FOR_A_LOG (1u << 20) /* bytes: the state of a process, a stream or two */

struct setting {
    const char *variable;
    const char *initial;
};

static const struct setting settings[] = {
#define DP_SETTING(name, NAME, type, initial, minimum, maximum, what) {PREFIX #NAME, initial},
#include <deep_profile/settings.def>
};

#define N_SETTINGS (sizeof settings / sizeof *settings)

/* Read by the compiler wrappers, not by the runtime. */
static const char *const others[] = {PREFIX "CC", PREFIX "CXX"};

extern char **environ;

static bool is_known(const char *variable, size_t length)
{
    for (size_t i = 0; i < N_SETTINGS; i++)
        if (strlen(settings[i].variable) == length &&
            memcmp(settings[i].variable, variable, length) == 0)
            return true;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strlen(others[i]) == length && memcmp(others[i], variable, length) == 0)
            return true;
    return false;
}

static void report_unknown(struct dp_doctor *doctor, const char *variable, size_t length)
{
    struct dp_name names[N_SETTINGS + 1] = {{0}};

    for (size_t i = 0; i < N_SETTINGS; i++)
        names[i].name = settings[i].variable + strlen(PREFIX);
    const char *meant =
        dp_nearest_name(names, dp_make_word(variable + strlen(PREFIX), length - strlen(PREFIX)));
    dp_doctor_find(doctor, DP_FINDING_PROBLEM, ABOUT, "%.*s is not a setting%s%s%s", (int)length,
                   variable, meant ? "; did you mean '" PREFIX : "", meant ? meant : "",
                   meant ? "'?" : "");
}

void dp_doctor_unknown(struct dp_doctor *doctor)
{
    for (char **entry = environ; *entry; entry++) {
        size_t length = strcspn(*entry, "=");
        if (strncmp(*entry, PREFIX, strlen(PREFIX)) == 0 && !is_known(*entry, length))
            report_unknown(doctor, *entry, length);
    }
}

static void check_env(struct dp_doctor *doctor)
{
    const char *env = getenv(PREFIX "ENV");

    if (!env || !*env)
        return;
    for (const struct dp_name *name = dp_env_names(); name->name; name++)
        if (strcmp(name->name, env) == 0)
            return;
    dp_doctor_find(doctor, DP_FINDING_PROBLEM, ABOUT,
                   PREFIX "ENV is '%s'; attributes know dev, test and prod", env);
}

/* Could another user put a different directory in the log's place? */
static void check_place(struct dp_doctor *doctor, const char *out)
{
    struct dp_place_walk walk = {.self = (uint32_t)geteuid()};
    enum dp_place_fault fault;
    size_t length;
    char *here = *out == '/' ? NULL : getcwd(NULL, 0);
    char *path = here ? dp_join(here, out) : dp_copy(out);

    path[strcspn(path, "%")] = '\0';
    if (dp_place_above(path, &walk, NULL, dp_place_find, &fault, &length) == -EACCES &&
        fault != DP_PLACE_FINE)
        dp_doctor_find(doctor, DP_FINDING_PROBLEM, ABOUT,
                       "no log is made as '%s': '%.*s' %s (" PREFIX "OUT)", path, (int)length, path,
                       dp_place_text(fault));
    free(path);
    free(here);
}

static void check_room(struct dp_doctor *doctor, const char *folder)
{
    uint64_t bytes = dp_room_at(folder);
    char room[DP_UNIT_TEXT];

    if (bytes < ROOM_FOR_A_LOG)
        dp_doctor_find(doctor, DP_FINDING_PROBLEM, ABOUT,
                       "there may be too little room for logs in '%s': %s free (" PREFIX "OUT)",
                       folder, dp_unit_bytes(room, (double)bytes));
}

/* The runtime makes missing folders, so the last existing one counts. */
static void check_out(struct dp_doctor *doctor)
{
    const char *out = getenv(PREFIX "OUT");
    struct dp_look look;

    if (!out || !*out)
        out = "deep-profile.%p";
    char *folder = *out == '/' ? dp_copy(out) : dp_join(".", out);

    folder[strcspn(folder, "%")] = '\0';
    do {
        char *slash = strrchr(folder, '/');
        slash[slash == folder] = '\0';
    } while (dp_look_at(folder, &look) < 0 && strcmp(folder, "/") != 0 && strchr(folder, '/'));
    if (look.type != DP_FILE_FOLDER)
        dp_doctor_find(doctor, DP_FINDING_PROBLEM, ABOUT,
                       "logs cannot be written: '%s' is not a folder (" PREFIX "OUT)", folder);
    else if (access(folder, W_OK | X_OK) != 0)
        dp_doctor_find(doctor, DP_FINDING_PROBLEM, ABOUT,
                       "logs cannot be written to the folder '%s': %s (" PREFIX "OUT)", folder,
                       strerror(errno));
    else {
        check_place(doctor, out);
        check_room(doctor, folder);
    }
    free(folder);
}

/* DEEP_PROFILE as the runtime will read it. */
static void check_rules(struct dp_doctor *doctor, const char *value)
{
    static struct dp_rules rules; /* large */
    char why[256];

    dp_rules_parse(value, &rules);
    if (rules.mistaken)
        dp_doctor_find(doctor, DP_FINDING_PROBLEM, ABOUT,
                       "DEEP_PROFILE is '%s', which is neither 1 nor a rule such as "
                       "'parse_*:rate=1': profiling is off",
                       value);
    for (size_t i = 0; i < rules.n_refused; i++) {
        const struct dp_refused_rule *refused = &rules.refused[i];
        struct dp_text text = {why, sizeof why - 1, 0};
        dp_rule_explain(&text, refused);
        why[text.length < text.size ? text.length : text.size] = '\0';
        dp_doctor_find(doctor, DP_FINDING_PROBLEM, ABOUT,
                       "rule '%.*s' of DEEP_PROFILE is left out: %s", (int)refused->text.length,
                       refused->text.text, why);
    }
    if (rules.on && rules.n_refused == 0)
        dp_doctor_find(doctor, DP_FINDING_FINE, ABOUT, "DEEP_PROFILE is '%s'", value);
}

void dp_doctor_mistaken(struct dp_doctor *doctor)
{
    const char *value = getenv("DEEP_PROFILE");

    if (value && dp_rules_judge(value) == DP_RULES_MISTAKEN)
        check_rules(doctor, value);
}

void dp_doctor_shell(struct dp_doctor *doctor)
{
    const char *value = getenv("DEEP_PROFILE");

    if (!value)
        dp_doctor_find(doctor, DP_FINDING_NOTE, ABOUT,
                       "DEEP_PROFILE is not set: programs started here record nothing (set it to "
                       "1, or use 'deep-profile record')");
    else if (dp_rules_judge(value) == DP_RULES_OFF)
        dp_doctor_find(doctor, DP_FINDING_NOTE, ABOUT, "DEEP_PROFILE is '%s': profiling is off",
                       value);
    else
        check_rules(doctor, value);
    check_env(doctor);
    check_out(doctor);
    dp_doctor_unknown(doctor);
    for (size_t i = 0; i < N_SETTINGS; i++) {
        const char *given = getenv(settings[i].variable);
        dp_doctor_setting(doctor, settings[i].variable, given ? given : settings[i].initial,
                          given ? 1 : 0, "");
    }
}
