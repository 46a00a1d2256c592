/*
 * The settings of deep_profile/settings.def, read once from the environment at the start. A
 * value that is refused leaves the default in force; the reason is kept for the log's
 * `setting` events.
 */
#ifndef DP_SETTINGS_H
#define DP_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deep_profile/abi/log.h"

enum dp_setting_id {
#define DP_SETTING(name, NAME, type, default_text, minimum, maximum, what) DP_SETTING_##NAME,
#include "deep_profile/settings.def"
    DP_SETTING_COUNT
};

struct dp_setting {
    const char *name;    /* DEEP_PROFILE_X */
    const char *text;    /* in force: the default or the environment's; not owned */
    uint64_t value;      /* ns, bytes, billionths, 0 or 1, or the number; 0 for texts */
    enum dp_setting_source source;
    const char *problem; /* why the environment's value was refused, or "" */
    const char *refused; /* the refused value; NULL: none was refused */
};

extern struct dp_setting dp_settings[DP_SETTING_COUNT];

/* Reads them all. */
void dp_settings_read(void);

/* A copy of an environment variable, made once and never freed: programs write their title
 * over their environment, and a forked child reads the variable again. */
const char *dp_keep_variable(const char *text);

static inline uint64_t dp_setting_value(enum dp_setting_id id)
{
    return dp_settings[id].value;
}

static inline const char *dp_setting_text(enum dp_setting_id id)
{
    return dp_settings[id].text;
}

#endif
