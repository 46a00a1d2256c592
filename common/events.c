/* See events.h. */
#include "events.h"

#include <string.h>

#define DP_LABELS(name) static const char *const name##_labels[] = {
#define DP_LABEL(label) label,
#define DP_LABELS_END(name)                                                                        \
    }                                                                                              \
    ;                                                                                              \
    static const struct dp_enumeration name##_enumeration = {                                      \
        #name, sizeof name##_labels / sizeof *name##_labels, name##_labels};
#include "deep_profile/events.def"

const struct dp_enumeration *const dp_enumerations[] = {
#define DP_LABELS(name) &name##_enumeration,
#define DP_LABEL(label)
#define DP_LABELS_END(name)
#include "deep_profile/events.def"
    NULL};

const char *dp_label(const struct dp_enumeration *enumeration, uint64_t value)
{
    return value < enumeration->count ? enumeration->labels[value] : "unknown";
}

#define DP_ENUMERATION(name, tag)                                                                  \
    const char *tag##_name(uint32_t value)                                                         \
    {                                                                                              \
        return dp_label(&name##_enumeration, value);                                               \
    }
#define DP_VALUE(id, label)
#define DP_ENUMERATION_END(name, id)
#include "deep_profile/events.def"

/* The number of arrays and texts of each event. */
enum {
#define DP_EVENT(id, name, attributes) TAIL_##name = 0
#define DP_ARRAY(type, name, length, unit, shown) +1
#define DP_TEXT(name, shown) +1
#define DP_EVENT_END(name) ,
#include "deep_profile/events.def"
};

#define DP_OF(attribute) (1u << DP_ATTRIBUTE_##attribute)
/* A row's `shown`: HIDDEN, MEASURED(key), METADATA(key) or METADATA_IF_SET(key). */
#define SHOWN_HIDDEN .place = DP_PLACE_HIDDEN
#define SHOWN_MEASURED(json_key) .place = DP_PLACE_MEASURED, .key = #json_key
#define SHOWN_METADATA(json_key) .place = DP_PLACE_METADATA, .key = #json_key
#define SHOWN_METADATA_IF_SET(json_key) SHOWN_METADATA(json_key), .when = DP_WHEN_IF_SET
#define TYPE(c_type) .type = DP_ROW_##c_type, .bits = 8 * sizeof(DP_TYPE_##c_type)

const struct dp_event_shape dp_event_shapes[DP_EVENT_IDS] = {
#define DP_EVENT(id, event, of)                                                                    \
    [id] = {.name = #event,                                                                        \
            .bytes = sizeof(struct dp_event_##event),                                              \
            .attributes = (of),                                                                    \
            .rows = (const struct dp_event_row[]){
#define DP_JSON(event, at, which, if_)                                                             \
    {.role = DP_ROW_JSON,                                                                          \
     .name = #event,                                                                               \
     .moment = DP_MOMENT_##at,                                                                     \
     .members = DP_MEMBERS_##which,                                                                \
     .when = DP_WHEN_##if_},
#define DP_WORDS(text) {.role = DP_ROW_WORDS, .name = text},
#define DP_FIELD(c_type, field, in, shown)                                                         \
    {.role = DP_ROW_FIELD, TYPE(c_type), .name = #field, .unit = DP_IN_##in, SHOWN_##shown},
#define DP_ENUM(enumeration, field, shown)                                                         \
    {.role = DP_ROW_FIELD,                                                                         \
     TYPE(u32),                                                                                    \
     .name = #field,                                                                               \
     .unit = DP_IN_LABEL,                                                                          \
     .labels = &enumeration##_enumeration,                                                         \
     SHOWN_##shown},
#define DP_BITS(n, field, in, shown)                                                               \
    {.role = DP_ROW_BITS, .bits = n, .name = #field, .unit = DP_IN_##in, SHOWN_##shown},
#define DP_FLAG(bit, field, if_)                                                                   \
    {.role = DP_ROW_FLAG,                                                                          \
     .flag = bit,                                                                                  \
     .name = #field,                                                                               \
     .unit = DP_IN_SWITCH,                                                                         \
     .when = DP_WHEN_##if_,                                                                        \
     SHOWN_METADATA(field)},
#define DP_DELTA(field, in, shown)                                                                 \
    {.role = DP_ROW_DELTA, .type = DP_ROW_i64, .unit = DP_IN_##in, .name = #field, SHOWN_##shown},
#define DP_AGAIN_DURATION(shown)                                                                   \
    {.role = DP_ROW_AGAIN,                                                                         \
     .type = DP_ROW_u64,                                                                           \
     .unit = DP_IN_DURATION,                                                                       \
     .name = "duration_ns",                                                                        \
     SHOWN_##shown},
#define DP_ARRAY(c_type, field, count, in, shown)                                                  \
    {.role = DP_ROW_ARRAY,                                                                         \
     TYPE(c_type),                                                                                 \
     .name = #field,                                                                               \
     .length = #count,                                                                             \
     .unit = DP_IN_##in,                                                                           \
     SHOWN_##shown},
#define DP_TEXT(field, shown)                                                                      \
    {.role = DP_ROW_TEXT, .name = #field, .unit = DP_IN_TEXT, SHOWN_##shown},
#define DP_EVENT_END(event)                                                                        \
    {.role = DP_ROW_END}                                                                           \
    }                                                                                              \
    ,                                                                                              \
        .tail = TAIL_##event                                                                       \
    }                                                                                              \
    ,
#include "deep_profile/events.def"
};

/* Reads `bits` bits from bit `at` on, little-endian. At most 64; they must lie within one
 * 64-bit word if they are not whole bytes. */
static uint64_t load(const uint8_t *bytes, uint64_t at, unsigned bits)
{
    uint64_t word = 0;
    unsigned shift = at % 8;

    memcpy(&word, bytes + at / 8, (shift + bits + 7) / 8);
    word >>= shift;
    return bits < 64 ? word & ((UINT64_C(1) << bits) - 1) : word;
}

static uint64_t extend(const struct dp_event_row *row, uint64_t number)
{
    return row->type == DP_ROW_i32 ? (uint64_t)(int64_t)(int32_t)number : number;
}

static uint64_t length_of(const struct dp_event_row *rows, const struct dp_event_row *array,
                          const uint8_t *payload)
{
    uint64_t bit = 0;

    for (const struct dp_event_row *row = rows; row != array; row++) {
        if (row->role != DP_ROW_FIELD)
            continue;
        if (row->unit == DP_IN_LENGTH && strcmp(row->name, array->length) == 0)
            return load(payload, bit, row->bits);
        bit += row->bits;
    }
    return 0;
}

/* The size of an array or text that begins at payload[at]; false: it is cut. */
static bool tail_size(const struct dp_event_row *rows, const struct dp_event_row *row,
                      const uint8_t *payload, uint64_t at, uint64_t left, uint64_t *bytes)
{
    if (row->role == DP_ROW_ARRAY) {
        uint64_t length = length_of(rows, row, payload), each = row->bits / 8;
        *bytes = length * each; /* lengths are u32, so this cannot overflow */
        return length <= (left - at) / each;
    }
    const uint8_t *end = memchr(payload + at, 0, left - at);
    *bytes = end ? (uint64_t)(end - (payload + at)) + 1 : 0;
    return end != NULL;
}

bool dp_event_size_of_tail(const struct dp_event_shape *shape, const void *payload, uint64_t left,
                           uint64_t *bytes)
{
    const struct dp_event_row *row = shape->rows;
    for (unsigned tail = shape->tail; tail > 0; row++) {
        uint64_t more;
        if (row->role != DP_ROW_ARRAY && row->role != DP_ROW_TEXT)
            continue;
        if (!tail_size(shape->rows, row, payload, *bytes, left, &more))
            return false;
        *bytes += more;
        tail--;
    }
    return true;
}

void dp_event_walk_start(struct dp_event_walk *walk, uint32_t id, const void *payload)
{
    static const struct dp_event_row none[] = {{.role = DP_ROW_END}};
    const struct dp_event_shape *shape = dp_event_shape(id);

    *walk = (struct dp_event_walk){.payload = payload, .row = shape ? shape->rows : none};
    walk->first = walk->row;
}

static void take_number(struct dp_event_walk *walk, const struct dp_event_row *row,
                        struct dp_event_value *value)
{
    value->number = extend(row, load(walk->payload, walk->bit, row->bits));
    walk->bit += row->bits;
    walk->previous = walk->last;
    walk->last = value->number;
    if (row->unit == DP_IN_DURATION)
        walk->duration = value->number;
    if (row->unit == DP_IN_FLAGS)
        walk->flags = value->number;
}

static void take_tail(struct dp_event_walk *walk, const struct dp_event_row *row,
                      struct dp_event_value *value)
{
    value->bytes = walk->payload + walk->bit / 8;
    if (row->role == DP_ROW_ARRAY) {
        value->length = length_of(walk->first, row, walk->payload);
        walk->bit += value->length * row->bits;
    } else {
        value->length = strlen(value->bytes);
        walk->bit += 8 * (value->length + 1);
    }
}

bool dp_event_walk_next(struct dp_event_walk *walk, struct dp_event_value *value)
{
    while (walk->row->role == DP_ROW_JSON || walk->row->role == DP_ROW_WORDS)
        walk->row++;
    const struct dp_event_row *row = walk->row;
    if (row->role == DP_ROW_END)
        return false;
    walk->row++;
    *value = (struct dp_event_value){.row = row};
    if (row->role == DP_ROW_FIELD || row->role == DP_ROW_BITS)
        take_number(walk, row, value);
    else if (row->role == DP_ROW_FLAG)
        value->number = (walk->flags & row->flag) != 0;
    else if (row->role == DP_ROW_DELTA)
        value->number = walk->last - walk->previous;
    else if (row->role == DP_ROW_AGAIN)
        value->number = walk->duration;
    else
        take_tail(walk, row, value);
    return true;
}

uint64_t dp_event_element(const struct dp_event_value *array, uint64_t i)
{
    const struct dp_event_row *row = array->row;

    return extend(row, load(array->bytes, i * row->bits, row->bits));
}

uint64_t dp_event_number(uint32_t id, const void *payload, enum dp_row_unit unit)
{
    struct dp_event_walk walk;
    struct dp_event_value value;

    dp_event_walk_start(&walk, id, payload);
    while (dp_event_walk_next(&walk, &value))
        if (value.row->unit == unit && value.row->role != DP_ROW_ARRAY)
            return value.number;
    return 0;
}

const char *dp_event_text(uint32_t id, const void *payload, unsigned n)
{
    struct dp_event_walk walk;
    struct dp_event_value value;

    dp_event_walk_start(&walk, id, payload);
    while (dp_event_walk_next(&walk, &value))
        if (value.row->role == DP_ROW_TEXT && n-- == 0)
            return value.bytes;
    return "";
}

uint32_t dp_event_attribute(uint32_t id, uint32_t present)
{
    const struct dp_event_shape *shape = dp_event_shape(id);
    uint32_t of = shape ? shape->attributes : 0;

    if (of & present)
        of &= present;
    for (uint32_t attribute = 0; attribute < DP_ATTRIBUTE_COUNT; attribute++)
        if (of >> attribute & 1)
            return attribute;
    return DP_ATTRIBUTE_COUNT;
}
