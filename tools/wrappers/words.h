/*
 * Lists of words, text, and the end of the program when something is wrong.
 *
 * Memory is never freed: the process becomes the compiler, or ends.
 */
#ifndef DEEP_PROFILE_WORDS_H
#define DEEP_PROFILE_WORDS_H

#include <stddef.h>

/* A growing, NULL-terminated list of arguments. */
struct dp_words {
    char **word;
    size_t count;
    size_t room;
};

/* Appends a copy of `word`. */
void dp_words_add(struct dp_words *words, const char *word);

/* Appends copies of all of `from`; of all of a NULL-terminated array. */
void dp_words_add_all(struct dp_words *to, const struct dp_words *from);
void dp_words_add_list(struct dp_words *to, const char *const *list);

/* printf into memory that stays. */
char *dp_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What is still to be done before the program ends so; NULL: nothing. */
extern void (*dp_at_death)(void);

/* Prints "PROGRAM: message" and ends with status 1. */
_Noreturn void dp_die(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
