/*
 * Reads a header and cuts it into identifiers; comments, strings and numbers
 * are skipped. Called by the worker threads; shares nothing.
 */
#include "header-index.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <deep_profile.h>

/* Which headers take 256 KB and more to hold? The others are not worth an event. */
DEEP_PROFILE_MEMORY(threshold=256KB)
char *scan_read_file(const char *path, size_t *length)
{
    FILE *file = fopen(path, "r");
    char *text = NULL;
    size_t size = 0, room = 0;
    if (!file)
        return NULL;
    do {
        room = room ? 2 * room : 16384;
        text = xrealloc(text, room);
        size += fread(text + size, 1, room - size, file);
    } while (size == room);
    fclose(file);
    *length = size;
    return text;
}

static void add_word(struct word_list *list, struct word word)
{
    if (list->count == list->room) {
        list->room = list->room ? 2 * list->room : 1024;
        list->words = xrealloc(list->words, list->room * sizeof *list->words);
    }
    list->words[list->count++] = word;
}

static int in_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Where the comment that begins at `at` ends; `at` itself if none does. */
static const char *skip_comment(const char *at, const char *end)
{
    if (end - at < 2 || at[0] != '/')
        return at;
    if (at[1] == '/') {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        return newline ? newline : end;
    }
    if (at[1] != '*')
        return at;
    const char *close = memmem(at + 2, (size_t)(end - at - 2), "*/", 2);
    return close ? close + 2 : end;
}

/* The same for a string or character constant, which ends with its line. */
static const char *skip_string(const char *at, const char *end)
{
    char quote = *at;
    if (quote != '"' && quote != '\'')
        return at;
    for (at++; at < end && *at != quote && *at != '\n'; at++)
        if (*at == '\\' && end - at > 1)
            at++;
    return at < end && *at == quote ? at + 1 : at;
}

static uint32_t count_lines(const char *from, const char *to)
{
    uint32_t lines = 0;
    for (; from < to; from++)
        lines += *from == '\n';
    return lines;
}

DEEP_PROFILE(rate=1, check_load=false)
void scan_find_words(const char *text, size_t length, struct word_list *list)
{
    const char *end = text + length;
    uint32_t line = 1;
    for (const char *at = text; at < end;) {
        const char *next = skip_comment(at, end);
        if (next == at)
            next = skip_string(at, end);
        if (next == at) {
            while (next < end && in_word(*next))
                next++;
            if (next > at && !isdigit((unsigned char)*at))
                add_word(list, (struct word){at, (uint32_t)(next - at), line});
        }
        if (next == at)
            next = at + 1;
        line += count_lines(at, next);
        at = next;
    }
}
