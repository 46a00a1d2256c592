/* See settings.h. */
#include "settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool dp_setting_refused(const struct dp_setting_info *setting)
{
    return setting->source == 2 || *setting->problem;
}

char *dp_refused_text(const struct dp_setting_info *setting, char text[static DP_REFUSED_TEXT])
{
    /* `value` is the value in force; of a rule it is the rule itself. */
    if (strcmp(setting->name, "DEEP_PROFILE") == 0)
        snprintf(text, DP_REFUSED_TEXT, "rule '%s' of DEEP_PROFILE was left out: %s",
                 setting->value, setting->problem);
    else if (strcmp(setting->name, "malloc") == 0) /* not a setting, but a limit */
        snprintf(text, DP_REFUSED_TEXT, "malloc is %s: %s", setting->value, setting->problem);
    else
        snprintf(text, DP_REFUSED_TEXT, "setting %s was refused: %s; '%s' holds", setting->name,
                 setting->problem, setting->value);
    return text;
}

void dp_settings_free(struct dp_setting_info *settings, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(settings[i].name);
        free(settings[i].value);
        free(settings[i].problem);
    }
    free(settings);
}
