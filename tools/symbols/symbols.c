/* See symbols.h. */
#include "symbols.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/message.h"
#include "cache.h"
#include "worker.h"

/* For all files of one report together: a crafted log may name thousands of large files. */
#define MOST_SECONDS 120

_Static_assert(DP_SYMBOL_FRAMES == DP_ANSWER_FRAMES, "an answer fits");

struct dp_symbol_file {
    char *path;
    uint8_t build_id[32];
    size_t build_id_bytes;
    uint64_t *wanted;
    size_t n_wanted, wanted_capacity;
    void **blocks; /* the newest last; strings of earlier ones are still in use */
    size_t n_blocks, blocks_capacity;
    struct dp_answers answers; /* of the last block */
    struct dp_problem problem;
};

struct dp_symbols {
    struct dp_symbol_file **files;
    size_t n, capacity;
};

struct dp_symbols *dp_symbols_create(void)
{
    return dp_allocate(1, sizeof(struct dp_symbols));
}

void dp_symbols_destroy(struct dp_symbols *symbols)
{
    if (!symbols)
        return;
    for (size_t i = 0; i < symbols->n; i++) {
        struct dp_symbol_file *file = symbols->files[i];
        for (size_t b = 0; b < file->n_blocks; b++)
            free(file->blocks[b]);
        free(file->blocks);
        free(file->wanted);
        free(file->path);
        free(file);
    }
    free(symbols->files);
    free(symbols);
}

struct dp_symbol_file *dp_symbols_file(struct dp_symbols *symbols, const char *path,
                                       const uint8_t *build_id, size_t build_id_bytes)
{
    if (build_id_bytes > sizeof symbols->files[0]->build_id)
        build_id_bytes = 0;
    for (size_t i = 0; i < symbols->n; i++) {
        struct dp_symbol_file *known = symbols->files[i];
        if (known->build_id_bytes == build_id_bytes && strcmp(known->path, path) == 0 &&
            (build_id_bytes == 0 || memcmp(known->build_id, build_id, build_id_bytes) == 0))
            return known;
    }
    struct dp_symbol_file *file = dp_allocate(1, sizeof *file);
    file->path = dp_copy(path);
    file->build_id_bytes = build_id_bytes;
    if (build_id_bytes > 0)
        memcpy(file->build_id, build_id, build_id_bytes);
    symbols->files =
        dp_append(symbols->files, &symbols->n, &symbols->capacity, sizeof *symbols->files);
    return symbols->files[symbols->n - 1] = file;
}

void dp_symbol_want(struct dp_symbol_file *file, uint64_t address)
{
    if (file->n_blocks > 0 && dp_answers_find(&file->answers, address))
        return;
    file->wanted =
        dp_append(file->wanted, &file->n_wanted, &file->wanted_capacity, sizeof *file->wanted);
    file->wanted[file->n_wanted - 1] = address;
}

/* ---- finding ---- */

static void take_block(struct dp_symbol_file *file, void *block, const struct dp_answers *answers)
{
    file->blocks =
        dp_append(file->blocks, &file->n_blocks, &file->blocks_capacity, sizeof *file->blocks);
    file->blocks[file->n_blocks - 1] = block;
    file->answers = *answers;
}

static int ascending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* Keeps only the wanted addresses that no block has: each once, in ascending order. */
static void drop_known(struct dp_symbol_file *file)
{
    size_t n = 0;

    if (file->n_wanted > 0)
        qsort(file->wanted, file->n_wanted, sizeof *file->wanted, ascending);
    for (size_t i = 0; i < file->n_wanted; i++) {
        uint64_t address = file->wanted[i];
        if ((n > 0 && file->wanted[n - 1] == address) ||
            (file->n_blocks > 0 && dp_answers_find(&file->answers, address)))
            continue;
        file->wanted[n++] = address;
    }
    file->n_wanted = n;
}

/* Merges the worker's answers with those already known, and stores them in the cache. */
static void join_blocks(struct dp_symbol_file *file, void *block, size_t size,
                        const struct dp_answers *answers)
{
    struct dp_answers_draft draft = {0};
    struct dp_answers joined;

    if (file->n_blocks > 0) {
        dp_draft_merge(&draft, &file->answers, answers);
        void *both = dp_draft_block(&draft, &size);
        dp_draft_finish(&draft);
        free(block);
        block = both;
    }
    if (!dp_answers_read(&joined, block, size)) {
        free(block);
        return;
    }
    take_block(file, block, &joined);
    if (*joined.source && !*joined.problem)
        dp_cache_store(file->build_id, file->build_id_bytes, block, size);
}

static time_t now_s(void)
{
    return (time_t)(dp_monotonic_ns() / 1000000000u);
}

static void find_names(struct dp_symbol_file *file)
{
    const struct dp_file_request request = {
        .path = file->path, .build_id = file->build_id, .build_id_bytes = file->build_id_bytes};
    struct dp_answers answers;
    size_t size;

    if (file->n_blocks == 0 && file->n_wanted > 0) {
        void *block = dp_cache_load(file->build_id, file->build_id_bytes, &answers);
        if (block)
            take_block(file, block, &answers);
    }
    drop_known(file);
    if (file->n_wanted == 0)
        return;
    void *block = dp_worker_names(&request, file->wanted, file->n_wanted, &size, &file->problem);
    if (block && dp_answers_read(&answers, block, size)) {
        dp_problem_set(&file->problem, "%s", answers.problem);
        join_blocks(file, block, size, &answers);
    }
    file->n_wanted = 0;
}

void dp_symbols_find(struct dp_symbols *symbols)
{
    time_t end = now_s() + MOST_SECONDS;

    for (size_t i = 0; i < symbols->n; i++) {
        struct dp_symbol_file *file = symbols->files[i];
        if (now_s() <= end)
            find_names(file);
        else if (file->n_wanted > 0)
            dp_problem_set(&file->problem,
                           "'%s' was not read: reading the names of other files "
                           "took too long",
                           file->path);
    }
}

/* ---- looking up ---- */

size_t dp_symbol_frames(const struct dp_symbol_file *file, uint64_t address,
                        struct dp_symbol_frame *frames)
{
    const struct dp_answers *answers = &file->answers;
    const struct dp_answer *answer = file->n_blocks > 0 ? dp_answers_find(answers, address) : NULL;

    for (uint32_t i = 0; answer && i < answer->n; i++) {
        const struct dp_answer_frame *frame = &answers->frames[answer->first + i];
        frames[i] = (struct dp_symbol_frame){
            .function = frame->function ? answers->strings + frame->function : NULL,
            .file = frame->file ? answers->strings + frame->file : NULL,
            .line = frame->line,
            .inlined = frame->inlined};
    }
    return answer ? answer->n : 0;
}

const char *dp_symbols_problem(const struct dp_symbols *symbols, size_t i)
{
    return i < symbols->n ? symbols->files[i]->problem.text : NULL;
}
