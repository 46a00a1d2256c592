/*
 * The table of events: deep_profile/events.def as data, and how to read a record's payload
 * by it. Compiled by the runtime (for the sink), the tool and the tests. Allocates nothing,
 * calls only memcpy, memchr and strcmp, changes nothing; any thread. A payload may hold any
 * bytes: nothing beyond the given size is read.
 */
#ifndef DP_COMMON_EVENTS_H
#define DP_COMMON_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deep_profile/abi/log.h"

/* An enumeration, as in CTF and JSON. */
struct dp_enumeration {
    const char *name;
    uint32_t count;
    const char *const *labels;
};

/* Every enumeration of events.def, in its order. NULL ends the list. */
extern const struct dp_enumeration *const dp_enumerations[];

/* The label of a value; "unknown" if it has none. */
const char *dp_label(const struct dp_enumeration *enumeration, uint64_t value);

/* The same for each enumeration: dp_left_name(), dp_loss_name() … */
#define DP_ENUMERATION(name, tag) const char *tag##_name(uint32_t value);
#define DP_VALUE(id, label)
#define DP_ENUMERATION_END(name, id)
#include "deep_profile/events.def"

enum dp_row_role {
    DP_ROW_END,
    DP_ROW_JSON,
    DP_ROW_WORDS,
    DP_ROW_FIELD,
    DP_ROW_BITS,
    DP_ROW_FLAG,
    DP_ROW_DELTA,
    DP_ROW_AGAIN,
    DP_ROW_ARRAY,
    DP_ROW_TEXT,
};

enum dp_row_type { DP_ROW_u8, DP_ROW_u32, DP_ROW_i32, DP_ROW_u64, DP_ROW_i64 };

enum dp_row_unit {
    DP_IN_NUMBER,
    DP_IN_SITE,
    DP_IN_THREAD,
    DP_IN_DURATION,
    DP_IN_NS,
    DP_IN_BYTES,
    DP_IN_COUNT,
    DP_IN_PPM,
    DP_IN_FLAGS,
    DP_IN_LENGTH,
    DP_IN_ADDRESS,
    DP_IN_LABEL, /* of `labels` */
    DP_IN_SWITCH,
    DP_IN_TEXT,
};

enum dp_row_place { DP_PLACE_HIDDEN, DP_PLACE_MEASURED, DP_PLACE_METADATA };

/* DP_JSON's moment, members, when; a value's when */
enum dp_json_moment { DP_MOMENT_END, DP_MOMENT_BEGIN };
enum dp_json_members { DP_MEMBERS_ALL, DP_MEMBERS_DURATION, DP_MEMBERS_NONE };
enum dp_row_when { DP_WHEN_ALWAYS, DP_WHEN_IF_PROFILED, DP_WHEN_IF_SET };

/* A line of an event's block. Members that the line does not set are 0. */
struct dp_event_row {
    uint8_t role;  /* enum dp_row_role */
    uint8_t type;  /* enum dp_row_type */
    uint8_t unit;  /* enum dp_row_unit */
    uint8_t place; /* enum dp_row_place */
    uint8_t bits;  /* of the field, or of an element of the array */
    uint8_t moment;
    uint8_t members;
    uint8_t when;
    uint32_t flag;
    const char *name; /* of the field, or of the JSON event; DP_WORDS: the text */
    const char *key;  /* in JSON; NULL: not shown */
    const char *length; /* DP_ARRAY: the field that holds its length */
    const struct dp_enumeration *labels;
};

struct dp_event_shape {
    const char *name;
    const struct dp_event_row *rows; /* ended by DP_ROW_END */
    uint32_t attributes;             /* bits 1u << enum dp_attribute */
    uint16_t bytes;                  /* of the fixed fields */
    uint16_t tail;                   /* number of arrays and texts after them */
};

/* An event by its id. If this version does not know it, it has no name. */
extern const struct dp_event_shape dp_event_shapes[DP_EVENT_IDS];

/* Is the row part of the payload? */
static inline bool dp_row_is_field(const struct dp_event_row *row)
{
    return row->role == DP_ROW_FIELD || row->role == DP_ROW_BITS || row->role == DP_ROW_ARRAY ||
           row->role == DP_ROW_TEXT;
}

/* NULL: no such event. */
static inline const struct dp_event_shape *dp_event_shape(uint32_t id)
{
    return id < DP_EVENT_IDS && dp_event_shapes[id].name ? &dp_event_shapes[id] : NULL;
}

/* dp_event_size() of an event with arrays or texts. */
bool dp_event_size_of_tail(const struct dp_event_shape *shape, const void *payload, uint64_t left,
                           uint64_t *bytes);

/*
 * The payload's length in a record of event `id`, given that `left` bytes are there. False:
 * the event is not known, or its record is not complete.
 */
static inline bool dp_event_size(uint32_t id, const void *payload, uint64_t left, uint64_t *bytes)
{
    const struct dp_event_shape *shape = dp_event_shape(id);

    if (!shape || shape->bytes > left)
        return false;
    *bytes = shape->bytes;
    return shape->tail == 0 || dp_event_size_of_tail(shape, payload, left, bytes);
}

/* A row with its value. */
struct dp_event_value {
    const struct dp_event_row *row;
    uint64_t number;   /* integers, sign-extended; DP_FLAG: 0 or 1 */
    const void *bytes; /* elements of an array, at any alignment; a text with its NUL */
    uint64_t length;   /* elements; bytes of a text without its NUL */
};

/* Iterates over the values of a payload that dp_event_size() has found complete. */
struct dp_event_walk {
    const struct dp_event_row *row;
    const struct dp_event_row *first;
    const uint8_t *payload;
    uint64_t bit;            /* where the next field begins */
    uint64_t last, previous; /* the latest two numbers, for DP_DELTA */
    uint64_t flags, duration;
};

void dp_event_walk_start(struct dp_event_walk *walk, uint32_t id, const void *payload);

/* Advances to the next value; false: there are no more. */
bool dp_event_walk_next(struct dp_event_walk *walk, struct dp_event_value *value);

/* Element i of an array, sign-extended. */
uint64_t dp_event_element(const struct dp_event_value *array, uint64_t i);

/* The first field of `unit` in a complete payload; 0 if the event has none. */
uint64_t dp_event_number(uint32_t id, const void *payload, enum dp_row_unit unit);

/* The n-th DP_TEXT of a complete payload; "" if it has no such text. */
const char *dp_event_text(uint32_t id, const void *payload, unsigned n);

/*
 * The attribute of a site that a record comes from, given those that are `present` (bits 1u
 * << enum dp_attribute). If none of the possible ones is present, the first possible one.
 * DP_ATTRIBUTE_COUNT if the event comes from no attribute.
 */
uint32_t dp_event_attribute(uint32_t id, uint32_t present);

#endif
