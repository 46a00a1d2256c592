/*
 * Makes the words of one file unique: an identifier that stands twice on a
 * line is mentioned there once. Called by the worker threads; shares nothing.
 */
#include "header-index.h"

#include <string.h>

#include <deep_profile.h>

/* Counted, not timed: far too small for a clock. Half a nanosecond for a count
 * is much beside it, and little beside what the answer is worth. */
DEEP_PROFILE_CALLS()
static int same_mention(const struct word *a, const struct word *b)
{
    return a->length == b->length && a->line == b->line && memcmp(a->text, b->text, a->length) == 0;
}

/* A header has a few hundred words: looking through those that we have is
 * quicker than hashing. (So thought the author. Compare the two counts.) */
DEEP_PROFILE_CALLS()
static int is_repeat(const struct word_list *list, size_t count, const struct word *word)
{
    for (size_t i = 0; i < count; i++)
        if (same_mention(&list->words[i], word))
            return 1;
    return 0;
}

/*
 * Every call over 10 ms is an event of its own, and every call is timed: it runs
 * once a file, so that can be afforded. check_load=false: the workers keep all
 * processors busy on purpose, and sampling stops above 80 % by default.
 */
DEEP_PROFILE_IF_SLOW(10ms, rate=1, metadata=stage:remove_repeats)
DEEP_PROFILE(rate=1, check_load=false)
void words_remove_repeats(struct word_list *list)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++)
        if (!is_repeat(list, kept, &list->words[i]))
            list->words[kept++] = list->words[i];
    list->count = kept;
}
