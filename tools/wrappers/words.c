/* See words.h. Called by the other files of the wrappers. */
#include "words.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef DP_WRAPS_CXX
#define PROGRAM "deep-profile-c++"
#else
#define PROGRAM "deep-profile-cc"
#endif

void (*dp_at_death)(void);

void dp_die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs(PROGRAM ": ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    if (dp_at_death)
        dp_at_death();
    exit(1);
}

char *dp_format(const char *format, ...)
{
    char *text;
    va_list args;
    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        dp_die("out of memory");
    va_end(args);
    return text;
}

void dp_words_add(struct dp_words *words, const char *word)
{
    if (words->count + 1 >= words->room) {
        words->room = words->room ? 2 * words->room : 64;
        words->word = realloc(words->word, words->room * sizeof *words->word);
    }
    char *copy = strdup(word);
    if (!words->word || !copy)
        dp_die("out of memory");
    words->word[words->count++] = copy;
    words->word[words->count] = NULL;
}

void dp_words_add_all(struct dp_words *to, const struct dp_words *from)
{
    for (size_t i = 0; i < from->count; i++)
        dp_words_add(to, from->word[i]);
}

void dp_words_add_list(struct dp_words *to, const char *const *list)
{
    for (; *list; list++)
        dp_words_add(to, *list);
}
