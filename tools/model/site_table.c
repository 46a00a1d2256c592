/* See site_table.h. */
#include "site_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

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

/* Cut to what the runtime writes at most. */
static char *copy_name(const struct dp_record *record, unsigned n)
{
    char *copy = strndup(dp_record_text(record, n), DP_NAME_BYTES);

    return copy ? copy : dp_copy("");
}

static void read_site(struct dp_site_table *table, const struct dp_record *record)
{
    struct dp_event_site event;

    dp_record_copy(record, &event);
    if (event.flags & DP_SITE_NAMED && event.site < DP_MAX_SITES) {
        struct dp_named *named = dp_named_get(&table->named, event.site);
        free(named->name);
        named->name = copy_name(record, 0);
        named->flags = event.flags & DP_SITE_NAMED;
        return;
    }
    struct dp_site_info *site = dp_site_get(table, event.site);
    if (!site)
        return;
    bool same_file = strcmp(site->file, dp_record_text(record, 1)) == 0; /* read again */
    free_names(site);
    site->function = copy_name(record, 0);
    site->file = copy_name(record, 1);
    site->module = copy_name(record, 2);
    site->folders = same_file ? site->folders : 0;
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
    const struct dp_site_attribute_info *before = site->attributes[event.attribute];
    attribute->changed = before && (before->changed || before->state != event.state ||
                                    before->rate_ppb != event.rate_ppb ||
                                    before->threshold != event.threshold);
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
    dp_named_finish(&table->named);
    *table = (struct dp_site_table){0};
}
