/* See answers.h. */
#include "answers.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define MAGIC UINT32_C(0x44504e31) /* changes with the layout */

_Static_assert(sizeof(struct dp_answers_header) % 8 == 0, "answers lie aligned behind it");

/* ---- reading ---- */

static bool is_sound(const struct dp_answers *answers, const struct dp_answers_header *header)
{
    if (header->string_bytes == 0 || answers->strings[0] != 0 ||
        answers->strings[header->string_bytes - 1] != 0 ||
        header->problem >= header->string_bytes || header->source >= header->string_bytes)
        return false;
    for (uint32_t i = 0; i < header->n_answers; i++) {
        const struct dp_answer *answer = &answers->answers[i];
        if ((i > 0 && answer->address <= answer[-1].address) || answer->n > DP_ANSWER_FRAMES ||
            answer->first > header->n_frames || answer->n > header->n_frames - answer->first)
            return false;
    }
    for (uint32_t i = 0; i < header->n_frames; i++)
        if (answers->frames[i].function >= header->string_bytes ||
            answers->frames[i].file >= header->string_bytes)
            return false;
    return true;
}

bool dp_answers_read(struct dp_answers *answers, const void *bytes, size_t size)
{
    const struct dp_answers_header *header = bytes;

    if (size < sizeof *header || header->magic != MAGIC)
        return false;
    uint64_t wanted = sizeof *header + (uint64_t)header->n_answers * sizeof(struct dp_answer) +
                      (uint64_t)header->n_frames * sizeof(struct dp_answer_frame) +
                      header->string_bytes;
    if (wanted != size)
        return false;
    answers->answers = (const struct dp_answer *)(header + 1);
    answers->n = header->n_answers;
    answers->frames = (const struct dp_answer_frame *)(answers->answers + answers->n);
    answers->strings = (const char *)(answers->frames + header->n_frames);
    if (!is_sound(answers, header))
        return false;
    answers->problem = answers->strings + header->problem;
    answers->source = answers->strings + header->source;
    return true;
}

const struct dp_answer *dp_answers_find(const struct dp_answers *answers, uint64_t address)
{
    size_t low = 0, high = answers->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (answers->answers[middle].address < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < answers->n && answers->answers[low].address == address ? &answers->answers[low]
                                                                        : NULL;
}

/* ---- making ---- */

static size_t hash_of(const char *text, size_t length)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
    return (size_t)(hash ^ hash >> 32);
}

static void grow_table(struct dp_answers_draft *draft)
{
    size_t size = draft->table_size ? 2 * draft->table_size : 256;
    uint32_t *table = dp_allocate(size, sizeof *table);

    for (size_t i = 0; i < draft->table_size; i++) {
        if (draft->table[i] == 0)
            continue;
        const char *text = draft->strings + draft->table[i];
        size_t place = hash_of(text, strlen(text)) & (size - 1);
        while (table[place] != 0)
            place = (place + 1) & (size - 1);
        table[place] = draft->table[i];
    }
    free(draft->table);
    draft->table = table;
    draft->table_size = size;
}

static uint32_t append_string(struct dp_answers_draft *draft, const char *text, size_t length)
{
    size_t at = draft->string_bytes ? draft->string_bytes : 1;

    if (at + length + 1 > UINT32_MAX)
        return 0;
    draft->strings = dp_grow(draft->strings, &draft->strings_capacity, at + length + 1, 1);
    draft->strings[0] = 0;
    memcpy(draft->strings + at, text, length);
    draft->strings[at + length] = 0;
    draft->string_bytes = at + length + 1;
    return (uint32_t)at;
}

/* The offset of a string. Each distinct string is kept once. */
static uint32_t string(struct dp_answers_draft *draft, const char *text)
{
    size_t length = text ? strnlen(text, DP_ANSWER_TEXT) : 0;

    if (length == 0)
        return 0;
    if (2 * draft->n_strings >= draft->table_size)
        grow_table(draft);
    size_t place = hash_of(text, length) & (draft->table_size - 1);
    for (; draft->table[place] != 0; place = (place + 1) & (draft->table_size - 1)) {
        const char *known = draft->strings + draft->table[place];
        if (strncmp(known, text, length) == 0 && known[length] == 0)
            return draft->table[place];
    }
    draft->n_strings++;
    return draft->table[place] = append_string(draft, text, length);
}

void dp_draft_address(struct dp_answers_draft *draft, uint64_t address)
{
    draft->answers = dp_append(draft->answers, &draft->n_answers, &draft->answers_capacity,
                               sizeof *draft->answers);
    draft->answers[draft->n_answers - 1] =
        (struct dp_answer){.address = address, .first = (uint32_t)draft->n_frames};
}

void dp_draft_frame(struct dp_answers_draft *draft, const char *function, const char *file,
                    uint32_t line, bool inlined)
{
    struct dp_answer *answer = &draft->answers[draft->n_answers - 1];

    if (answer->n == DP_ANSWER_FRAMES)
        return;
    const struct dp_answer_frame frame = {string(draft, function), string(draft, file), line,
                                          inlined};
    draft->frames =
        dp_append(draft->frames, &draft->n_frames, &draft->frames_capacity, sizeof *draft->frames);
    draft->frames[draft->n_frames - 1] = frame;
    answer->n++;
}

void dp_draft_problem(struct dp_answers_draft *draft, const char *text)
{
    draft->problem = string(draft, text);
}

void dp_draft_source(struct dp_answers_draft *draft, const char *text)
{
    draft->source = string(draft, text);
}

static void copy_answer(struct dp_answers_draft *draft, const struct dp_answers *from,
                        const struct dp_answer *answer)
{
    dp_draft_address(draft, answer->address);
    for (uint32_t i = 0; i < answer->n; i++) {
        const struct dp_answer_frame *frame = &from->frames[answer->first + i];
        dp_draft_frame(draft, from->strings + frame->function, from->strings + frame->file,
                       frame->line, frame->inlined);
    }
}

void dp_draft_merge(struct dp_answers_draft *draft, const struct dp_answers *older,
                    const struct dp_answers *newer)
{
    size_t o = 0, n = 0;

    while (o < older->n || n < newer->n) {
        uint64_t old = o < older->n ? older->answers[o].address : UINT64_MAX;
        uint64_t new = n < newer->n ? newer->answers[n].address : UINT64_MAX;
        bool take_old = n == newer->n || (o < older->n && old < new);
        if (!take_old && o < older->n && old == new)
            o++;
        if (take_old)
            copy_answer(draft, older, &older->answers[o++]);
        else
            copy_answer(draft, newer, &newer->answers[n++]);
    }
    dp_draft_problem(draft, newer->problem);
    dp_draft_source(draft, newer->source);
}

void *dp_draft_block(const struct dp_answers_draft *draft, size_t *size)
{
    const struct dp_answers_header header = {
        .magic = MAGIC,
        .n_answers = (uint32_t)draft->n_answers,
        .n_frames = (uint32_t)draft->n_frames,
        .string_bytes = draft->string_bytes ? (uint32_t)draft->string_bytes : 1,
        .problem = draft->problem,
        .source = draft->source};
    size_t answers = draft->n_answers * sizeof *draft->answers;
    size_t frames = draft->n_frames * sizeof *draft->frames;

    *size = sizeof header + answers + frames + header.string_bytes;
    char *block = dp_allocate(*size, 1);
    memcpy(block, &header, sizeof header);
    if (answers > 0)
        memcpy(block + sizeof header, draft->answers, answers);
    if (frames > 0)
        memcpy(block + sizeof header + answers, draft->frames, frames);
    if (draft->string_bytes > 0)
        memcpy(block + sizeof header + answers + frames, draft->strings, draft->string_bytes);
    return block;
}

void dp_draft_finish(struct dp_answers_draft *draft)
{
    free(draft->answers);
    free(draft->frames);
    free(draft->strings);
    free(draft->table);
    *draft = (struct dp_answers_draft){0};
}
