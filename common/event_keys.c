/* See event_keys.h. */
#include "event_keys.h"

#include <stdio.h>
#include <string.h>

const struct dp_name *dp_event_keys(void)
{
    static const struct dp_name names[] = {
        {"function", 0}, {"file", 0}, {"line", 0},   {"module", 0},    {"site", 0},
        {"pid", 0},      {"tid", 0},  {"thread", 0}, {"attribute", 0}, {"strategy", 0},
#define KEY_HIDDEN
#define KEY_MEASURED(key)
#define KEY_METADATA(key) {#key, 0},
#define KEY_METADATA_IF_SET(key) KEY_METADATA(key)
#define DP_FIELD(type, name, unit, shown) KEY_##shown
#define DP_ENUM(enumeration, name, shown) KEY_##shown
#define DP_BITS(bits, name, unit, shown) KEY_##shown
#define DP_FLAG(bit, name, when) KEY_METADATA(name)
#define DP_DELTA(name, unit, shown) KEY_##shown
#define DP_AGAIN_DURATION(shown) KEY_##shown
#define DP_ARRAY(type, name, length, unit, shown) KEY_##shown
#define DP_TEXT(name, shown) KEY_##shown
#include "deep_profile/events.def"
        {NULL, 0},
    };
    return names;
}

int dp_event_keys_check(const char *text, const struct dp_options *options,
                        struct dp_options_error *error)
{
    for (size_t i = 0; i < options->n_metadata; i++) {
        const struct dp_word *key = &options->metadata_key[i];
        if (!dp_find_name(dp_event_keys(), *key))
            continue;
        *error = (struct dp_options_error){.offset = (size_t)(key->text - text),
                                           .length = key->length};
        snprintf(error->message, sizeof error->message,
                 "metadata key '%.*s' is one that events have", (int)key->length, key->text);
        return -1;
    }
    return 0;
}

bool dp_event_word_is(const struct dp_word *a, const struct dp_word *b)
{
    return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

bool dp_event_key_again(const struct dp_word *keys, size_t n, size_t i)
{
    for (size_t j = i + 1; j < n; j++)
        if (dp_event_word_is(&keys[j], &keys[i]))
            return true;
    return false;
}
