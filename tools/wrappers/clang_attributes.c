/* See clang_attributes.h. Called by clang_compile.c. */
#include "clang_attributes.h"
#include "annotation.h"
#include "c_tokens.h"
#include "common/attribute.h"
#include "words.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct writer {
    const char *done; /* everything before it is written */
    FILE *out;
    size_t changed;
};

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$';
}

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t\r\n");
}

/* The end of the parentheses that begin at `at`. */
static const char *skip_parentheses(const char *at)
{
    int depth = 0;
    do {
        if (*at == '"' || *at == '\'') {
            at = dp_skip_literal(at);
            continue;
        }
        depth += (*at == '(') - (*at == ')');
        at++;
    } while (*at && depth > 0);
    return at;
}

/* The attribute that the word of `length` bytes names, also as __name__; NULL: none of ours. */
static const char *known(const char *word, size_t length)
{
    if (length > 4 && strncmp(word, "__", 2) == 0 && strncmp(word + length - 2, "__", 2) == 0) {
        word += 2;
        length -= 4;
    }
    for (uint32_t i = 0; i < DP_ATTRIBUTE_COUNT; i++)
        if (strlen(dp_attribute_name(i)) == length &&
            memcmp(dp_attribute_name(i), word, length) == 0)
            return dp_attribute_name(i);
    return NULL;
}

/* `from`: where the attribute begins, before gnu:: if there is that. Returns its end. */
static const char *spell(struct writer *writer, const char *from, const char *word, size_t length,
                         const char *name)
{
    const char *end = word + length, *arguments = skip_blanks(end), *inside = "";
    int bytes = 0;
    if (*arguments == '(') {
        end = skip_parentheses(arguments);
        inside = arguments + 1;
        bytes = (int)(end - inside) - 1;
    }
    fprintf(writer->out, "%.*s%s__annotate__(\"" DP_ANNOTATION_PREFIX "%s:\" %.*s)",
            (int)(from - writer->done), writer->done, from == word ? "" : "clang::", name,
            bytes, inside);
    writer->done = end;
    writer->changed++;
    return end;
}

/* One list of attributes, up to its closing brackets. */
static const char *spell_list(struct writer *writer, const char *at, const char *end)
{
    const char *gnu = NULL; /* the word before :: */
    while (at < end) {
        if (*at == '"' || *at == '\'') {
            at = dp_skip_literal(at);
        } else if (*at == '(') {
            at = skip_parentheses(at);
            gnu = NULL;
        } else if (is_word(*at)) {
            size_t length = 0;
            while (is_word(at[length]))
                length++;
            const char *name = known(at, length);
            const char *behind = skip_blanks(at + length);
            if (name) {
                at = spell(writer, gnu ? gnu : at, at, length, name);
                gnu = NULL;
            } else {
                gnu = length == 3 && strncmp(at, "gnu", 3) == 0 && strncmp(behind, "::", 2) == 0
                          ? at
                          : NULL;
                at += length;
            }
        } else {
            gnu = *at == ',' ? NULL : gnu;
            at++;
        }
    }
    return end;
}

static const char *next_list(struct writer *writer, const char *at)
{
    static const char gnu[] = "__attribute";
    if (strncmp(at, gnu, strlen(gnu)) == 0) {
        while (is_word(*at))
            at++;
        const char *list = skip_blanks(at);
        if (*list != '(' || *skip_blanks(list + 1) != '(')
            return list;
        const char *inner = skip_blanks(list + 1);
        return spell_list(writer, inner + 1, skip_parentheses(inner));
    }
    if (at[0] == '[' && *skip_blanks(at + 1) == '[') {
        const char *end = strstr(at, "]]");
        return end ? spell_list(writer, skip_blanks(at + 1) + 1, end) : at + 1;
    }
    if (at[0] == 'R' && at[1] == '"')
        return dp_skip_raw_string(at);
    if (is_word(*at)) {
        while (is_word(*at))
            at++;
        return at;
    }
    return at + 1;
}

char *dp_spell_attributes(const char *text)
{
    char *result = NULL;
    size_t size;
    struct writer writer = {.done = text, .out = open_memstream(&result, &size)};
    if (!writer.out)
        dp_die("out of memory");
    bool line_begins = true;
    for (const char *at = text; *at;) {
        if (*at == '"' || *at == '\'' || (*at == '#' && line_begins)) {
            at = dp_skip_literal(at);
            line_begins = at > text && at[-1] == '\n';
            continue;
        }
        line_begins = *at == '\n' || (line_begins && isspace((unsigned char)*at));
        at = next_list(&writer, at);
    }
    fputs(writer.done, writer.out);
    fclose(writer.out);
    return writer.changed ? result : NULL;
}
