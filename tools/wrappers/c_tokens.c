/* See c_tokens.h. Called by c_functions.c and clang_attributes.c. */
#include "c_tokens.h"
#include "words.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

const char *dp_skip_raw_string(const char *at)
{
    const char *open = strchr(at, '(');
    const char *quote = strchr(at, '"');
    if (!open || !quote)
        return at + strlen(at);
    const char *end = strstr(open, dp_format(")%.*s\"", (int)(open - quote - 1), quote + 1));
    return end ? end + (open - quote) + 1 : at + strlen(at);
}

const char *dp_skip_literal(const char *at)
{
    char quote = *at++;
    for (; *at && *at != quote && (quote != '#' || *at != '\n'); at++)
        if (*at == '\\' && at[1] && quote != '#')
            at++;
        else if (quote == '#' && at[1] == '\n')
            return at + 1;
    return *at ? at + 1 : at;
}

/* Where the next token is. */
struct place {
    const char *file;
    unsigned line;
    bool system;
};

/* # LINE "FILE" FLAGS; every other directive changes nothing. */
static void read_marker(struct place *place, const char *at, const char *end)
{
    char *rest;
    at += strspn(at, "# \t");
    unsigned long line = strtoul(at, &rest, 10);
    const char *name = strchr(at, '"'), *close = name ? strchr(name + 1, '"') : NULL;
    if (rest == at || !close || close > end)
        return;
    place->line = (unsigned)line;
    place->file = dp_format("%.*s", (int)(close - name - 1), name + 1);
    place->system = memchr(close, '3', (size_t)(end - close)) != NULL;
}

static bool begins_word(char c)
{
    return isalpha((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 128;
}

static size_t length_of_word(const char *at)
{
    size_t length = 0;
    while (begins_word(at[length]) || isdigit((unsigned char)at[length]))
        length++;
    return length;
}

/* 1'000, 0x1p-3, 1.5e+3f */
static size_t length_of_number(const char *at)
{
    size_t length = 0;
    while (isalnum((unsigned char)at[length]) || at[length] == '.' || at[length] == '_' ||
           (at[length] == '\'' && isalnum((unsigned char)at[length + 1])) ||
           (strchr("+-", at[length]) && at[length] && length && strchr("eEpP", at[length - 1])))
        length++;
    return length;
}

/* Is the word the prefix of a string, as in u8"x" and LR"(x)"? */
static bool is_prefix(const char *at, size_t length)
{
    static const char *const prefixes[] = {"R", "L", "u", "U", "u8", "LR", "uR", "UR", "u8R", NULL};
    for (const char *const *p = prefixes; *p; p++)
        if (strlen(*p) == length && memcmp(*p, at, length) == 0)
            return at[length] == '"' || (at[length] == '\'' && at[length - 1] != 'R');
    return false;
}

static const char *end_of_string(const char *at)
{
    size_t prefix = length_of_word(at);
    if (prefix && at[prefix - 1] == 'R')
        return dp_skip_raw_string(at);
    return dp_skip_literal(at + prefix);
}

static struct dp_token read_token(const char *at, const struct place *place)
{
    struct dp_token token = {.at = at, .file = place->file, .line = place->line,
                             .system = place->system, .type = DP_TOKEN_SIGN, .length = 1};
    size_t word = length_of_word(at);
    if (*at == '"' || *at == '\'' || is_prefix(at, word)) {
        token.type = DP_TOKEN_STRING;
        token.length = (size_t)(end_of_string(at) - at);
    } else if (isdigit((unsigned char)*at) || (*at == '.' && isdigit((unsigned char)at[1]))) {
        token.type = DP_TOKEN_NUMBER;
        token.length = length_of_number(at);
    } else if (word) {
        token.type = DP_TOKEN_WORD;
        token.length = word;
    }
    return token;
}

static void add(struct dp_tokens *tokens, struct dp_token token)
{
    if ((tokens->count & (tokens->count - 1)) == 0) { /* 0, 1, 2, 4, … */
        size_t room = tokens->count ? 2 * tokens->count : 1;
        tokens->token = realloc(tokens->token, room * sizeof *tokens->token);
        if (!tokens->token)
            dp_die("out of memory");
    }
    tokens->token[tokens->count++] = token;
}

static bool match_brackets(struct dp_tokens *tokens)
{
    size_t *open = malloc((tokens->count + 1) * sizeof *open), depth = 0;
    bool right = open != NULL;
    for (size_t i = 0; i < tokens->count && right; i++) {
        struct dp_token *token = &tokens->token[i];
        if (token->type != DP_TOKEN_SIGN)
            continue;
        if (strchr("([{", *token->at)) {
            open[depth++] = i;
        } else if (strchr(")]}", *token->at)) {
            struct dp_token *partner = depth ? &tokens->token[open[--depth]] : NULL;
            right = partner && *token->at == *partner->at + (*partner->at == '(' ? 1 : 2);
            token->match = right ? (size_t)(partner - tokens->token) : 0;
            if (right)
                partner->match = i;
        }
    }
    right &= depth == 0;
    free(open);
    return right;
}

static const char *end_of_comment(const char *at)
{
    const char *end = at[1] == '/' ? strchr(at, '\n') : strstr(at + 2, "*/");
    return !end ? at + strlen(at) : at[1] == '/' ? end : end + 2;
}

bool dp_tokens_read(struct dp_tokens *tokens, const char *text)
{
    struct place place = {.file = "", .line = 1};
    bool line_begins = true;
    *tokens = (struct dp_tokens){.text = text};
    for (const char *at = text; *at;) {
        if (*at == '\n') {
            place.line++;
            line_begins = true;
            at++;
        } else if (isspace((unsigned char)*at) || *at == '\\') {
            at++;
        } else if (at[0] == '/' && (at[1] == '/' || at[1] == '*')) {
            const char *end = end_of_comment(at);
            for (; at < end; at++)
                place.line += *at == '\n';
        } else if (*at == '#' && line_begins) {
            const char *end = strchr(at, '\n') ? strchr(at, '\n') : at + strlen(at);
            place.line++;
            read_marker(&place, at, end);
            at = *end ? end + 1 : end;
        } else {
            struct dp_token token = read_token(at, &place);
            add(tokens, token);
            line_begins = false;
            for (const char *end = at + token.length; at < end; at++)
                place.line += *at == '\n';
        }
    }
    return match_brackets(tokens);
}

bool dp_token_is(const struct dp_tokens *tokens, size_t i, const char *word)
{
    return i < tokens->count && tokens->token[i].type != DP_TOKEN_STRING &&
           tokens->token[i].length == strlen(word) &&
           memcmp(tokens->token[i].at, word, strlen(word)) == 0;
}
