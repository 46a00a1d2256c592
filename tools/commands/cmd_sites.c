/* deep-profile sites: the instrumented functions and what is in force for them. */
#include "command.h"

#include <string.h>

#include "render/json.h"
#include "model/profile_figures.h"
#include "model/profile_gather.h"
#include "render/table.h"
#include "base/units.h"

static const struct dp_column columns[] = {
    {"site", false, 5},      {"attribute", true, 0}, {"state", true, 0}, {"rate", false, 2},
    {"threshold", false, 1}, {"options", true, 4},   {"rule", true, 3},  {"function", true, 0},
    {"at", DP_LEFT_END, 1},  {"module", DP_LEFT_END, 6},
};

static const char *threshold_text(uint32_t attribute, uint64_t threshold, char *buffer, bool utf8)
{
    if (threshold == 0)
        return "";
    if (attribute == DP_ATTRIBUTE_MEMORY)
        return dp_unit_bytes(buffer, (double)threshold);
    return dp_unit_ns(buffer, (double)threshold, utf8);
}

static void site_rows(struct dp_table *table, const struct dp_style *style,
                      const struct dp_site_info *site)
{
    char place[4300], threshold[DP_UNIT_TEXT], rate[DP_UNIT_TEXT];
    bool any = false;

    for (uint32_t a = 0; a <= DP_ATTRIBUTE_COUNT; a++) {
        const struct dp_site_attribute_info *info =
            a < DP_ATTRIBUTE_COUNT ? site->attributes[a] : NULL;
        if (!info && (a < DP_ATTRIBUTE_COUNT || any))
            continue;
        any = true;
        dp_table_cellf(table, "%u", site->index);
        dp_table_cell(table, info ? dp_attribute_name(a) : "-");
        dp_table_cell(table, info ? dp_attribute_state_name(info->state) : "-");
        dp_table_cell(table, info ? dp_unit_rate(rate, info->rate_ppb) : "");
        dp_table_cell(table,
                      info ? threshold_text(a, info->threshold, threshold, style->utf8) : "");
        dp_table_cell(table, info ? info->text : "");
        dp_table_cell(table, info ? info->rule : "");
        dp_table_cell(table, site->function);
        dp_table_cell(table, dp_site_place(site, place, sizeof place));
        dp_table_cell(table, site->module);
    }
}

static void site_json(struct dp_json *object, const struct dp_site_info *site)
{
    char id[17];

    snprintf(id, sizeof id, "%016llx", (unsigned long long)site->id);
    dp_json_put_u64(object, "site", site->index);
    dp_json_put_text(object, "id", id);
    dp_json_put_text(object, "function", site->function);
    dp_json_put_text(object, "file", site->file);
    dp_json_put_u64(object, "line", site->line);
    dp_json_put_text(object, "module", site->module);
    struct dp_json *array = dp_json_put_array(object, "attributes");
    for (uint32_t a = 0; a < DP_ATTRIBUTE_COUNT; a++) {
        const struct dp_site_attribute_info *info = site->attributes[a];
        if (!info)
            continue;
        struct dp_json *one = dp_json_add_object(array);
        dp_json_put_text(one, "attribute", dp_attribute_name(a));
        dp_json_put_text(one, "state", dp_attribute_state_name(info->state));
        dp_json_put_number(one, "rate", info->rate_ppb / 1e9, 9);
        dp_json_put_u64(one, "threshold", info->threshold);
        dp_json_put_text(one, "options", info->text);
        dp_json_put_text(one, "rule", info->rule);
    }
}

static void print_table(const struct dp_profile *profile, const struct dp_style *style,
                        bool heading)
{
    struct dp_table table;

    if (heading) {
        fputs(dp_bold(style), stdout);
        dp_print_clean(style, profile->log.path);
        puts(dp_plain(style));
    }
    dp_table_start(&table, columns, sizeof columns / sizeof *columns);
    for (uint32_t i = 0; i < profile->sites.n; i++)
        if (profile->sites.sites[i])
            site_rows(&table, style, profile->sites.sites[i]);
    dp_table_print(&table, style);
    dp_table_finish(&table);
}

static void print_json(const struct dp_profile *profile, struct dp_json *object)
{
    dp_json_put_text(object, "log", profile->log.path);
    dp_json_put_u64(object, "pid", dp_profile_pid(profile));
    struct dp_json *array = dp_json_put_array(object, "sites");
    for (uint32_t i = 0; i < profile->sites.n; i++)
        if (profile->sites.sites[i])
            site_json(dp_json_add_object(array), profile->sites.sites[i]);
}

static int sites_of(const char *path, const struct dp_style *style,
                    struct dp_json_document *document, bool heading)
{
    struct dp_profile profile;
    struct dp_problem problem;
    int status = dp_profile_gather(&profile, path, DP_PROFILE_STATE, 0, &problem);

    if (status != DP_EXIT_OK) {
        dp_error("%s", problem.text);
        return status;
    }
    if (profile.sites.n == 0) {
        dp_error("no site is known in '%s'; 'deep-profile doctor' says why", path);
        status = DP_EXIT_DATA;
    } else if (document->out) {
        print_json(&profile, dp_json_next(document));
    } else {
        print_table(&profile, style, heading);
    }
    dp_profile_finish(&profile);
    return status;
}

int dp_cmd_sites(int argc, char **argv)
{
    static const struct argp_child children[] = {{&dp_common_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        .parser = dp_parse_common_only,
        .args_doc = "[DIR]",
        .doc = "Lists the annotated functions that the process knew: attributes, whether each is "
               "in force and why not, rates, thresholds, and the rule that decided.",
        .children = children,
    };
    struct dp_common common = {0};
    struct dp_paths logs;
    struct dp_style style;
    struct dp_json_document document;

    argp_parse(&argp, argc, argv, 0, NULL, &common);
    int worst = dp_logs_find(common.path, &logs);
    dp_json_start(&document, common.json, logs.folder);
    dp_style_detect(&style, stdout);
    for (size_t i = 0; i < logs.n; i++) {
        int status = sites_of(logs.path[i], &style, &document, logs.n > 1);
        if (status > worst)
            worst = status;
    }
    dp_json_finish(&document);
    dp_paths_free(&logs);
    return worst;
}
