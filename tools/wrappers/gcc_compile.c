/*
 * See gcc_compile.h. What a person writes, preprocessed, and what goes in (> … <):
 *
 *     __attribute__((__warning__("deep_profile:" "profile_calls:")))    blanked
 *     int twice(int a)
 *     >{struct __deep_profile_call __deep_profile_call
 *         __attribute__((cleanup(__deep_profile_leave_0))) = __deep_profile_enter_0();<
 *     {
 *         return 2 * a;
 *     }>}<
 *
 * The steps for each source that has annotations:
 *
 *     gcc -E      what is annotated is found in the text (c_functions.h)
 *     gcc         the source as it is: every message comes from here, and dependencies
 *     gcc -w      the text with gates: the object
 *
 * If we misread the source, its own messages come first, and then one that blames deep-profile.
 */
#include "gcc_compile.h"
#include "c_functions.h"
#include "clang_attributes.h"
#include "common/attribute.h"
#include "filter.h"
#include "gcc_gate.h"
#include "process.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is(const char *word, const char *other)
{
    return strcmp(word, other) == 0;
}

static bool is_preprocessed(const struct dp_source *source)
{
    return strstr(source->language, "cpp-output") != NULL;
}

static bool is_cxx(const struct dp_source *source)
{
    return strstr(source->language, "c++") != NULL;
}

static struct dp_words compiler_with(const struct dp_job *job, const struct dp_words *options)
{
    struct dp_words command = {0};
    dp_words_add_all(&command, job->compiler->command);
    dp_words_add_all(&command, options);
    return command;
}

/* The preprocessed source, with its annotations; NULL: it has mistakes. */
static char *preprocess(const struct dp_job *job, const struct dp_source *source)
{
    struct dp_words command = compiler_with(job, &job->options);
    int error;
    if (is_preprocessed(source))
        return dp_read_file(source->path);
    dp_words_add_list(&command, (const char *const[]){
        "-D__DEEP_PROFILE_FALLBACK__", "-idirafter", job->compiler->include, "-w", "-E", "-o", "-",
        "-x", source->language, source->path, NULL});
    return dp_ask(&command, &error);
}

static bool has_annotations(const struct dp_job *job, struct dp_source *source, size_t number)
{
    (void)number;
    if (is(source->path, "-"))
        return true; /* stdin can be read only once: keep_stdin() finds out */
    char *text = preprocess(job, source), *spelled = text ? dp_spell_attributes(text) : NULL;
    source->own_spelling = spelled != NULL;
    source->text = spelled ? spelled : text;
    return source->text && strstr(source->text, "\"" DP_ANNOTATION_PREFIX);
}

/* ---- weaving ---- */

static bool is_wanted(const struct dp_job *job, const struct dp_c_function *function)
{
    if (function->made.count > 0)
        return true;
    return job->line->all && !function->system && !function->constant && !function->excluded &&
           !function->why_not &&
           dp_filter_takes(function->made.name, function->made.file, function->size);
}

/* Chooses the functions that get gates, in their order. False: one that is annotated cannot. */
static bool choose(const struct dp_job *job, const struct dp_c_source *text,
                   struct dp_gcc_gate *gates, size_t *count)
{
    bool right = true;
    *count = 0;
    for (size_t i = 0; i < text->n_functions; i++) {
        const struct dp_c_function *function = &text->functions[i];
        struct dp_gcc_gate gate = {.made = &function->made, .number = (unsigned)i,
                                   .all = function->made.count == 0,
                                   .constant = function->constant};
        if (!is_wanted(job, function))
            continue;
        if (function->why_not) {
            dp_error_at(function->made.file, function->made.line,
                        "'%s' cannot be profiled: it %s", function->made.name,
                        function->why_not);
            right = false;
        }
        if (job->line->verbose)
            dp_print_taken(&function->made);
        gates[(*count)++] = gate;
    }
    return right;
}

/* An insertion. */
struct edit {
    const char *at;
    const struct dp_gcc_gate *begins; /* NULL: a function ends */
    size_t order;
};

static int by_place(const void *a, const void *b)
{
    const struct edit *one = a, *other = b;
    if (one->at != other->at)
        return one->at < other->at ? -1 : 1;
    return one->order < other->order ? -1 : 1;
}

/* Before the program's first declaration, but behind the line that names the source. */
static const char *after_first_lines(const char *text)
{
    const char *at = text;
    while (*at == '#' && strchr(at, '\n')) {
        const char *end = strchr(at, '\n') + 1;
        bool names_folder = end - at > 4 && strncmp(end - 4, "//\"", 3) == 0;
        if (at != text && !names_folder)
            break;
        at = end;
    }
    return at;
}

/* The thunks of x86-64 lose r10 and r11, which a program may have reserved. */
static bool can_jump(const struct dp_job *job)
{
    struct dp_words command = compiler_with(job, &(struct dp_words){0});
    int error;
    dp_words_add(&command, "-dumpmachine");
    const char *machine = dp_ask(&command, &error);
    for (size_t i = 0; i < job->options.count; i++)
        if (is(job->options.word[i], "-ffixed-r10") || is(job->options.word[i], "-ffixed-r11"))
            return false;
    return machine && strncmp(machine, "x86_64", 6) == 0;
}

static void write_prologue(const struct dp_job *job, const struct dp_source *source,
                           const struct dp_gcc_gate *gates, size_t count, FILE *out)
{
    const struct dp_gcc_target target = {.major = job->compiler->major, .cxx = is_cxx(source),
                                         .thunks = can_jump(job)};
    if (count == 0)
        return;
    fputs("# 1 \"<deep-profile>\" 3\n", out);
    dp_gcc_gate_begin(&target, out);
    for (size_t i = 0; i < count; i++)
        dp_gcc_gate_site(&target, &gates[i], out);
    if (*source->text == '#')
        fprintf(out, "%.*s\n", (int)strcspn(source->text, "\n"), source->text);
    else
        fprintf(out, "# 1 \"%s\"\n", source->path);
}

static void write_edits(const struct dp_c_source *text, const struct dp_gcc_gate *gates,
                        size_t count, const char *from, FILE *out)
{
    struct edit *edits = calloc(2 * count + 1, sizeof *edits);
    if (!edits)
        dp_die("out of memory");
    for (size_t i = 0; i < count; i++) {
        const struct dp_c_function *function = &text->functions[gates[i].number];
        const struct dp_token *open = &text->tokens.token[function->open],
                              *close = &text->tokens.token[function->close];
        edits[2 * i] = (struct edit){open->at, &gates[i], i};
        edits[2 * i + 1] = (struct edit){close->at + 1, NULL, i};
    }
    qsort(edits, 2 * count, sizeof *edits, by_place);
    for (size_t i = 0; i < 2 * count; i++) {
        fwrite(from, 1, (size_t)(edits[i].at - from), out);
        from = edits[i].at;
        putc(edits[i].begins ? '{' : '}', out);
        if (edits[i].begins)
            dp_gcc_gate_variable(edits[i].begins, out);
    }
    fputs(from, out);
    free(edits);
}

/* Writes the text with gates; false: it has mistakes, which were printed. */
static bool weave(const struct dp_job *job, struct dp_source *source, const char *to)
{
    struct dp_c_source text;
    size_t count;
    if (!dp_c_read(&text, source->text, is_cxx(source))) {
        if (text.unreadable)
            dp_error_at(source->path, 1, "deep-profile cannot read it: its brackets do not match");
        return false;
    }
    struct dp_gcc_gate *gates = calloc(text.n_functions + 1, sizeof *gates);
    FILE *out = fopen(to, "w");
    if (!gates || !out)
        dp_die("cannot write '%s': %s", to, strerror(errno));
    bool right = choose(job, &text, gates, &count);
    const char *body = after_first_lines(source->text);
    fwrite(source->text, 1, (size_t)(body - source->text), out);
    write_prologue(job, source, gates, count, out);
    write_edits(&text, gates, count, body, out);
    if (ferror(out) || fclose(out) != 0)
        dp_die("cannot write '%s': %s", to, strerror(errno));
    return right;
}

/* ---- steps ---- */

static void add_step(struct dp_words *command, const struct dp_job *job, const char *language,
                     const char *from, const char *to)
{
    dp_words_add_list(command, (const char *const[]){job->assembly ? "-S" : "-c", "-o", to, "-x",
                                                     language, from, NULL});
}

/* Compiles the source without gates, for its messages. Where the source itself spells our
 * attributes, which GCC does not know, it compiles the preprocessed text without them. */
static int compile_plainly(const struct dp_job *job, const struct dp_source *source,
                           const char *preprocessed)
{
    struct dp_words command = compiler_with(job, &job->options);
    if (source->own_spelling || is_preprocessed(source)) {
        add_step(&command, job, is_cxx(source) ? "c++-cpp-output" : "cpp-output", preprocessed,
                 source->object);
    } else {
        dp_job_add_dependencies(&command, job, source);
        dp_words_add_list(&command, (const char *const[]){"-idirafter", job->compiler->include,
                                                          NULL});
        if (job->saves)
            dp_words_add(&command, "-save-temps");
        add_step(&command, job, source->language, source->path, source->object);
    }
    return dp_run(&command);
}

/* Writes dependencies where compile_plainly() does not: it compiles the preprocessed text. */
static int write_dependencies(const struct dp_job *job, const struct dp_source *source)
{
    struct dp_words command = compiler_with(job, &job->options);
    if (!job->writes_dependencies || !source->own_spelling)
        return 0;
    dp_job_add_dependencies(&command, job, source);
    dp_words_add_list(&command, (const char *const[]){
        "-idirafter", job->compiler->include, "-w", "-E", "-o", "/dev/null", "-x",
        source->language, source->path, NULL});
    return dp_run(&command);
}

/* The filter file decides about the object, too: it goes behind the target of the rule. */
static void add_filter_to_dependencies(const struct dp_job *job, const struct dp_source *source)
{
    const char *path = dp_job_dependency_file(job, source);
    const char *rule = job->writes_dependencies && job->line->filter ? dp_read_file(path) : NULL;
    const char *behind = rule ? strstr(rule, ": ") : NULL;
    if (behind)
        dp_write_file(path, dp_format("%.*s: %s%s", (int)(behind - rule), rule, job->line->filter,
                                      behind + 1));
}

static int compile_woven(const struct dp_job *job, const struct dp_source *source,
                         const char *woven)
{
    struct dp_words kept = {0};
    for (size_t i = 0; i < job->options.count; i++) {
        const char *word = job->options.word[i];
        if (strncmp(word, "-Werror", 7) != 0 && !is(word, "-pedantic-errors"))
            dp_words_add(&kept, word);
    }
    struct dp_words command = compiler_with(job, &kept);
    dp_words_add(&command, "-w");
    add_step(&command, job, is_cxx(source) ? "c++-cpp-output" : "cpp-output", woven,
             source->object);
    return dp_run(&command);
}

static const char *text_path(const struct dp_job *job, const struct dp_source *source,
                             size_t number, const char *suffix)
{
    const char *name = dp_format("%s.deep-profile%s.i%s", dp_base_of(source->path), suffix,
                                 is_cxx(source) ? "i" : "");
    return job->saves ? name : dp_temporary(dp_format("%zu-%s", number, name));
}

/* Keeps what comes by stdin, because several steps read it. */
static void keep_stdin(const struct dp_job *job, struct dp_source *source, size_t number)
{
    const char *kept = dp_temporary(dp_format("%zu-stdin.%s", number, is_cxx(source) ? "cc" : "c"));
    char *text = dp_read_file("/dev/stdin");
    dp_write_file(kept, text ? text : "");
    source->path = kept;
    has_annotations(job, source, number);
}

static int compile(struct dp_job *job, size_t number)
{
    struct dp_source *source = &job->sources[number];
    if (is(source->path, "-"))
        keep_stdin(job, source, number);
    const char *plain = text_path(job, source, number, "-plain");
    const char *woven = text_path(job, source, number, "");
    bool right = source->text && weave(job, source, woven);
    if (source->text && (source->own_spelling || is_preprocessed(source)))
        dp_write_file(plain, source->text); /* the annotations are blanked out now */
    int status = write_dependencies(job, source);
    if (status == 0)
        status = compile_plainly(job, source, plain);
    if (status == 0 && !right) {
        remove(source->object);
        status = 1;
    }
    if (status != 0)
        return status;
    add_filter_to_dependencies(job, source);
    status = compile_woven(job, source, woven);
    if (status != 0) {
        remove(source->object);
        dp_error_at(source->path, 1, "deep-profile could not insert its gates: the messages above "
                                     "are about the source as it changed it");
    }
    return status;
}

int dp_gcc_compile(const struct dp_bare_compiler *gcc, const struct dp_command_line *line,
                   struct dp_words *link, bool *done)
{
    static const struct dp_job_steps steps = {has_annotations, compile};
    return dp_job_run(&steps, gcc, line, link, done);
}
