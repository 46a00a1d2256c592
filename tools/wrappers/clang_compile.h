/*
 * Compiling with clang, which needs no plugin: its front end writes LLVM's text, the gates go
 * in there (clang_weave.c), and clang goes on from it. See docs/fallback.md.
 */
#ifndef DEEP_PROFILE_CLANG_COMPILE_H
#define DEEP_PROFILE_CLANG_COMPILE_H

#include "command_line.h"

struct dp_clang {
    const struct dp_words *command; /* "ccache clang" is two words */
    int major;
    const char *include; /* folder of deep_profile.h */
};

/*
 * Compiles the sources of a command line, as far as it says: to objects, to assembly, or to
 * objects for the link that `link` (filled) is the command's rest of. Returns the status of
 * the compiler; *done: nothing is left to do but to pass it on. When no source of it has
 * annotations, nothing is done, and `link` is the command line as it came.
 */
int dp_clang_compile(const struct dp_clang *clang, const struct dp_command_line *line,
                     struct dp_words *link, bool *done);

#endif
