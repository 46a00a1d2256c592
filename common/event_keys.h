/*
 * The keys that events have in their metadata: one list for what the compiler
 * refuses in metadata=KEY:VALUE and for what events write as "user.KEY".
 */
#ifndef DP_COMMON_EVENT_KEYS_H
#define DP_COMMON_EVENT_KEYS_H

#include "options.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The keys of every event and those of single events; ended by a NULL name. */
const struct dp_name *dp_event_keys(void);

/*
 * For the compiler: 0, or -1 with `error` filled when a metadata key of `options`,
 * parsed from `text`, is one that events have.
 *
 * Not part of dp_options_parse(): runtime and tool also read the options of programs
 * that were compiled before an event got the key. To refuse them there would switch
 * the attribute off; instead events write "user.KEY".
 */
int dp_event_keys_check(const char *text, const struct dp_options *options,
                        struct dp_options_error *error);

bool dp_event_word_is(const struct dp_word *a, const struct dp_word *b);

/* Whether keys[i] comes again in keys[0, n): of a repeated key the last one counts. */
bool dp_event_key_again(const struct dp_word *keys, size_t n, size_t i);

#ifdef __cplusplus
}
#endif

#endif
