/* See site_table.h. */
#include "site_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct dp_site_info *dp_site_get(struct dp_site_table *table, uint32_t index)
{
    if (index >= DP_MAX_SITES)
        return NULL;
    table->sites = dp_grow(table->sites, &table->capacity, (size_t)index + 1, sizeof *table->sites);
    if (index >= table->n)
        table->n = index + 1;
    if (!table->sites[index]) {
        struct dp_site_info *site = dp_allocate(1, sizeof *site);
        char name[32];
        snprintf(name, sizeof name, "site %u", index);
        site->index = index;
        site->function = dp_copy(name);
        site->file = dp_copy("");
        site->module = dp_copy("");
        table->sites[index] = site;
    }
    return table->sites[index];
}

const struct dp_site_info *dp_site_find(const struct dp_site_table *table, uint32_t index)
{
    return index < table->n ? table->sites[index] : NULL;
}

static void free_names(struct dp_site_info *site)
{
    free(site->function);
    free(site->file);
    free(site->module);
}

/* Some characters are cut off what is longer than the runtime writes. */
static char *copy_name(const struct dp_record *record, unsigned n)
{
    char *copy = strndup(dp_record_text(record, n), DP_NAME_BYTES);

    return copy ? copy : dp_copy("");
}

static void read_site(struct dp_site_table *table, const struct dp_record *record)
{
    struct dp_event_site event;

    dp_record_copy(record, &event);
    struct dp_site_info *site = dp_site_get(table, event.site);
    if (!site)
        return;
    free_names(site);
    site->function = copy_name(record, 0);
    site->file = copy_name(record, 1);
    site->module = copy_name(record, 2);
    site->line = event.line;
    site->flags = event.flags;
    site->id = event.id;
}

static void free_attribute(struct dp_site_attribute_info *attribute)
{
    if (!attribute)
        return;
    free(attribute->text);
    free(attribute->rule);
    free(attribute);
}

static void read_attribute(struct dp_site_table *table, const struct dp_record *record)
{
    struct dp_event_site_attribute event;
    struct dp_options_error error;

    dp_record_copy(record, &event);
    struct dp_site_info *site = dp_site_get(table, event.site);
    if (!site || event.attribute >= DP_ATTRIBUTE_COUNT)
        return;
    struct dp_site_attribute_info *attribute = dp_allocate(1, sizeof *attribute);
    attribute->state = event.state;
    attribute->rate_ppb = event.rate_ppb;
    attribute->threshold = event.threshold;
    attribute->text = copy_name(record, 0);
    attribute->rule = copy_name(record, 1);
    attribute->parsed = dp_options_parse((enum dp_attribute)event.attribute, attribute->text,
                                         &attribute->options, &error) == 0;
    free_attribute(site->attributes[event.attribute]);
    site->attributes[event.attribute] = attribute;
}

void dp_site_table_read(struct dp_site_table *table, const struct dp_record *record)
{
    if (record->id == DP_EVENT_ID_site)
        read_site(table, record);
    else if (record->id == DP_EVENT_ID_site_attribute)
        read_attribute(table, record);
}

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

    if (!info || !dp_attribute_in_force(info->state))
        return NULL;
    if (attribute == DP_ATTRIBUTE_FLAME_GRAPH)
        return "flame_graph: no graph is drawn yet; the calls' times were recorded";
    if (!info->parsed || !(info->options.given & 1u << DP_OPTION_STRATEGY))
        return NULL;
    switch (info->options.strategy) {
    case DP_STRATEGY_SAMPLE:
        return "strategy=sample: stacks are not sampled yet; the calls' times were recorded";
    case DP_STRATEGY_CALL_GRAPH:
        return "strategy=call_graph: callers and callees are not recorded yet; the calls' times "
               "were";
    case DP_STRATEGY_FLAME_GRAPH:
        return "strategy=flame_graph: stacks are not sampled yet; the calls' times were recorded";
    case DP_STRATEGY_TIME:
        return "strategy=time: functions below are not timed for it yet; the calls' own times "
               "were recorded";
    default:
        return NULL;
    }
}

const struct dp_options *dp_site_options(const struct dp_site_info *site, uint32_t attribute)
{
    const struct dp_site_attribute_info *info = site ? site->attributes[attribute] : NULL;

    return info && info->parsed ? &info->options : NULL;
}

char *dp_site_place(const struct dp_site_info *site, char *buffer, size_t size)
{
    if (*site->file)
        snprintf(buffer, size, "%s:%u", site->file, site->line);
    else
        snprintf(buffer, size, "?");
    return buffer;
}

void dp_site_table_finish(struct dp_site_table *table)
{
    for (uint32_t i = 0; i < table->n; i++) {
        struct dp_site_info *site = table->sites[i];
        if (!site)
            continue;
        for (uint32_t a = 0; a < DP_ATTRIBUTE_COUNT; a++)
            free_attribute(site->attributes[a]);
        free_names(site);
        free(site);
    }
    free(table->sites);
    *table = (struct dp_site_table){0};
}
