/*
 * The words of a flame graph: its title and the notes below it, which say what the picture is
 * made from and what is missing.
 */
#ifndef DP_TOOLS_FLAME_WORDS_H
#define DP_TOOLS_FLAME_WORDS_H

#include "base/units.h"
#include "model/flame_graph.h"

enum { DP_FLAME_NOTES = 12, DP_FLAME_NOTE_BYTES = 512 };

struct dp_flame_words {
    char title[DP_FLAME_NOTE_BYTES];
    char notes[DP_FLAME_NOTES][DP_FLAME_NOTE_BYTES];
    size_t n_notes;
};

void dp_flame_words(struct dp_flame_words *words, const struct dp_flame_graph *graph);

/* Adds a note; it is dropped when there is no room. */
void dp_flame_note(struct dp_flame_words *words, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* An amount in the graph's unit. */
char *dp_flame_amount(char buffer[DP_UNIT_TEXT], const struct dp_flame_graph *graph,
                      uint64_t amount);

/* "ns", "bytes" or "count". */
const char *dp_flame_unit(const struct dp_flame_graph *graph);

#endif
