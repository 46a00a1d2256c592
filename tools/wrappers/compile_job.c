/* See compile_job.h. Called by clang_compile.c and gcc_compile.c. */
#include "compile_job.h"
#include "annotation.h"
#include "filter.h"
#include "process.h"

#include <string.h>

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

static void read_facts(struct dp_job *job, const char *word, const char *next)
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
    if (strncmp(word, "-MF", 3) == 0)
        job->dependency_file = word[3] ? word + 3 : next;
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

static void add_option(struct dp_job *job, const char *word, const char *argument)
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
    if (targets[0] == &job->front) {
        dp_words_add(&job->options, word);
        if (argument)
            dp_words_add(&job->options, argument);
    }
    for (int i = 0; targets[i]; i++) {
        dp_words_add(targets[i], word);
        if (argument)
            dp_words_add(targets[i], argument);
    }
}

static void add_source(struct dp_job *job, const char *path, const char *language)
{
    if (job->n_sources == sizeof job->sources / sizeof *job->sources)
        dp_die("more than %zu sources in one command", job->n_sources);
    job->sources[job->n_sources++] = (struct dp_source){.path = path, .language = language};
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

static void read_job(struct dp_job *job, const struct dp_command_line *line)
{
    job->line = line;
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

/* ---- what is made ---- */

const char *dp_base_of(const char *path)
{
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    const char *dot = strrchr(name, '.');
    return dp_format("%.*s", dot && dot > name ? (int)(dot - name) : (int)strlen(name), name);
}

/* Where the result of a source goes. */
static const char *target_of(const struct dp_job *job, const struct dp_source *source, size_t number)
{
    const char *suffix = job->to_llvm ? (job->assembly ? "ll" : "bc") : job->assembly ? "s" : "o";
    if (!job->compile_only && !job->assembly)
        return dp_temporary(dp_format("%zu-%s.o", number, dp_base_of(source->path)));
    return job->output ? job->output : dp_format("%s.%s", dp_base_of(source->path), suffix);
}

const char *dp_job_dependency_file(const struct dp_job *job, const struct dp_source *source)
{
    const char *output = job->output;
    if (job->dependency_file)
        return job->dependency_file;
    const char *dot = output ? strrchr(output, '.') : NULL;
    const char *slash = output ? strrchr(output, '/') : NULL;
    if (dot && slash && dot < slash)
        dot = NULL;
    return output ? dp_format("%.*s.d", dot ? (int)(dot - output) : (int)strlen(output), output)
                  : dp_format("%s.d", dp_base_of(source->path));
}

void dp_job_add_dependencies(struct dp_words *command, const struct dp_job *job,
                             const struct dp_source *source)
{
    dp_words_add_all(command, &job->dependencies);
    if (!job->writes_dependencies)
        return;
    if (!job->dependency_file) {
        dp_words_add(command, "-MF");
        dp_words_add(command, dp_job_dependency_file(job, source));
    }
    if (!job->names_target) {
        dp_words_add(command, "-MT");
        dp_words_add(command,
                     job->output ? job->output : dp_format("%s.o", dp_base_of(source->path)));
    }
}

/* The language of the inputs that follow, where it is not what the link's words say so far. */
static void set_language(struct dp_words *link, const char **said, const char *language)
{
    if (*said == language || (*said && language && is(*said, language)))
        return;
    dp_words_add(link, "-x");
    dp_words_add(link, language ? language : "none");
    *said = language;
}

/* The command line with the objects of the sources in their places. */
static void link_objects(const struct dp_job *job, struct dp_words *link)
{
    const struct dp_words *flat = &job->line->flat;
    const char *language = NULL, *said = NULL;
    size_t number = 0;
    bool skip;
    for (size_t i = 0; i < flat->count; i++) {
        const char *word = flat->word[i], *next = i + 1 < flat->count ? flat->word[i + 1] : NULL;
        if (word[0] != '-' || word[1] == '\0') {
            bool ours = dp_language_of(word, language);
            set_language(link, &said, ours ? NULL : language);
            dp_words_add(link, ours ? job->sources[number++].object : word);
            continue;
        }
        if (read_language(word, next, &language, &skip)) {
            i += skip;
            continue;
        }
        bool pair = dp_takes_next(word) && next;
        if (!begins(word, dependency_options)) {
            dp_words_add(link, word);
            if (pair)
                dp_words_add(link, next);
        }
        i += pair;
    }
}

int dp_job_run(const struct dp_job_steps *steps, const struct dp_bare_compiler *compiler,
               const struct dp_command_line *line, struct dp_words *link, bool *done)
{
    static struct dp_job job;
    bool annotated = line->all;
    job.compiler = compiler;
    read_job(&job, line);
    if (line->filter)
        dp_filter_open(line->filter);
    if (line->min_size)
        dp_filter_set_min_size(line->min_size);
    *done = line->stops_early;
    for (size_t i = 0; i < job.n_sources; i++)
        annotated |= steps->has_annotations(&job, &job.sources[i], i);
    if (line->stops_early && !job.compile_only && !job.assembly)
        annotated = false; /* -E, -M, -fsyntax-only */
    if (!annotated) {
        *done = false;
        dp_words_add_list(link, (const char *const[]){"-D__DEEP_PROFILE_FALLBACK__", "-idirafter",
                                                      compiler->include, NULL});
        dp_words_add_all(link, &line->arguments);
        return 0;
    }
    int status = 0;
    for (size_t i = 0; i < job.n_sources && status == 0; i++) {
        job.sources[i].object = target_of(&job, &job.sources[i], i);
        status = steps->compile(&job, i);
    }
    if (status == 0 && !*done)
        link_objects(&job, link);
    *done |= status != 0;
    return status;
}
