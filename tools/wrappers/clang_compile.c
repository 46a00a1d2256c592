/*
 * See clang_compile.h. The steps for each source:
 *
 *     annotated   front end -> text -> weave -> clang: optimize and emit
 *     all         front end -> text -> weave -> clang: optimize -> text -> weave -> clang: emit
 *
 * Whole-program mode's gates go in after the optimizer has inlined, as the plugin's do.
 * What the front end's options say (macros, folders, warnings, dependencies) goes to the
 * front end only: every message about the source comes from there.
 */
#include "clang_compile.h"
#include "clang_attributes.h"
#include "clang_weave.h"
#include "compile_job.h"
#include "process.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- steps ---- */

static struct dp_words front_end(const struct dp_job *job, const struct dp_source *source)
{
    struct dp_words command = {0};
    dp_words_add_all(&command, job->compiler->command);
    dp_words_add_all(&command, &job->front);
    dp_words_add_list(&command, (const char *const[]){"-Qunused-arguments", "-D__DEEP_PROFILE_FALLBACK__",
                                             "-idirafter", job->compiler->include, "-x",
                                             source->language, source->path, NULL});
    return command;
}

/* The source as it is after the preprocessor; NULL: it has mistakes. */
static const char *preprocess(const struct dp_job *job, const struct dp_source *source)
{
    struct dp_words command = front_end(job, source);
    int error;
    if (strstr(source->language, "cpp-output"))
        return dp_read_file(source->path);
    dp_words_add_list(&command, (const char *const[]){"-w", "-E", "-o", "-", NULL});
    return dp_ask(&command, &error);
}

/*
 * Does the source say anything to deep-profile? Preprocessed, it shows. Where attributes stand
 * in their own spelling, which only the plugin knows, the preprocessed text with the compiler's
 * spelling is compiled instead.
 */
static bool has_annotations(const struct dp_job *job, struct dp_source *source, size_t number)
{
    if (job->has_pch || strcmp(source->path, "-") == 0)
        return true; /* it may; and stdin can be read once */
    const char *text = preprocess(job, source);
    const char *spelled = text ? dp_spell_attributes(text) : NULL;
    if (spelled) {
        source->spelled = dp_temporary(dp_format("%zu.i", number));
        dp_write_file(source->spelled, spelled);
    }
    return text && (spelled || strstr(text, "\"" DP_ANNOTATION_PREFIX));
}

/* Dependencies, among them the filter file. */
static void add_dependencies(struct dp_words *command, const struct dp_job *job,
                             const struct dp_source *source)
{
    dp_job_add_dependencies(command, job, source);
    if (job->writes_dependencies && job->line->filter) {
        dp_words_add(command, "-Xclang");
        dp_words_add(command, dp_format("-fdepfile-entry=%s", job->line->filter));
    }
}

/* The files of dependencies, where the preprocessed text is compiled. */
static int write_dependencies(const struct dp_job *job, const struct dp_source *source)
{
    struct dp_words command = front_end(job, source);
    if (!job->writes_dependencies)
        return 0;
    add_dependencies(&command, job, source);
    dp_words_add_list(&command, (const char *const[]){"-w", "-E", "-o", "/dev/null", NULL});
    return dp_run(&command);
}

static int write_text(const struct dp_job *job, const struct dp_source *source, const char *to)
{
    struct dp_words command;
    if (source->spelled) {
        struct dp_source instead = {
            .path = source->spelled,
            .language = strstr(source->language, "c++") ? "c++-cpp-output" : "cpp-output"};
        int status = write_dependencies(job, source);
        if (status != 0)
            return status;
        command = front_end(job, &instead);
    } else {
        command = front_end(job, source);
        add_dependencies(&command, job, source);
    }
    dp_words_add_list(&command, (const char *const[]){"-S", "-emit-llvm", "-fno-discard-value-names",
                                             "-Xclang", "-disable-llvm-passes", "-o", to, NULL});
    if (job->line->all) {
        dp_words_add(&command, "-finstrument-functions-after-inlining");
        if (!job->debugs)
            dp_words_add(&command, "-gline-tables-only");
    }
    return dp_run(&command);
}

static struct dp_words back_end(const struct dp_job *job, const char *from, const char *to)
{
    struct dp_words command = {0};
    dp_words_add_all(&command, job->compiler->command);
    dp_words_add_all(&command, &job->back);
    dp_words_add_list(&command, (const char *const[]){"-Qunused-arguments", "-x", "ir", from, "-o", to, NULL});
    return command;
}

static int optimize(const struct dp_job *job, const char *from, const char *to)
{
    struct dp_words command = back_end(job, from, to);
    dp_words_add_list(&command, (const char *const[]){"-S", "-emit-llvm", "-fno-discard-value-names", NULL});
    return dp_run(&command);
}

static int emit(const struct dp_job *job, const char *from, const char *to, bool optimized)
{
    struct dp_words command = back_end(job, from, to);
    dp_words_add(&command, job->assembly ? "-S" : "-c");
    if (job->to_llvm)
        dp_words_add(&command, "-emit-llvm");
    if (optimized)
        dp_words_add_list(&command, (const char *const[]){"-Xclang", "-disable-llvm-passes", NULL});
    return dp_run(&command);
}

/* ---- weaving ---- */

static void read_text(const struct dp_job *job, const char *path, struct dp_ir *ir)
{
    dp_ir_read(ir, path, job->compiler->major);
}

static bool write_woven(struct dp_ir *ir, const struct dp_weave *how, const char *path)
{
    FILE *out = fopen(path, "w");
    bool right = out && dp_weave(ir, how, out);
    if (!out || ferror(out) || fclose(out) != 0)
        dp_die("cannot write '%s': %s", path, strerror(errno));
    return right;
}

/* The gates of annotated functions. */
static bool weave_annotated(const struct dp_job *job, const char *from, const char *to)
{
    struct dp_ir ir;
    read_text(job, from, &ir);
    return dp_ir_read_annotations(&ir) &&
           write_woven(&ir, &(struct dp_weave){.verbose = job->line->verbose}, to);
}

/* Those of all others. */
static bool weave_all(const struct dp_job *job, const char *from, const char *to)
{
    struct dp_ir ir;
    read_text(job, from, &ir);
    if (!dp_ir_read_annotations(&ir))
        return false;
    dp_ir_find_places(&ir);
    if (!job->debugs)
        dp_strip_debug(&ir);
    return write_woven(&ir, &(struct dp_weave){.all = true, .verbose = job->line->verbose}, to);
}

static const char *text_path(const struct dp_job *job, const struct dp_source *source, size_t number,
                             const char *suffix)
{
    return job->saves ? dp_format("%s.deep-profile%s.ll", dp_base_of(source->path), suffix)
                      : dp_temporary(dp_format("%zu%s.ll", number, suffix));
}

static int compile(struct dp_job *job, size_t number)
{
    struct dp_source *source = &job->sources[number];
    const char *front = text_path(job, source, number, "-front");
    const char *woven = text_path(job, source, number, "");
    int status = write_text(job, source, front);
    if (status != 0)
        return status;
    if (!weave_annotated(job, front, woven))
        return 1;
    if (!job->line->all)
        return emit(job, woven, source->object, false);
    const char *optimized = text_path(job, source, number, "-optimized");
    const char *all = text_path(job, source, number, "-all");
    status = optimize(job, woven, optimized);
    if (status != 0)
        return status;
    if (!weave_all(job, optimized, all))
        return 1;
    return emit(job, all, source->object, true);
}

int dp_clang_compile(const struct dp_bare_compiler *clang, const struct dp_command_line *line,
                     struct dp_words *link, bool *done)
{
    static const struct dp_job_steps steps = {has_annotations, compile};
    return dp_job_run(&steps, clang, line, link, done);
}
