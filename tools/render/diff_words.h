/*
 * What a comparison says, in words: shared by text, Markdown and JSON.
 */
#ifndef DP_TOOLS_DIFF_WORDS_H
#define DP_TOOLS_DIFF_WORDS_H

#include "model/compare.h"

#define DP_DIFF_WORD 48

/* "+10.8 %", "x 12"; "" when it is not known. */
char *dp_diff_change(char buffer[DP_DIFF_WORD], double ratio);
/* "+9.1 to +12.4 %"; "" when there is none. */
char *dp_diff_interval(char buffer[DP_DIFF_WORD], const struct dp_ratio *ratio);

/* "regressed", for machines. */
const char *dp_verdict_name(enum dp_verdict verdict);
/* "Not enough data", as a heading. */
char *dp_diff_verdict_title(char *buffer, size_t size, enum dp_verdict verdict, double within);

#define DP_DIFF_NOTES 12

struct dp_diff_words {
    char verdict[256]; /* the whole, in a line */
    char notes[DP_DIFF_NOTES][256];
    size_t n_notes;
};

void dp_diff_words(struct dp_diff_words *words, const struct dp_comparison *comparison);

#endif
