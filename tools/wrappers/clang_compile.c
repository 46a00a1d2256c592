/*
 * See clang_compile.h. The steps for each source:
 *
 *     annotated   front end -> text -> weave -> clang: optimize and emit
 *     all         front end -> text -> weave -> clang: optimize -> text -> weave -> clang: emit
 *
 * Whole-program mode's gates go in after the optimizer has inlined, as the plugin's do. What the front end's options say (macros, folders, warnings,
 * dependencies) goes to the front end only: every message about the source comes from there.
 */
#include "clang_compile.h"
#include "clang_attributes.h"
#include "clang_weave.h"
#include "filter.h"
#include "process.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct source {
    const char *path;
    const char *language;
    const char *object;
    const char *spelled; /* what is compiled instead of it; NULL: itself */
};

/* A command line, taken apart. */
struct job {
    const struct dp_clang *clang;
    const struct dp_command_line *line;
    struct dp_words front; /* options of the front end */
    struct dp_words back;  /* of optimizer and code generator */
    struct dp_words dependencies; /* of the front end, that make files of their own */
    struct source sources[1024];
    size_t n_sources;
    const char *output;
    bool assembly, to_llvm, compile_only, saves, debugs;
    bool writes_dependencies, names_dependencies, names_target, has_pch;
};

/* ---- taking it apart ---- */

static bool begins(const char *word, const char *const *list)
{
    for (; *list; list++)
        if (strncmp(word, *list, strlen(*list)) == 0)
            return true;
    return false;
}

static bool is(const char *word, const char *other)
{
    return strcmp(word, other) == 0;
}

/* Of the front end alone, with or without their arguments in the same word. */
static const char *const front_options[] = {
    "-D", "-U", "-I", "-i", "-std=", "--std=", "-ansi", "-nostdinc", "-pedantic", "-W", "-C",
    "-P", "-trigraphs", "-undef", "-cxx-isystem", "-include", "--include", "--define", "-A",
    "-Xpreprocessor", "-fmodule", "-fno-module", "-stdlib=", NULL};
/* -W, but of the code generator. */
static const char *const back_warnings[] = {"-Wframe-larger-than", "-Werror", "-Wno-error",
                                            "-Wa,", NULL};
static const char *const dependency_options[] = {"-MD", "-MMD", "-MP", "-MG", "-MV", "-MF", "-MT",
                                                 "-MQ", "-MJ", "-Wp,-M", "--write-dep",
                                                 "--write-user-dep", NULL};
static const char *const link_options[] = {"-Wl,", "-l", "-L", "-Xlinker", "-shared", "--shared",
                                           "-static", "--static", "-rdynamic", "-T",
                                           "-nostdlib", "-nodefaultlibs", "-nostartfiles",
                                           "-fuse-ld=", "--ld-path", NULL};
static const char *const short_link_options[] = {"-s", "-r", "-z", "-u", "-e", "-h", "-R", NULL};

static void read_facts(struct job *job, const char *word, const char *next)
{
    if (is(word, "-o") && next)
        job->output = next;
    else if (strncmp(word, "-o", 2) == 0 && word[2])
        job->output = word + 2;
    job->assembly |= is(word, "-S") || is(word, "--assemble");
    job->to_llvm |= is(word, "-emit-llvm");
    job->compile_only |= is(word, "-c") || is(word, "--compile");
    job->saves |= strncmp(word, "-save-temps", 11) == 0 || strncmp(word, "--save-temps", 12) == 0;
    if (word[0] == '-' && word[1] == 'g')
        job->debugs = !is(word, "-g0");
    job->writes_dependencies |= is(word, "-MD") || is(word, "-MMD");
    job->names_dependencies |= strncmp(word, "-MF", 3) == 0;
    job->names_target |= strncmp(word, "-MT", 3) == 0 || strncmp(word, "-MQ", 3) == 0;
    job->has_pch |= is(word, "-include-pch");
}

static bool is_step(const char *word)
{
    return strncmp(word, "-o", 2) == 0 || is(word, "-c") || is(word, "-S") ||
           is(word, "--compile") || is(word, "--assemble") || is(word, "-emit-llvm") ||
           strncmp(word, "-x", 2) == 0 || strncmp(word, "-save-temps", 11) == 0 ||
           strncmp(word, "--save-temps", 12) == 0;
}

static void add_option(struct job *job, const char *word, const char *argument)
{
    struct dp_words *targets[3] = {NULL, NULL, NULL};
    for (const char *const *link = short_link_options; *link; link++)
        if (is(word, *link))
            return;
    if (is_step(word) || begins(word, link_options)) {
        return;
    } else if (begins(word, dependency_options)) {
        targets[0] = &job->dependencies;
    } else {
        bool front = begins(word, front_options) && !is(word, "-isysroot");
        targets[0] = &job->front;
        targets[1] = !front || begins(word, back_warnings) ? &job->back : NULL;
    }
    for (int i = 0; targets[i]; i++) {
        dp_words_add(targets[i], word);
        if (argument)
            dp_words_add(targets[i], argument);
    }
}

static void add_source(struct job *job, const char *path, const char *language)
{
    if (job->n_sources == sizeof job->sources / sizeof *job->sources)
        dp_die("more than %zu sources in one command", job->n_sources);
    job->sources[job->n_sources++] = (struct source){.path = path, .language = language};
}

/* Does the word -x LANGUAGE, --language=LANGUAGE or -xLANGUAGE set one? */
static bool read_language(const char *word, const char *next, const char **language, bool *skip)
{
    *skip = false;
    if (is(word, "-x") || is(word, "--language"))
        *skip = true;
    else if (strncmp(word, "-x", 2) == 0)
        next = word + 2;
    else if (strncmp(word, "--language=", 11) == 0)
        next = word + 11;
    else
        return false;
    *language = next && !is(next, "none") ? next : NULL;
    return true;
}

static void take_apart(struct job *job)
{
    const struct dp_words *flat = &job->line->flat;
    const char *language = NULL;
    bool skip;
    for (size_t i = 0; i < flat->count; i++) {
        const char *word = flat->word[i], *next = i + 1 < flat->count ? flat->word[i + 1] : NULL;
        if (word[0] != '-' || word[1] == '\0') {
            const char *written = dp_language_of(word, language);
            if (written)
                add_source(job, word, written);
        } else if (read_language(word, next, &language, &skip)) {
            i += skip;
        } else {
            bool pair = dp_takes_next(word) && next;
            read_facts(job, word, next);
            add_option(job, word, pair ? next : NULL);
            i += pair;
        }
    }
}

/* ---- steps ---- */

static void add_all(struct dp_words *to, const struct dp_words *from)
{
    for (size_t i = 0; i < from->count; i++)
        dp_words_add(to, from->word[i]);
}

static void add_list(struct dp_words *to, const char *const *list)
{
    for (; *list; list++)
        dp_words_add(to, *list);
}

static struct dp_words front_end(const struct job *job, const struct source *source)
{
    struct dp_words command = {0};
    add_all(&command, job->clang->command);
    add_all(&command, &job->front);
    add_list(&command, (const char *const[]){"-Qunused-arguments", "-D__DEEP_PROFILE_FALLBACK__",
                                             "-idirafter", job->clang->include, "-x",
                                             source->language, source->path, NULL});
    return command;
}

static void write_file(const char *path, const char *text)
{
    FILE *out = fopen(path, "w");
    if (!out || fputs(text, out) < 0 || fclose(out) != 0)
        dp_die("cannot write '%s': %s", path, strerror(errno));
}

/* The source as it is after the preprocessor; NULL: it has mistakes. */
static const char *preprocess(const struct job *job, const struct source *source)
{
    struct dp_words command = front_end(job, source);
    int error;
    if (strstr(source->language, "cpp-output"))
        return dp_read_file(source->path);
    add_list(&command, (const char *const[]){"-w", "-E", "-o", "-", NULL});
    return dp_ask(&command, &error);
}

/*
 * Does the source say anything to deep-profile? Preprocessed, it shows. Where attributes stand
 * in their own spelling, which only the plugin knows, the preprocessed text with the compiler's
 * spelling is compiled instead.
 */
static bool has_annotations(const struct job *job, struct source *source, size_t number)
{
    if (job->has_pch || is(source->path, "-"))
        return true; /* it may; and stdin can be read once */
    const char *text = preprocess(job, source);
    const char *spelled = text ? dp_spell_attributes(text) : NULL;
    if (spelled) {
        source->spelled = dp_temporary(dp_format("%zu.i", number));
        write_file(source->spelled, spelled);
    }
    return text && (spelled || strstr(text, "\"" DP_ANNOTATION_PREFIX));
}

static const char *base_of(const char *path)
{
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    const char *dot = strrchr(name, '.');
    return dp_format("%.*s", dot && dot > name ? (int)(dot - name) : (int)strlen(name), name);
}

/* Where the result of a source goes. */
static const char *target_of(const struct job *job, const struct source *source, size_t number)
{
    const char *suffix = job->to_llvm ? (job->assembly ? "ll" : "bc") : job->assembly ? "s" : "o";
    if (!job->compile_only && !job->assembly)
        return dp_temporary(dp_format("%zu-%s.o", number, base_of(source->path)));
    return job->output ? job->output : dp_format("%s.%s", base_of(source->path), suffix);
}

/* The names that clang would derive from an output that is not the one of this step. */
static void add_dependencies(struct dp_words *command, const struct job *job,
                             const struct source *source)
{
    add_all(command, &job->dependencies);
    if (!job->writes_dependencies)
        return;
    if (job->line->filter) {
        dp_words_add(command, "-Xclang");
        dp_words_add(command, dp_format("-fdepfile-entry=%s", job->line->filter));
    }
    const char *output = job->output;
    if (!job->names_dependencies) {
        const char *dot = output ? strrchr(output, '.') : NULL;
        const char *slash = output ? strrchr(output, '/') : NULL;
        if (dot && slash && dot < slash)
            dot = NULL;
        dp_words_add(command, "-MF");
        dp_words_add(command,
                     output ? dp_format("%.*s.d", dot ? (int)(dot - output) : (int)strlen(output),
                                        output)
                            : dp_format("%s.d", base_of(source->path)));
    }
    if (!job->names_target) {
        dp_words_add(command, "-MT");
        dp_words_add(command, output ? output : dp_format("%s.o", base_of(source->path)));
    }
}

/* The files of dependencies, where the preprocessed text is compiled. */
static int write_dependencies(const struct job *job, const struct source *source)
{
    struct dp_words command = front_end(job, source);
    if (!job->writes_dependencies)
        return 0;
    add_dependencies(&command, job, source);
    add_list(&command, (const char *const[]){"-w", "-E", "-o", "/dev/null", NULL});
    return dp_run(&command);
}

static int write_text(const struct job *job, const struct source *source, const char *to)
{
    struct dp_words command;
    if (source->spelled) {
        struct source instead = {
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
    add_list(&command, (const char *const[]){"-S", "-emit-llvm", "-fno-discard-value-names",
                                             "-Xclang", "-disable-llvm-passes", "-o", to, NULL});
    if (job->line->all) {
        dp_words_add(&command, "-finstrument-functions-after-inlining");
        if (!job->debugs)
            dp_words_add(&command, "-gline-tables-only");
    }
    return dp_run(&command);
}

static struct dp_words back_end(const struct job *job, const char *from, const char *to)
{
    struct dp_words command = {0};
    add_all(&command, job->clang->command);
    add_all(&command, &job->back);
    add_list(&command, (const char *const[]){"-Qunused-arguments", "-x", "ir", from, "-o", to, NULL});
    return command;
}

static int optimize(const struct job *job, const char *from, const char *to)
{
    struct dp_words command = back_end(job, from, to);
    add_list(&command, (const char *const[]){"-S", "-emit-llvm", "-fno-discard-value-names", NULL});
    return dp_run(&command);
}

static int emit(const struct job *job, const char *from, const char *to, bool optimized)
{
    struct dp_words command = back_end(job, from, to);
    dp_words_add(&command, job->assembly ? "-S" : "-c");
    if (job->to_llvm)
        dp_words_add(&command, "-emit-llvm");
    if (optimized)
        add_list(&command, (const char *const[]){"-Xclang", "-disable-llvm-passes", NULL});
    return dp_run(&command);
}

/* ---- weaving ---- */

static void read_text(const struct job *job, const char *path, struct dp_ir *ir)
{
    dp_ir_read(ir, path, job->clang->major);
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
static bool weave_annotated(const struct job *job, const char *from, const char *to)
{
    struct dp_ir ir;
    read_text(job, from, &ir);
    return dp_ir_read_annotations(&ir) &&
           write_woven(&ir, &(struct dp_weave){.verbose = job->line->verbose}, to);
}

/* Those of all others. */
static bool weave_all(const struct job *job, const char *from, const char *to)
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

static const char *text_path(const struct job *job, const struct source *source, size_t number,
                             const char *suffix)
{
    return job->saves ? dp_format("%s.deep-profile%s.ll", base_of(source->path), suffix)
                      : dp_temporary(dp_format("%zu%s.ll", number, suffix));
}

static int compile(struct job *job, size_t number)
{
    struct source *source = &job->sources[number];
    source->object = target_of(job, source, number);
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

/* ---- the command ---- */

/* The command line with objects in place of the sources. */
static void link_instead(const struct job *job, struct dp_words *link)
{
    const struct dp_words *flat = &job->line->flat;
    const char *language = NULL;
    size_t number = 0;
    bool skip;
    for (size_t i = 0; i < flat->count; i++) {
        const char *word = flat->word[i], *next = i + 1 < flat->count ? flat->word[i + 1] : NULL;
        bool input = word[0] != '-' || word[1] == '\0';
        if (input && dp_language_of(word, language)) {
            const char *object = job->sources[number++].object;
            const char *const explicit[] = {"-x", "none", object, "-x", language, NULL};
            if (language)
                add_list(link, explicit);
            else
                dp_words_add(link, object);
            continue;
        }
        bool pair = input ? false
                          : read_language(word, next, &language, &skip)
                                ? skip
                                : dp_takes_next(word) && next;
        if (begins(word, dependency_options)) {
            i += pair;
            continue;
        }
        dp_words_add(link, word);
        if (pair)
            dp_words_add(link, flat->word[++i]);
    }
}

int dp_clang_compile(const struct dp_clang *clang, const struct dp_command_line *line,
                     struct dp_words *link, bool *done)
{
    static struct job job;
    bool annotated = line->all;
    job.clang = clang;
    job.line = line;
    take_apart(&job);
    if (line->filter)
        dp_filter_open(line->filter);
    if (line->min_size)
        dp_filter_set_min_size(line->min_size);
    *done = line->stops_early;
    for (size_t i = 0; i < job.n_sources; i++)
        annotated |= has_annotations(&job, &job.sources[i], i);
    if (line->stops_early && !job.compile_only && !job.assembly)
        annotated = false; /* -E, -M, -fsyntax-only */
    if (!annotated) {
        *done = false;
        add_list(link, (const char *const[]){"-D__DEEP_PROFILE_FALLBACK__", "-idirafter",
                                             clang->include, NULL});
        add_all(link, &line->arguments);
        return 0;
    }
    int status = 0;
    for (size_t i = 0; i < job.n_sources && status == 0; i++)
        status = compile(&job, i);
    if (status == 0 && !*done)
        link_instead(&job, link);
    *done |= status != 0;
    return status;
}
