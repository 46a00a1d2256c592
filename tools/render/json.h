/*
 * JSON documents, written as they are made: nothing of them is kept, so that a
 * document about a large log needs no memory.
 *
 * Objects and arrays nest. Putting a member into one closes those that are open inside
 * of it: finish a member before you put the next one.
 *
 * Strings may hold any bytes (names from a log do): they are written as
 * json_text.h writes them, valid UTF-8 without anything that a terminal obeys.
 */
#ifndef DP_TOOLS_JSON_H
#define DP_TOOLS_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { DP_JSON_LEVELS = 12 };

struct dp_json_document;

/* An object or an array that is being written; lives in its document. */
struct dp_json {
    struct dp_json_document *document;
    unsigned level;
    char end;  /* '}' or ']'; 0: nothing is open on this level */
    bool some; /* it has members */
};

struct dp_json_document {
    FILE *out;    /* NULL: no JSON is to be written */
    bool lines;   /* without line breaks and indents, for one document a line */
    bool folder;  /* an object for each log, in an array */
    unsigned top; /* the deepest level that is open, counted from 1; 0: none */
    struct dp_json levels[DP_JSON_LEVELS];
};

/* `key` NULL: a new element of an array. `text` NULL: null. */
void dp_json_put_text(struct dp_json *object, const char *key, const char *text);
void dp_json_put_word(struct dp_json *object, const char *key, const char *text, size_t length);
void dp_json_put_u64(struct dp_json *object, const char *key, uint64_t value);
void dp_json_put_i64(struct dp_json *object, const char *key, int64_t value);
void dp_json_put_bool(struct dp_json *object, const char *key, bool value);
/* Rounded to `digits` behind the point; null when it is not finite. One that no integer of 64 bits
 * holds has an exponent. */
void dp_json_put_number(struct dp_json *object, const char *key, double value, int digits);

/* A new member of `object`. */
struct dp_json *dp_json_put_object(struct dp_json *object, const char *key);
struct dp_json *dp_json_put_array(struct dp_json *object, const char *key);
/* A new element of `array`. */
struct dp_json *dp_json_add_object(struct dp_json *array);

/*
 * A document about logs on stdout: one log is an object, the logs of a folder
 * are {"processes": [object, …]}. `json` false: nothing is ever written.
 */
void dp_json_start(struct dp_json_document *document, bool json, bool folder);
/* The object of the next log. Nothing is written before its first member. */
struct dp_json *dp_json_next(struct dp_json_document *document);
/* Ends the document, unless nothing was put into it. */
void dp_json_finish(struct dp_json_document *document);

#endif
