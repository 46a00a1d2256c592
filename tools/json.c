/* See json.h. */
#include "json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <deep_profile/abi/event_json.h>

#include "message.h"

static int write_text(struct json_object *object, struct printbuf *out, int level, int flags)
{
    const char *string = json_object_get_string(object);
    size_t length = (size_t)json_object_get_string_len(object);
    struct dp_text text = {dp_allocate(6 * length + 2, 1), 6 * length + 2, 0};

    (void)level;
    (void)flags;
    dp_json_text(&text, string, length);
    int written = printbuf_memappend(out, text.buffer, (int)text.length);
    free(text.buffer);
    return written;
}

struct json_object *dp_json_text_new(const char *text)
{
    struct json_object *object = text ? json_object_new_string(text) : NULL;

    if (object)
        json_object_set_serializer(object, write_text, NULL, NULL);
    return object;
}

void dp_json_put_text(struct json_object *object, const char *key, const char *text)
{
    json_object_object_add(object, key, dp_json_text_new(text));
}

void dp_json_put_u64(struct json_object *object, const char *key, uint64_t value)
{
    json_object_object_add(object, key, json_object_new_uint64(value));
}

void dp_json_put_i64(struct json_object *object, const char *key, int64_t value)
{
    json_object_object_add(object, key, json_object_new_int64(value));
}

void dp_json_put_bool(struct json_object *object, const char *key, bool value)
{
    json_object_object_add(object, key, json_object_new_boolean(value));
}

void dp_json_put_number(struct json_object *object, const char *key, double value, int digits)
{
    char text[400];

    snprintf(text, sizeof text, "%.*f", digits, value);
    json_object_object_add(object, key,
                           isfinite(value) ? json_object_new_double_s(value, text) : NULL);
}

struct json_object *dp_json_put_object(struct json_object *object, const char *key)
{
    struct json_object *member = json_object_new_object();

    json_object_object_add(object, key, member);
    return member;
}

struct json_object *dp_json_put_array(struct json_object *object, const char *key)
{
    struct json_object *member = json_object_new_array();

    json_object_object_add(object, key, member);
    return member;
}

struct json_object *dp_json_add_object(struct json_object *array)
{
    struct json_object *element = json_object_new_object();

    json_object_array_add(array, element);
    return element;
}

void dp_json_start(struct dp_json_document *document, bool json, bool folder)
{
    *document = (struct dp_json_document){0};
    if (!json)
        return;
    document->top = json_object_new_object();
    if (folder)
        document->array = dp_json_put_array(document->top, "processes");
}

struct json_object *dp_json_next(struct dp_json_document *document)
{
    return document->array ? dp_json_add_object(document->array) : document->top;
}

void dp_json_finish(struct dp_json_document *document)
{
    if (document->top && json_object_object_length(document->top) > 0)
        dp_json_print(document->top);
    else
        json_object_put(document->top);
    *document = (struct dp_json_document){0};
}

void dp_json_print(struct json_object *object)
{
    puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
                                                    JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(object);
}
