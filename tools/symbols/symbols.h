/*
 * Names of code addresses: the interface of this room.
 *
 * First say which addresses of which files are wanted, then find all names at once, then look
 * them up. Answers come from the cache (cache.h) or from the files, which a process of its own
 * reads (worker.h).
 */
#ifndef DP_TOOLS_SYMBOLS_H
#define DP_TOOLS_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dp_symbols;
struct dp_symbol_file;

struct dp_symbols *dp_symbols_create(void);
/* Also frees the strings that were looked up. NULL is accepted. */
void dp_symbols_destroy(struct dp_symbols *symbols);

/* The number of a file, which is the same for the same path and build-id. Opens nothing. */
struct dp_symbol_file *dp_symbols_file(struct dp_symbols *symbols, const char *path,
                                       const uint8_t *build_id, size_t build_id_bytes);

/* `address` is relative to the file: the address in the process minus the bias. */
void dp_symbol_want(struct dp_symbol_file *file, uint64_t address);

/* Finds the names of all wanted addresses that are not known yet. */
void dp_symbols_find(struct dp_symbols *symbols);

struct dp_symbol_frame {
    const char *function; /* NULL: not known */
    const char *file;     /* of the source; NULL: not known */
    uint32_t line;        /* 0: not known */
    bool inlined;         /* into the next function */
};

/* Fills in the functions that contain an address, innermost first; `frames` has room for
 * DP_SYMBOL_FRAMES. Returns how many; 0: it has no name. */
#define DP_SYMBOL_FRAMES 64
size_t dp_symbol_frames(const struct dp_symbol_file *file, uint64_t address,
                        struct dp_symbol_frame *frames);

/* What is wrong with file `i`: it is gone, was replaced or is damaged; "": nothing. NULL: no
 * file has that number. */
const char *dp_symbols_problem(const struct dp_symbols *symbols, size_t i);

#endif
