/* See rule_names.h. */
#include "rule_names.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

/* Rules' patterns have * and ? only. */
static void escape(const char *text, size_t length, char *pattern)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '[' || text[i] == '\\')
            *pattern++ = '\\';
        *pattern++ = text[i];
    }
    *pattern = '\0';
}

static bool names_a_function(const struct dp_profile *profile, const char *text, size_t length)
{
    char pattern[2 * sizeof profile->process.rules + 1];

    escape(text, length, pattern);
    for (uint32_t i = 0; i < profile->sites.n; i++) {
        const struct dp_site_info *site = profile->sites.sites[i];
        char written[1024]; /* without ".part.0" and the like */
        if (!site)
            continue;
        snprintf(written, sizeof written, "%.*s", (int)strcspn(site->function, "."),
                 site->function);
        if (fnmatch(pattern, site->function, 0) == 0 || fnmatch(pattern, written, 0) == 0)
            return true;
    }
    return false;
}

/* One that the runtime could not read is told of already. */
static bool was_refused(const struct dp_profile *profile, const char *text, size_t length)
{
    for (size_t i = 0; i < profile->n_settings; i++) {
        const struct dp_setting_info *setting = &profile->settings[i];
        if (strcmp(setting->name, "DEEP_PROFILE") == 0 && strlen(setting->value) == length &&
            memcmp(setting->value, text, length) == 0)
            return true;
    }
    return false;
}

static void trim(const char **text, size_t *length)
{
    while (*length && strchr(" \t", **text)) {
        (*text)++;
        (*length)--;
    }
    while (*length && strchr(" \t", (*text)[*length - 1]))
        (*length)--;
}

bool dp_rule_without_function(const struct dp_profile *profile, const char **at, char *rule,
                              size_t size)
{
    if (!profile->has_process || profile->sites.n == 0)
        return false;
    while (**at) {
        const char *text = *at;
        size_t length = strcspn(text, ";");
        *at += length + (text[length] == ';');
        /* The state has room for so much of them; the last may be cut. */
        if (!text[length] &&
            text + length - profile->process.rules >= (ptrdiff_t)sizeof profile->process.rules - 1)
            return false;
        trim(&text, &length);
        const char *colon = memrchr(text, ':', length);
        if (!colon || was_refused(profile, text, length))
            continue;
        size_t before = (size_t)(colon - text);
        trim(&text, &before);
        if (names_a_function(profile, text, before))
            continue;
        snprintf(rule, size, "%.*s", (int)length, text);
        return true;
    }
    return false;
}
