/* See check_text.h. */
#include "check_text.h"

#include <math.h>
#include <string.h>

#include "table.h"

#include "base/units.h"

static const char *const names[DP_OUTCOMES] = {"met", "undecided", "unknown", "not met"};
static const char *const keys[DP_OUTCOMES] = {"met", "undecided", "unknown", "not_met"};

static const struct dp_column columns[] = {
    {"", true, 0}, {"target", true, 0}, {"value", false, 0}, {"95 %", true, 1}, {"in", true, 2}};

/* The unit of a figure in its target. */
static char *in_unit(char text[DP_UNIT_TEXT], const struct dp_target *target, double value,
                     const struct dp_style *style)
{
    if (target->share)
        return dp_unit_percent(text, value);
    /* "== 120000" asks for each digit. */
    if (target->unit == DP_UNIT_OF_COUNT && fabs(value) < 1e15) {
        snprintf(text, DP_UNIT_TEXT, "%.0f", value);
        return text;
    }
    switch (target->unit) {
    case DP_UNIT_OF_TIME: return dp_unit_ns(text, value, style->utf8);
    case DP_UNIT_OF_BYTES: return dp_unit_bytes(text, value);
    case DP_UNIT_OF_RATE:
        dp_unit_count(text, value);
        strncat(text, "/s", DP_UNIT_TEXT - strlen(text) - 1);
        return text;
    default: return dp_unit_count(text, value);
    }
}

static void value_cells(struct dp_table *table, const struct dp_checked *row,
                        const struct dp_style *style)
{
    char value[DP_UNIT_TEXT], low[DP_UNIT_TEXT], high[DP_UNIT_TEXT];
    const struct dp_estimate *of = &row->value;

    if (row->outcome == DP_OUTCOME_UNKNOWN) {
        dp_table_cell(table, "?");
        dp_table_cell(table, row->why);
        return;
    }
    dp_table_cellf(table, "%s%s", of->certainty == DP_EXACT ? "" : isinf(of->high) ? ">=" : "~",
                   in_unit(value, &row->target,
                           of->certainty != DP_EXACT && isinf(of->high) ? of->low : of->value,
                           style));
    if (of->low == of->high || isinf(of->high))
        dp_table_cell(table, "");
    else
        dp_table_cellf(table, "%s to %s", in_unit(low, &row->target, of->low, style),
                       in_unit(high, &row->target, of->high, style));
}

/* A pattern may mean several functions: which one is it? */
static void where_cell(struct dp_table *table, const struct dp_checked *row)
{
    bool pattern = row->function && strcmp(row->function, row->target.function) != 0;

    dp_table_cellf(table, "%s%s%s", pattern ? row->function : "", pattern ? ", " : "",
                   row->log ? row->log : "");
}

static void print_counts(const struct dp_check *check, bool markdown, const struct dp_style *style)
{
    bool good = check->count[DP_OUTCOME_MET] == check->n;
    const char *color = good ? dp_green(style) : dp_red(style);

    fprintf(style->out, "%s%s%zu target%s: ", markdown ? "### deep-profile: " : "", color,
            check->n, check->n == 1 ? "" : "s");
    for (int o = DP_OUTCOMES, some = 0; o-- > 0;)
        if (check->count[o] > 0 || (o == DP_OUTCOME_MET && !some))
            fprintf(style->out, "%s%zu %s", some++ ? ", " : "", check->count[o], names[o]);
    fprintf(style->out, "%s\n\n", dp_plain(style));
}

void dp_check_text(const struct dp_check *check, bool markdown, const struct dp_style *style)
{
    struct dp_table table;

    print_counts(check, markdown, style);
    dp_table_start(&table, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < check->n; i++) {
        const struct dp_checked *row = &check->rows[i];
        dp_table_cell(&table, names[row->outcome]);
        dp_table_cell(&table, row->target.text);
        value_cells(&table, row, style);
        where_cell(&table, row);
    }
    if (markdown)
        dp_table_markdown(&table, style->out);
    else
        dp_table_print(&table, style);
    dp_table_finish(&table);
}

void dp_check_json(const struct dp_check *check, struct dp_json *object)
{
    struct dp_json *targets = dp_json_put_array(object, "targets");

    for (size_t i = 0; i < check->n; i++) {
        const struct dp_checked *row = &check->rows[i];
        struct dp_json *one = dp_json_add_object(targets);
        dp_json_put_text(one, "target", row->target.text);
        dp_json_put_text(one, "outcome", keys[row->outcome]);
        dp_json_put_number(one, "limit", row->target.limit, 6);
        dp_json_put_number(one, "value", row->value.value, 6);
        dp_json_put_number(one, "low", row->value.low, 6);
        dp_json_put_number(one, "high", row->value.high, 6);
        dp_json_put_text(one, "function", row->function);
        dp_json_put_text(one, "log", row->log);
        dp_json_put_text(one, "why", row->why);
    }
}
