/*
 * Finds what was probably meant by a misspelt word, for "did you mean". Used by the parsers
 * of options and rules, by the plugin and by the tool. Allocates nothing. Words of
 * DP_SPELLING_MAX characters or more are never close to one of ours.
 */
#ifndef DP_COMMON_SPELLING_H
#define DP_COMMON_SPELLING_H

#include "values.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DP_SPELLING_MAX 24

/* The number of insertions, deletions, changes and swaps of neighbours between the two;
 * case does not count. DP_SPELLING_MAX if either is too long. */
size_t dp_edit_distance(struct dp_word a, struct dp_word b);

/* The name that was probably meant by `word`, or NULL. */
const char *dp_nearest_name(const struct dp_name *names, struct dp_word word);

#ifdef __cplusplus
}
#endif

#endif
