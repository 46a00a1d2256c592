/*
 * Compiling with clang, which needs no plugin: its front end writes LLVM's text, the gates go
 * in there (clang_weave.c), and clang goes on from it. See docs/fallback.md.
 */
#ifndef DEEP_PROFILE_CLANG_COMPILE_H
#define DEEP_PROFILE_CLANG_COMPILE_H

#include "compile_job.h"

/* As dp_job_run(). */
int dp_clang_compile(const struct dp_bare_compiler *clang, const struct dp_command_line *line,
                     struct dp_words *link, bool *done);

#endif
