/* Attributes in their own spelling, for a compiler that does not know them. */
#ifndef DEEP_PROFILE_CLANG_ATTRIBUTES_H
#define DEEP_PROFILE_CLANG_ATTRIBUTES_H

/*
 * Preprocessed C or C++ in which each attribute of deep-profile's,
 *
 *     __attribute__((profile("rate=0.5"), noinline))      [[gnu::profile_calls]]
 *
 * is what the macros make of it, on the same line:
 *
 *     __attribute__((__annotate__("deep_profile:profile:" "rate=0.5"), noinline))
 *
 * NULL: there is none in `text`. Memory is never freed, see words.h.
 */
char *dp_spell_attributes(const char *text);

#endif
