/*
 * The reason of a slow call in words, for people:
 *
 *     482 of 500 ms blocked in futex: mutex held by worker-3 in `flush_pages` <- `checkpoint`
 *
 * Names in it come from the profiled program: the result is cleaned (clean.h).
 */
#ifndef DP_TOOLS_REASON_WORDS_H
#define DP_TOOLS_REASON_WORDS_H

#include "model/reasons.h"
#include "style.h"

/* The sentence for a known reason. The caller frees it. */
char *dp_reason_sentence(const struct dp_reason *reason, const struct dp_style *style);

/* "`flush_pages` <- `checkpoint`": the innermost `most` functions of the program, or of libraries
 * when there are none of the program. A stack that was cut short ends in "?". The caller frees
 * it. */
char *dp_stack_words(const struct dp_stack *stack, size_t most, const char *quote);

/* How many frames that would be without a limit. */
size_t dp_stack_words_frames(const struct dp_stack *stack);

/* "blocked in futex: mutex held by worker-3 in `flush_pages`"; `whole`: with the address of a
 * lock. The caller frees it. */
char *dp_wait_words(const struct dp_stack_sample *wait, bool whole);

/* "blocked" */
const char *dp_state_words(uint32_t state);

/* Why there is no stack, of DP_SAMPLE_*: "it moved on while it was looked at". */
const char *dp_no_stack_words(uint32_t flags);

#endif
