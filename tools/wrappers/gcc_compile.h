/*
 * Compiling with a GCC that no plugin was built for: the gates go into the preprocessed text,
 * as C (gcc_gate.h). See docs/fallback.md.
 */
#ifndef DEEP_PROFILE_GCC_COMPILE_H
#define DEEP_PROFILE_GCC_COMPILE_H

#include "compile_job.h"

/* As dp_job_run(). */
int dp_gcc_compile(const struct dp_bare_compiler *gcc, const struct dp_command_line *line,
                   struct dp_words *link, bool *done);

#endif
