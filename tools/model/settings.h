/*
 * The settings that were in force in a process, as its log lists them.
 */
#ifndef DP_TOOLS_SETTINGS_H
#define DP_TOOLS_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Also a rule of DEEP_PROFILE that was left out: its name is "DEEP_PROFILE". */
struct dp_setting_info {
    char *name;
    char *value;
    char *problem; /* why what was given was refused; "" when it was not */
    uint32_t source;
};

/* Whether the value that was given is not in force, or a rule was left out. */
bool dp_setting_refused(const struct dp_setting_info *setting);

enum { DP_REFUSED_TEXT = 1024 };

/* What was refused and which value holds instead, as a clause. */
char *dp_refused_text(const struct dp_setting_info *setting, char text[static DP_REFUSED_TEXT]);

/* Frees the array, too. */
void dp_settings_free(struct dp_setting_info *settings, size_t n);

#endif
