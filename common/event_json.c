/* See event_json.h. */
#include "event_json.h"

#include <string.h>

#include "event_keys.h"
#include "json_text.h"

/* The value of metadata.strategy for an attribute; NULL: the key is left out. */
static const char *strategy_of(uint32_t attribute, const struct dp_options *options)
{
    switch (attribute) {
    case DP_ATTRIBUTE_PROFILE:
    case DP_ATTRIBUTE_IF_SLOW:
    case DP_ATTRIBUTE_PRODUCTION:
        for (const struct dp_name *name = dp_strategy_names(); name->name; name++)
            if (options && (uint64_t)name->value == (uint64_t)options->strategy)
                return name->name;
        return NULL;
    case DP_ATTRIBUTE_MEMORY:
        return "memory";
    case DP_ATTRIBUTE_CALLS:
        return "calls";
    case DP_ATTRIBUTE_FLAME_GRAPH:
        return "flame_graph";
    }
    return NULL;
}

void dp_event_describe(struct dp_record_view *view, uint32_t attribute,
                       const struct dp_options *options)
{
    view->attribute = attribute;
    view->strategy = strategy_of(attribute, options);
    view->n_metadata = options ? options->n_metadata : 0;
    view->metadata_key = options ? options->metadata_key : NULL;
    view->metadata_value = options ? options->metadata_value : NULL;
}

/* Writes metadata=key:value of the attribute. A key that events themselves use becomes
 * "user.KEY": the program may have been compiled before an event got that key. */
static void user_metadata(struct dp_text *out, const struct dp_record_view *view)
{
    for (size_t i = 0; i < view->n_metadata; i++) {
        const struct dp_word *key = &view->metadata_key[i];
        if (dp_event_key_again(view->metadata_key, view->n_metadata, i))
            continue;
        dp_text_string(out, ",\"");
        if (dp_find_name(dp_event_keys(), *key))
            dp_text_string(out, "user.");
        dp_json_characters(out, key->text, key->length);
        dp_text_string(out, "\":");
        dp_json_text(out, view->metadata_value[i].text, view->metadata_value[i].length);
    }
}

/* Writes the metadata that every event has; their keys are among dp_event_keys(). */
static void common_metadata(struct dp_text *out, const struct dp_record_view *view)
{
    uint64_t site = dp_event_number(view->id, view->payload, DP_IN_SITE);
    uint64_t thread = dp_event_number(view->id, view->payload, DP_IN_THREAD);
    uint64_t tid = thread ? thread : view->tid;
    bool first = true;

    if (site != 0) {
        dp_json_member(out, &first, "function", view->site ? view->site->function : NULL);
        dp_json_member(out, &first, "file", view->site ? view->site->file : NULL);
        dp_json_member_u64(out, &first, "line", view->site ? view->site->line : 0);
        dp_json_member(out, &first, "module", view->site ? view->site->module : NULL);
        dp_json_member_u64(out, &first, "site", site);
    }
    dp_json_member_u64(out, &first, "pid", view->pid);
    dp_json_member_u64(out, &first, "tid", tid);
    if (view->thread_name && *view->thread_name && tid == view->tid)
        dp_json_member(out, &first, "thread", view->thread_name);
    if (view->attribute < DP_ATTRIBUTE_COUNT)
        dp_json_member(out, &first, "attribute", dp_attribute_name(view->attribute));
    if (view->strategy)
        dp_json_member(out, &first, "strategy", view->strategy);
    user_metadata(out, view);
}

static void put_number(struct dp_text *out, const struct dp_event_row *row, uint64_t number)
{
    switch (row->unit) {
    case DP_IN_PPM:
        dp_json_ppm(out, number);
        return;
    case DP_IN_SWITCH:
        dp_text_string(out, number ? "true" : "false");
        return;
    case DP_IN_ADDRESS: /* more digits than a JSON reader keeps */
        dp_text_string(out, "\"0x");
        dp_text_hex(out, number, 16);
        dp_text_char(out, '"');
        return;
    }
    if (row->type == DP_ROW_i32 || row->type == DP_ROW_i64)
        dp_text_i64(out, (int64_t)number);
    else
        dp_text_u64(out, number);
}

static void put_value(struct dp_text *out, const struct dp_event_value *value)
{
    const struct dp_event_row *row = value->row;
    const char *label;

    if (row->role == DP_ROW_ARRAY) {
        dp_text_char(out, '[');
        for (uint64_t i = 0; i < value->length; i++) {
            if (i > 0)
                dp_text_char(out, ',');
            put_number(out, row, dp_event_element(value, i));
        }
        dp_text_char(out, ']');
    } else if (row->role == DP_ROW_TEXT) {
        dp_json_text(out, value->bytes, value->length);
    } else if (row->unit == DP_IN_LABEL) {
        label = dp_label(row->labels, value->number);
        dp_json_text(out, label, strlen(label));
    } else {
        put_number(out, row, value->number);
    }
}

/* Writes the event's own members for one place of the line. */
static void own_members(struct dp_text *out, const struct dp_record_view *view,
                        enum dp_row_place place, enum dp_json_members members, bool first)
{
    struct dp_event_walk walk;
    struct dp_event_value value;

    dp_event_walk_start(&walk, view->id, view->payload);
    while (dp_event_walk_next(&walk, &value)) {
        const struct dp_event_row *row = value.row;
        if (row->place != place || (row->when == DP_WHEN_IF_SET && !value.number && !value.length))
            continue;
        if (place == DP_PLACE_MEASURED && members == DP_MEMBERS_DURATION &&
            row->unit != DP_IN_DURATION)
            continue;
        dp_json_key(out, &first, row->key);
        put_value(out, &value);
    }
}

static void put_event(struct dp_text *out, const struct dp_record_view *view,
                      const struct dp_event_row *event)
{
    uint64_t time_ns = view->time_ns + view->realtime_offset_ns;

    if (event->moment == DP_MOMENT_BEGIN)
        time_ns -= dp_event_number(view->id, view->payload, DP_IN_DURATION);
    dp_text_string(out, "{\"event\":\"profiler.");
    dp_text_string(out, event->name);
    dp_text_string(out, "\",\"time_unix_ns\":");
    dp_text_u64(out, time_ns);
    dp_text_string(out, ",\"measurements\":{");
    if (event->members != DP_MEMBERS_NONE)
        own_members(out, view, DP_PLACE_MEASURED, (enum dp_json_members)event->members, true);
    dp_text_char(out, '}');
    if (view->members_bytes > 0)
        dp_text_bytes(out, view->members, view->members_bytes);
    dp_text_string(out, ",\"metadata\":{");
    common_metadata(out, view);
    if (event->members != DP_MEMBERS_NONE)
        own_members(out, view, DP_PLACE_METADATA, (enum dp_json_members)event->members, false);
    dp_text_string(out, "}}\n");
}

static bool is_due(const struct dp_event_row *row, const struct dp_record_view *view)
{
    return row->role == DP_ROW_JSON &&
           (row->when != DP_WHEN_IF_PROFILED || view->attribute == DP_ATTRIBUTE_PROFILE ||
            view->attribute == DP_ATTRIBUTE_FLAME_GRAPH);
}

int dp_event_json(struct dp_text *out, const struct dp_record_view *view)
{
    const struct dp_event_shape *shape = dp_event_shape(view->id);
    size_t before = out->length;
    uint64_t bytes;
    int events = 0;

    if (!dp_event_size(view->id, view->payload, view->payload_bytes, &bytes))
        return 0;
    for (const struct dp_event_row *row = shape->rows; row->role != DP_ROW_END; row++) {
        if (!is_due(row, view))
            continue;
        put_event(out, view, row);
        events++;
    }
    if (out->length > out->size) {
        out->length = before;
        return -1;
    }
    return events;
}
