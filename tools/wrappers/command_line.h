/* What a compiler command line asks for, and our own options taken out of it. */
#ifndef DEEP_PROFILE_COMMAND_LINE_H
#define DEEP_PROFILE_COMMAND_LINE_H

#include "words.h"

#include <stdbool.h>

struct dp_command_line {
    struct dp_words arguments; /* for the compiler, without our options */
    struct dp_words flat;      /* the same, with response files replaced by what is in them */
    size_t sources;            /* number of C and C++ inputs, which need the plugin */
    size_t linkable;           /* number of inputs of the link */
    bool informs;              /* --version and the like: nothing is built */
    bool stops_early;          /* -c, -S, -E, -M …: no link */
    bool shared;
    bool relocatable; /* -r */
    bool fully_static;
    bool no_libraries; /* -nostdlib, -nodefaultlibs, -nolibc */
    bool verbose;      /* -fdeep-profile-verbose */
    bool all;          /* -fdeep-profile=all */
    const char *filter;   /* -fdeep-profile-filter=FILE, or NULL */
    const char *min_size; /* -fdeep-profile-min-size=N, or NULL */
};

/* Has the option an argument of its own, the next word? */
bool dp_takes_next(const char *option);

/* The language of an input, by its name or `language` (what -x says, or NULL): "c", "c++", "i"
 * or "ii" (preprocessed); NULL: not C or C++, or a header. */
const char *dp_language_of(const char *input, const char *language);

/* Reads response files, too. Ends the program when one of our options is wrong. */
void dp_command_line_parse(struct dp_command_line *line, int argc, char **argv);

#endif
