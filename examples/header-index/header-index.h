/*
 * header-index: which header mentions which identifier, and on which lines.
 *
 * What its four files share: scan.c cuts one file into words, words.c makes
 * them unique, index.c keeps what all files mention, header-index.c has the
 * worker threads and the command line.
 */
#ifndef HEADER_INDEX_H
#define HEADER_INDEX_H

#include <stddef.h>
#include <stdint.h>

/* One identifier in a file, pointing into the file's text. */
struct word {
    const char *text;
    uint32_t length;
    uint32_t line;
};

struct word_list {
    struct word *words;
    size_t count;
    size_t room;
};

/* One file that mentions a spelling. */
struct mention {
    uint32_t file;
    uint32_t count;
    uint32_t *lines;
    struct mention *next;
};

/* NULL when the file cannot be read; the caller frees it. */
char *scan_read_file(const char *path, size_t *length);
void scan_find_words(const char *text, size_t length, struct word_list *words);

void words_remove_repeats(struct word_list *words);

/* Reorders the words. Any thread. */
void index_publish(uint32_t file, struct word_list *words);

/* Most lines first. Only after the last publish. */
struct mention *index_lookup(const char *word);
size_t index_size(void);

void *xrealloc(void *memory, size_t size);

#endif
