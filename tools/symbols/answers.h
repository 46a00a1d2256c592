/*
 * The names of addresses of one file, as one block of bytes. The worker sends blocks, the cache
 * keeps them, and names are looked up in them.
 *
 *     block   := header { answer } { frame } strings
 *     answer  := address, its frames [first, first + n)       in ascending order
 *     frame   := function, file (offsets of strings), line, inlined
 *     strings := { text NUL }                                 offset 0: ""
 *
 * A block from the worker or the cache may be damaged, so all of it is checked before use. The
 * byte order is native: a block does not leave the machine.
 */
#ifndef DP_TOOLS_ANSWERS_H
#define DP_TOOLS_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Deeper inlining and longer names are cut off. */
#define DP_ANSWER_FRAMES 64
#define DP_ANSWER_TEXT   4096

struct dp_answer {
    uint64_t address;
    uint32_t first, n; /* frames, innermost first; 0: the address has no name */
};

struct dp_answer_frame {
    uint32_t function; /* offset of a string; 0: not known */
    uint32_t file;     /* the same */
    uint32_t line;     /* 0: not known */
    uint32_t inlined;  /* into the next frame */
};

struct dp_answers_header {
    uint32_t magic;
    uint32_t n_answers;
    uint32_t n_frames;
    uint32_t string_bytes;
    uint32_t problem; /* a string: what was wrong with the file; 0: nothing */
    uint32_t source;  /* a string: the file whose debug information was used; 0: none */
};

/* A checked block. Points into its bytes. */
struct dp_answers {
    const struct dp_answer *answers;
    size_t n;
    const struct dp_answer_frame *frames;
    const char *strings;
    const char *problem; /* "": none */
    const char *source;  /* "": none */
};

/* The bytes must be aligned to 8. False: they are not one valid block. */
bool dp_answers_read(struct dp_answers *answers, const void *bytes, size_t size);

/* NULL: the address is not in the block. */
const struct dp_answer *dp_answers_find(const struct dp_answers *answers, uint64_t address);

/* ---- making one ---- */

struct dp_answers_draft {
    struct dp_answer *answers;
    size_t n_answers, answers_capacity;
    struct dp_answer_frame *frames;
    size_t n_frames, frames_capacity;
    char *strings;
    size_t string_bytes, strings_capacity;
    uint32_t *table; /* of strings, by their text; 0: free */
    size_t table_size, n_strings;
    uint32_t problem, source;
};

/* Addresses come in ascending order, each followed by its frames, innermost first. */
void dp_draft_address(struct dp_answers_draft *draft, uint64_t address);
void dp_draft_frame(struct dp_answers_draft *draft, const char *function, const char *file,
                    uint32_t line, bool inlined);
void dp_draft_problem(struct dp_answers_draft *draft, const char *text);
void dp_draft_source(struct dp_answers_draft *draft, const char *text);

/* Adds the answers of both blocks; where both have an address, that of `newer`. */
void dp_draft_merge(struct dp_answers_draft *draft, const struct dp_answers *older,
                    const struct dp_answers *newer);

/* The block; the caller frees it. */
void *dp_draft_block(const struct dp_answers_draft *draft, size_t *size);

void dp_draft_finish(struct dp_answers_draft *draft);

#endif
