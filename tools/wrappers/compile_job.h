/*
 * A command line that compiles, taken apart into the steps that deep-profile-cc takes itself
 * where there is no plugin. Memory is never freed, see words.h.
 */
#ifndef DEEP_PROFILE_COMPILE_JOB_H
#define DEEP_PROFILE_COMPILE_JOB_H

#include "command_line.h"

/* A compiler without a plugin. */
struct dp_bare_compiler {
    const struct dp_words *command; /* "ccache clang" is two words */
    int major;
    const char *include; /* folder of deep_profile.h */
};

struct dp_source {
    const char *path;
    const char *language; /* as -x takes it */
    const char *object;   /* where the result goes */
    const char *spelled;  /* clang: what is compiled instead of it; NULL: itself */
    char *text;           /* GCC: preprocessed, with its annotations; NULL: it has mistakes */
    bool own_spelling;    /* GCC: it has attributes in their own spelling */
};

/* A command line, taken apart. */
struct dp_job {
    const struct dp_bare_compiler *compiler;
    const struct dp_command_line *line;
    struct dp_words options; /* all but those of steps, of the link and of dependencies */
    struct dp_words front;   /* of them those of the front end */
    struct dp_words back;    /* and those of optimizer and code generator */
    struct dp_words dependencies; /* of the front end, that make files of their own */
    struct dp_source sources[1024];
    size_t n_sources;
    const char *output;
    const char *dependency_file; /* that -MF names, or NULL */
    bool assembly, to_llvm, compile_only, saves, debugs;
    bool writes_dependencies, names_target, has_pch;
};

/* What the kinds of compilers do each in its way. */
struct dp_job_steps {
    /* Does the source say anything to deep-profile? The sources are asked in their order. */
    bool (*has_annotations)(const struct dp_job *job, struct dp_source *source, size_t number);
    /* Compiles source `number` to its object; the status of the compiler. */
    int (*compile)(struct dp_job *job, size_t number);
};

/*
 * Compiles the sources of a command line, as far as it says: to objects, to assembly, or to
 * objects for the link that `link` (filled) is the command's rest of. Returns the status of
 * the compiler; *done: nothing is left to do but to pass it on. When no source of it has
 * annotations, nothing is done, and `link` is the command line as it came.
 */
int dp_job_run(const struct dp_job_steps *steps, const struct dp_bare_compiler *compiler,
               const struct dp_command_line *line, struct dp_words *link, bool *done);

/* The options that write dependencies, with the names that the compiler would derive from an
 * output that is not the one of this step. */
void dp_job_add_dependencies(struct dp_words *command, const struct dp_job *job,
                             const struct dp_source *source);

/* The file that dependencies go to. */
const char *dp_job_dependency_file(const struct dp_job *job, const struct dp_source *source);

/* "a/b.c": "b". */
const char *dp_base_of(const char *path);

#endif
