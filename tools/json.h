/*
 * JSON documents by json-c, with strings of any bytes.
 *
 * json-c passes on what it is given; strings from a log may be invalid UTF-8
 * or hold control characters that a terminal obeys, so they are written as
 * event_json.h writes them.
 */
#ifndef DP_TOOLS_JSON_H
#define DP_TOOLS_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

struct json_object *dp_json_text_new(const char *text);

void dp_json_put_text(struct json_object *object, const char *key, const char *text);
void dp_json_put_u64(struct json_object *object, const char *key, uint64_t value);
void dp_json_put_i64(struct json_object *object, const char *key, int64_t value);
void dp_json_put_bool(struct json_object *object, const char *key, bool value);
/* Rounded to `digits` behind the point; null when it is not finite. */
void dp_json_put_number(struct json_object *object, const char *key, double value, int digits);

/* A new member of `object`. */
struct json_object *dp_json_put_object(struct json_object *object, const char *key);
struct json_object *dp_json_put_array(struct json_object *object, const char *key);
/* A new element of `array`. */
struct json_object *dp_json_add_object(struct json_object *array);

/*
 * A document about logs: one log is an object, the logs of a folder are
 * {"processes": [object, …]}.
 */
struct dp_json_document {
    struct json_object *top; /* NULL: no JSON was asked for */
    struct json_object *array;
};

void dp_json_start(struct dp_json_document *document, bool json, bool folder);
struct json_object *dp_json_next(struct dp_json_document *document);
/* Prints the document, unless nothing was put into it. */
void dp_json_finish(struct dp_json_document *document);

/* Prints it on stdout and frees it. */
void dp_json_print(struct json_object *object);

#endif
