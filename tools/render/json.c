/* See json.h. */
#include "json.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "common/json_text.h"

static void new_line(const struct dp_json_document *document, unsigned indent)
{
    if (document->lines)
        return;
    fputc('\n', document->out);
    fprintf(document->out, "%*s", 2 * (int)indent, "");
}

/* Closes levels until `level` of them are open. */
static void close_down_to(struct dp_json_document *document, unsigned level)
{
    while (document->top > level) {
        struct dp_json *last = &document->levels[--document->top];
        if (last->some || last->end == ']')
            new_line(document, document->top);
        fputc(last->end, document->out);
        last->end = '\0';
    }
}

static struct dp_json *open_level(struct dp_json_document *document, char start, char end)
{
    unsigned level = document->top++;
    struct dp_json *opened = &document->levels[level];

    fputc(start, document->out);
    *opened = (struct dp_json){document, level, end, false};
    return opened;
}

/* Begins the next member: after a comma, on its own line. */
static void begin_member(struct dp_json *container)
{
    struct dp_json_document *document = container->document;

    if (document->top == 0)
        open_level(document, '{', '}');
    close_down_to(document, container->level + 1);
    if (container->some)
        fputc(',', document->out);
    container->some = true;
    new_line(document, document->top);
}

/* Character by character, since a string may have any length. */
static void write_text(FILE *out, const char *string, size_t left)
{
    char buffer[32];

    fputc('"', out);
    while (left > 0) {
        struct dp_text text = {buffer, sizeof buffer, 0};
        size_t n = dp_utf8_length((const unsigned char *)string, left);
        n = n ? n : 1;
        dp_json_characters(&text, string, n);
        fwrite(buffer, 1, text.length, out);
        string += n;
        left -= n;
    }
    fputc('"', out);
}

static FILE *begin(struct dp_json *object, const char *key)
{
    FILE *out = object->document->out;

    begin_member(object);
    if (key) {
        write_text(out, key, strlen(key));
        fputs(object->document->lines ? ":" : ": ", out);
    }
    return out;
}

void dp_json_put_word(struct dp_json *object, const char *key, const char *text, size_t length)
{
    write_text(begin(object, key), text, length);
}

void dp_json_put_text(struct dp_json *object, const char *key, const char *text)
{
    if (text)
        dp_json_put_word(object, key, text, strlen(text));
    else
        fputs("null", begin(object, key));
}

void dp_json_put_u64(struct dp_json *object, const char *key, uint64_t value)
{
    fprintf(begin(object, key), "%" PRIu64, value);
}

void dp_json_put_i64(struct dp_json *object, const char *key, int64_t value)
{
    fprintf(begin(object, key), "%" PRId64, value);
}

void dp_json_put_bool(struct dp_json *object, const char *key, bool value)
{
    fputs(value ? "true" : "false", begin(object, key));
}

/* Readers keep a number without a point or an exponent in 64 bits, or refuse it. */
static bool is_beyond_integers(double value)
{
    return value >= 0x1p64 || value < -0x1p63;
}

void dp_json_put_number(struct dp_json *object, const char *key, double value, int digits)
{
    if (isfinite(value) && digits == 0 && is_beyond_integers(value))
        fprintf(begin(object, key), "%.16e", value);
    else if (isfinite(value))
        fprintf(begin(object, key), "%.*f", digits, value);
    else
        fputs("null", begin(object, key));
}

struct dp_json *dp_json_put_object(struct dp_json *object, const char *key)
{
    begin(object, key);
    return open_level(object->document, '{', '}');
}

struct dp_json *dp_json_put_array(struct dp_json *object, const char *key)
{
    begin(object, key);
    return open_level(object->document, '[', ']');
}

struct dp_json *dp_json_add_object(struct dp_json *array)
{
    begin_member(array);
    return open_level(array->document, '{', '}');
}

void dp_json_start(struct dp_json_document *document, bool json, bool folder)
{
    *document = (struct dp_json_document){.out = json ? stdout : NULL, .folder = folder};
    document->levels[0].document = document;
    if (json && folder)
        dp_json_put_array(&document->levels[0], "processes");
}

struct dp_json *dp_json_next(struct dp_json_document *document)
{
    return document->folder ? dp_json_add_object(&document->levels[1]) : &document->levels[0];
}

void dp_json_finish(struct dp_json_document *document)
{
    if (!document->out || document->top == 0)
        return;
    close_down_to(document, 0);
    fputc('\n', document->out);
    document->levels[0] = (struct dp_json){.document = document};
}
