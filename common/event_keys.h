/*
 * The keys that events have in their metadata. One list serves the compiler, which refuses
 * them in metadata=KEY:VALUE, and the events, which write such a key as "user.KEY".
 */
#ifndef DP_COMMON_EVENT_KEYS_H
#define DP_COMMON_EVENT_KEYS_H

#include "options.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The keys of every event and of single events. A NULL name ends the list. */
const struct dp_name *dp_event_keys(void);

/*
 * For the compiler. 0, or -1 with `error` filled if a metadata key of `options`, parsed
 * from `text`, is also a key of events. Not part of dp_options_parse(), since runtime and
 * tool also read the options of programs that were compiled before an event got the key.
 * There a refusal would switch the attribute off; events write "user.KEY" instead.
 */
int dp_event_keys_check(const char *text, const struct dp_options *options,
                        struct dp_options_error *error);

bool dp_event_word_is(const struct dp_word *a, const struct dp_word *b);

/* Does keys[i] occur again in keys[0, n)? Of repeated keys the last one counts. */
bool dp_event_key_again(const struct dp_word *keys, size_t n, size_t i);

#ifdef __cplusplus
}
#endif

#endif
