/* See c_annotations.h. */
#include "c_annotations.h"
#include "words.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

const char *dp_c_text_of(const struct reader *reader, size_t i, size_t end)
{
    char *text = dp_format("%s", ""), *grown;
    for (; i < end; i++) {
        const struct dp_token *token = &reader->tokens->token[i];
        const char *at = token->type == DP_TOKEN_STRING ? memchr(token->at, '"', token->length)
                                                        : NULL;
        if (!at)
            continue;
        grown = dp_format("%s%.*s", text, (int)(token->at + token->length - at) - 2, at + 1);
        size_t kept = strlen(text);
        for (char *from = grown + kept, *to = from;; from++, to++) {
            from += *from == '\\' && from[1];
            if ((*to = *from) == '\0')
                break;
        }
        text = grown;
    }
    return text;
}

static bool is_note(const struct reader *reader, size_t i)
{
    static const char *const carriers[] = {"__warning__", "warning", "__annotate__", "annotate",
                                           NULL};
    static const char begin[] = "\"" DP_ANNOTATION_PREFIX;
    const struct dp_token *token = &reader->tokens->token[i];
    return i >= 2 && token->type == DP_TOKEN_STRING && token->length >= sizeof begin - 1 &&
           memcmp(token->at, begin, sizeof begin - 1) == 0 && is(reader, i - 1, "(") &&
           is_any(reader, i - 2, carriers);
}

/* From the attribute's name, or its namespace, to its closing parenthesis. */
static void blank(const struct reader *reader, size_t from, size_t to)
{
    struct dp_token *tokens = reader->tokens->token;
    if (from >= 3 && is(reader, from - 1, ":") && is(reader, from - 2, ":"))
        from -= 3;
    char *at = (char *)(uintptr_t)tokens[from].at;
    for (; at < tokens[to].at + tokens[to].length; at++)
        if (*at != '\n')
            *at = ' ';
}

void dp_c_read_notes(struct reader *reader)
{
    const struct dp_tokens *tokens = reader->tokens;
    reader->notes = calloc(tokens->count + 1, sizeof *reader->notes);
    if (!reader->notes)
        dp_die("out of memory");
    for (size_t i = 0; i < tokens->count; i++) {
        if (!is_note(reader, i))
            continue;
        size_t end = match(reader, i - 1);
        reader->notes[reader->n_notes++] = (struct note){
            dp_c_text_of(reader, i, end), tokens->token[i].file, tokens->token[i].line, i};
    }
    for (size_t i = 0; i < reader->n_notes; i++) {
        size_t open = reader->notes[i].token - 1;
        blank(reader, open - 1, match(reader, open));
    }
}

struct note *dp_c_take_note(struct reader *reader, size_t first, size_t end)
{
    struct note *note = &reader->notes[reader->next_note];
    if (reader->next_note == reader->n_notes || note->token < first || note->token >= end)
        return NULL;
    reader->next_note++;
    return note;
}
