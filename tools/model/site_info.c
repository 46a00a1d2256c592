/* See site_info.h. */
#include "site_info.h"

#include <stdio.h>

bool dp_attribute_in_force(uint32_t state)
{
    return state == DP_ATTRIBUTE_ON || state == DP_ATTRIBUTE_BY_RULE ||
           state == DP_ATTRIBUTE_NO_EVENTS;
}

bool dp_site_out_of_force(const struct dp_site_info *site)
{
    bool annotated = false;

    for (uint32_t a = 0; site && a < DP_ATTRIBUTE_COUNT; a++) {
        const struct dp_site_attribute_info *info = site->attributes[a];
        annotated |= info != NULL;
        if (info && dp_attribute_in_force(info->state))
            return false;
    }
    return annotated;
}

const char *dp_not_recorded(const struct dp_site_info *site, uint32_t attribute)
{
    const struct dp_site_attribute_info *info = site->attributes[attribute];

    if (info && info->state == DP_ATTRIBUTE_NOT_BUILT)
        return "flame_graph: the version that wrote this log draws none";
    return NULL;
}

const struct dp_options *dp_site_options(const struct dp_site_info *site, uint32_t attribute)
{
    const struct dp_site_attribute_info *info = site ? site->attributes[attribute] : NULL;

    return info && info->parsed ? &info->options : NULL;
}

char *dp_site_place(const struct dp_site_info *site, char *buffer, size_t size)
{
    if (*site->file)
        snprintf(buffer, size, "%s:%u", site->file + site->folders, site->line);
    else
        snprintf(buffer, size, "?");
    return buffer;
}
