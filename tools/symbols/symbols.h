/*
 * Names of code addresses: the way into this room.
 *
 * Say which addresses of which files are wanted, find the names of all of them at once,
 * then look them up. Answers come from the cache (cache.h), else from the files, which a
 * process of its own reads (worker.h).
 */
#ifndef DP_TOOLS_SYMBOLS_H
#define DP_TOOLS_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dp_symbols;
struct dp_symbol_file;

struct dp_symbols *dp_symbols_create(void);
/* Strings that were looked up go with it. NULL is accepted. */
void dp_symbols_destroy(struct dp_symbols *symbols);

/* A file as a log names it: the same for the same path and build-id. Nothing is opened. */
struct dp_symbol_file *dp_symbols_file(struct dp_symbols *symbols, const char *path,
                                       const uint8_t *build_id, size_t build_id_bytes);

/* `address` is in the file's own numbering: one in the process less the bias. */
void dp_symbol_want(struct dp_symbol_file *file, uint64_t address);

/* Finds the names of all that is wanted and was not looked for before. */
void dp_symbols_find(struct dp_symbols *symbols);

struct dp_symbol_frame {
    const char *function; /* NULL: not known */
    const char *file;     /* of the source; NULL: not known */
    uint32_t line;        /* 0: not known */
    bool inlined;         /* into the function behind it */
};

/* The functions around an address, innermost first; `frames` has room for
 * DP_SYMBOL_FRAMES. 0: nothing names it. */
#define DP_SYMBOL_FRAMES 64
size_t dp_symbol_frames(const struct dp_symbol_file *file, uint64_t address,
                        struct dp_symbol_frame *frames);

/* What is wrong with file `i`: it is gone, was replaced, is damaged; "": nothing. NULL:
 * there is no such file. */
const char *dp_symbols_problem(const struct dp_symbols *symbols, size_t i);

#endif
