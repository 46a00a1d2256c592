/* The environment that a program started from here would get. See doctor.h. */
#include "doctor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ABOUT  "environment"
#define PREFIX "DEEP_PROFILE_"

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

static void find_unknown(struct dp_doctor *doctor)
{
    for (char **entry = environ; *entry; entry++) {
        size_t length = strcspn(*entry, "=");
        if (strncmp(*entry, PREFIX, strlen(PREFIX)) == 0 && !is_known(*entry, length))
            dp_doctor_find(doctor, DP_FINDING_PROBLEM, ABOUT, "%.*s is not a setting", (int)length,
                           *entry);
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

static bool is_yes(const char *value)
{
    static const char *const words[] = {"1", "on", "true", "yes"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(value, words[i]) == 0)
            return true;
    return false;
}

/* Missing folders are made on the way: what matters is the last that is there. */
static void check_out(struct dp_doctor *doctor)
{
    const char *out = getenv(PREFIX "OUT");
    struct stat status;

    if (!out || !*out)
        out = "deep-profile.%p";
    char *folder = *out == '/' ? dp_copy(out) : dp_join(".", out);

    folder[strcspn(folder, "%")] = '\0';
    do {
        char *slash = strrchr(folder, '/');
        slash[slash == folder] = '\0';
    } while (stat(folder, &status) != 0 && strcmp(folder, "/") != 0 && strchr(folder, '/'));
    if (stat(folder, &status) != 0 || !S_ISDIR(status.st_mode))
        dp_doctor_find(doctor, DP_FINDING_PROBLEM, ABOUT,
                       "logs cannot be written: '%s' is not a folder (" PREFIX "OUT)", folder);
    else if (access(folder, W_OK | X_OK) != 0)
        dp_doctor_find(doctor, DP_FINDING_PROBLEM, ABOUT,
                       "logs cannot be written to the folder '%s': %s (" PREFIX "OUT)", folder,
                       strerror(errno));
    free(folder);
}

void dp_doctor_shell(struct dp_doctor *doctor, bool recording)
{
    const char *on = getenv("DEEP_PROFILE");

    if (!on)
        dp_doctor_find(doctor, recording ? DP_FINDING_PROBLEM : DP_FINDING_NOTE, ABOUT,
                       "DEEP_PROFILE is not set: programs started here record nothing (set it to "
                       "1, or use 'deep-profile record')");
    else if (!*on || strcmp(on, "0") == 0 || strcmp(on, "off") == 0 || strcmp(on, "false") == 0)
        dp_doctor_find(doctor, recording ? DP_FINDING_PROBLEM : DP_FINDING_NOTE, ABOUT,
                       "DEEP_PROFILE is '%s': profiling is off", on);
    else if (!strchr(on, ':') && !is_yes(on))
        dp_doctor_find(doctor, DP_FINDING_PROBLEM, ABOUT,
                       "DEEP_PROFILE is '%s', which is neither 1 nor a rule such as "
                       "'parse_*:rate=1': profiling is off",
                       on);
    else
        dp_doctor_find(doctor, DP_FINDING_FINE, ABOUT, "DEEP_PROFILE is '%s'", on);
    check_env(doctor);
    check_out(doctor);
    find_unknown(doctor);
    for (size_t i = 0; i < N_SETTINGS; i++) {
        const char *value = getenv(settings[i].variable);
        dp_doctor_setting(doctor, settings[i].variable, value ? value : settings[i].initial,
                          value ? 1 : 0, "");
    }
}
