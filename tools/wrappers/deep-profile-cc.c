/*
 * deep-profile-cc, deep-profile-c++: the compiler, with deep-profile's flags. Used in place
 * of a compiler (`make CC=deep-profile-cc`). Adds the plugin where C or C++ is compiled and
 * the runtime where something is linked, then becomes the real compiler. Prints nothing but
 * errors, and passes on every argument except -fdeep-profile… unchanged.
 */
#include "cache_key.h"
#include "clang_compile.h"
#include "command_line.h"
#include "gcc_compile.h"
#include "layout.h"
#include "process.h"
#include "words.h"
#include "wrapper-config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef DP_WRAPS_CXX
#define VARIABLE "DEEP_PROFILE_CXX"
#define COMPILER DP_TARGET_PREFIX "g++"
#else
#define VARIABLE "DEEP_PROFILE_CC"
#define COMPILER DP_TARGET_PREFIX "gcc"
#endif

/* Set while we run, so that a "compiler" that is this program again is noticed instead of
 * running itself for ever. */
#define RUNNING "DEEP_PROFILE_WRAPPER_RUNNING"

#define MAX_MAJORS 16

/* The real compiler: its command, and its version: of a GCC the plugin must fit it. */
struct compiler {
    struct dp_words command; /* "ccache gcc" is two words */
    int major;               /* 0: not a GCC; -1: cannot be run */
    int clang;               /* the major version of a clang; 0: it is none */
    int error;               /* errno of that */
};

static void split(struct dp_words *words, const char *text)
{
    char *copy = dp_format("%s", text), *rest = copy;
    for (char *word; (word = strsep(&rest, " \t"));)
        if (*word)
            dp_words_add(words, word);
}

static char *ask(const struct compiler *compiler, const char *question, int *error)
{
    struct dp_words argv = {0};
    for (size_t i = 0; i < compiler->command.count; i++)
        dp_words_add(&argv, compiler->command.word[i]);
    dp_words_add(&argv, question);
    return dp_ask(&argv, error);
}

/* Only GCC (7 and later) knows -dumpfullversion; clang is asked only if it is none. That
 * takes half a millisecond, so the answer is not cached. */
static void ask_version(struct compiler *compiler)
{
    const char *answer = ask(compiler, "-dumpfullversion", &compiler->error);
    compiler->major = compiler->error ? -1 : 0;
    if (answer && sscanf(answer, "%d.", &compiler->major) == 1)
        return;
    if (compiler->major == 0 && (answer = ask(compiler, "--version", &compiler->error)))
        answer = strstr(answer, "clang version ");
    if (answer)
        sscanf(answer, "clang version %d.", &compiler->clang);
}

/* "gcc-12 or gcc-11", for messages. */
static const char *usable_compilers(const struct dp_layout *layout)
{
    int majors[MAX_MAJORS];
    size_t count = dp_layout_majors(layout, majors, MAX_MAJORS);
    const char *list = "";
    for (size_t i = 0; i < count; i++)
        list = dp_format("%s%s" COMPILER "-%d", list,
                         i == 0           ? ""
                         : i + 1 == count ? " or "
                                          : ", ",
                         majors[i]);
    return list;
}

static _Noreturn void die_without_compiler(const struct dp_layout *layout,
                                           const struct compiler *compiler, const char *name)
{
    const char *usable = usable_compilers(layout);
    if (compiler->major < 0)
        dp_die("cannot run '%s': %s", name, strerror(compiler->error));
    dp_die("'%s' is neither a GCC nor a clang: set " VARIABLE " to %s", name,
           *usable ? usable : COMPILER);
}

/* The plugin for the compiler; NULL: there is none, or none is wanted. */
static const char *plugin_for(const struct dp_layout *layout, const struct compiler *compiler)
{
    const char *wish = getenv("DEEP_PROFILE_PLUGIN");
    if (wish && strcmp(wish, "none") != 0)
        dp_die("unknown value '%s' of DEEP_PROFILE_PLUGIN, expected none", wish);
    return wish || compiler->major <= 0 ? NULL : dp_layout_plugin(layout, compiler->major);
}

/* Chooses the compiler when DEEP_PROFILE_CC is not set: `gcc`, or the newest gcc-N that has
 * a plugin if `gcc` has none. */
static void choose_default(const struct dp_layout *layout, struct compiler *compiler)
{
    dp_words_add(&compiler->command, COMPILER);
    ask_version(compiler);
    if (plugin_for(layout, compiler) || getenv("DEEP_PROFILE_PLUGIN"))
        return;
    int majors[MAX_MAJORS];
    size_t count = dp_layout_majors(layout, majors, MAX_MAJORS);
    for (size_t i = 0; i < count; i++) {
        struct compiler other = {0};
        dp_words_add(&other.command, dp_format(COMPILER "-%d", majors[i]));
        ask_version(&other);
        if (other.major == majors[i]) {
            *compiler = other;
            return;
        }
    }
}

static void add_compile_flags(struct dp_words *argv, const struct dp_command_line *line,
                              const struct dp_layout *layout, const char *plugin)
{
    dp_words_add(argv, dp_format("-fplugin=%s", plugin));
    if (line->verbose)
        dp_words_add(argv, "-fplugin-arg-deep_profile-verbose");
    if (line->all)
        dp_words_add(argv, "-fplugin-arg-deep_profile-all");
    if (line->filter) {
        const char *key = dp_file_key(line->filter);
        dp_words_add(argv, dp_format("-fplugin-arg-deep_profile-filter=%s", line->filter));
        if (key)
            dp_words_add(argv, dp_format("-fplugin-arg-deep_profile-filter-key=%s", key));
    }
    if (line->min_size)
        dp_words_add(argv, dp_format("-fplugin-arg-deep_profile-min-size=%s", line->min_size));
    /* -idirafter: the prefix may also hold headers of other projects. */
    dp_words_add(argv, "-idirafter");
    dp_words_add(argv, layout->include);
}

/* -Xlinker keeps an option in its place, and -x does not take it for an input. */
static void add_linker(struct dp_words *argv, const char *option)
{
    dp_words_add(argv, "-Xlinker");
    dp_words_add(argv, option);
}

static void add_static_runtime(struct dp_words *argv, const struct dp_layout *layout)
{
    /* A static program has no second malloc to put in front of libc's, so the
     * linker sends every call of these functions through the runtime. */
    static const char *const wrapped[] = {DP_WRAPPED_FUNCTIONS, NULL};
    for (const char *const *function = wrapped; *function; function++)
        add_linker(argv, dp_format("--wrap=%s", *function));
    /* The whole archive: libc's own calls of malloc need the runtime, but come after it. */
    dp_layout_check_release(layout, "libdeep_profile.a");
    add_linker(argv, "--push-state");
    add_linker(argv, "--whole-archive");
    add_linker(argv, dp_format("%s/libdeep_profile.a", layout->runtime));
    add_linker(argv, "--pop-state");
}

static void add_shared_runtime(struct dp_words *argv, const struct dp_command_line *line,
                               const struct dp_layout *layout)
{
    /* A program always links it: its libraries may be annotated, and its malloc must be
     * found before libc's. A library links it only if it has annotated functions. */
    dp_layout_check_release(layout, "libdeep_profile.so");
    add_linker(argv, "--push-state");
    add_linker(argv, line->shared ? "--as-needed" : "--no-as-needed");
    add_linker(argv, dp_format("%s/libdeep_profile.so", layout->runtime));
    add_linker(argv, "--pop-state");
    if (layout->needs_rpath) {
        add_linker(argv, "-rpath");
        add_linker(argv, layout->runtime);
    }
}

static bool links(const struct dp_command_line *line)
{
    if (line->informs || line->stops_early || line->relocatable || line->linkable == 0)
        return false;
    /* -nostdlib ends the matter for programs only: libtool uses it for C++ libraries and
     * names the libraries itself, while a program without libc cannot be profiled. */
    return line->shared ? !line->fully_static : !line->no_libraries;
}

static void choose_compiler(const struct dp_layout *layout, struct compiler *compiler,
                            bool compiles, const char *wish)
{
    split(&compiler->command, wish ? wish : "");
    if (compiler->command.count == 0)
        choose_default(layout, compiler);
    else if (compiles)
        ask_version(compiler);
    if (compiles && !compiler->clang && compiler->major <= 0)
        die_without_compiler(layout, compiler, compiler->command.word[0]);
}

static bool has(const struct dp_command_line *line, const char *word)
{
    for (size_t i = 0; i < line->flat.count; i++)
        if (strcmp(line->flat.word[i], word) == 0)
            return true;
    return false;
}

static bool is_for_musl(const struct dp_command_line *line, const struct compiler *compiler)
{
    for (size_t i = 0; i < compiler->command.count; i++)
        if (strstr(compiler->command.word[i], "musl"))
            return true;
    for (size_t i = 0; i < line->flat.count; i++) {
        const char *word = line->flat.word[i];
        if ((strncmp(word, "--target=", 9) == 0 || strncmp(word, "-specs", 6) == 0 ||
             (i > 0 && strcmp(line->flat.word[i - 1], "-target") == 0)) &&
            strstr(word, "musl"))
            return true;
    }
    return false;
}

/* Programs that the runtime cannot be in: they would link and then not load. */
static void refuse_other_abis(const struct dp_command_line *line, const struct compiler *compiler)
{
    if (line->informs)
        return;
    if (has(line, "-m32") || has(line, "-mx32"))
        dp_die("32-bit programs cannot be profiled: leave out %s, or compile with '%s' itself",
               has(line, "-m32") ? "-m32" : "-mx32", compiler->command.word[0]);
    if (is_for_musl(line, compiler))
        dp_die("programs for musl cannot be profiled, the runtime is glibc's: compile with '%s' "
               "itself", compiler->command.word[0]);
}

/* The compiler dies of a signal from the terminal, and what it left is to be removed. */
static void stay(int signal)
{
    (void)signal;
}

/* Runs the command, and then does what is left to do after it. */
static int run_and_end(const struct dp_words *command, const struct dp_command_line *line,
                       const struct compiler *compiler, const char *plugin)
{
    int status = dp_run(command);
    if (status == 0 && dp_cache_asks(line))
        dp_cache_answer(line, &compiler->command, plugin);
    dp_remove_temporary();
    return status;
}

/* Compiles, and makes the rest of it the command line. Ends the program if nothing is left. */
static void compile_without_plugin(struct dp_command_line *line, const struct dp_layout *layout,
                                   const struct compiler *compiler)
{
    const struct dp_bare_compiler bare = {
        &compiler->command, compiler->clang ? compiler->clang : compiler->major, layout->include};
    struct dp_words link = {0};
    bool done;
    if (has(line, "-v"))
        fprintf(stderr, "deep-profile: '%s' is %s %d: gates without a plugin, see fallback.md\n",
                compiler->command.word[0], compiler->clang ? "clang" : "GCC", bare.major);
    signal(SIGINT, stay);
    signal(SIGTERM, stay);
    signal(SIGHUP, stay);
    int status = (compiler->clang ? dp_clang_compile : dp_gcc_compile)(&bare, line, &link, &done);
    line->arguments = link;
    if (done) {
        dp_remove_temporary();
        exit(status);
    }
}

int main(int argc, char **argv)
{
    struct dp_command_line line;
    struct dp_layout layout;
    struct compiler compiler = {0};
    const char *wish = getenv(VARIABLE);

    if (getenv(RUNNING))
        dp_die("runs itself: " VARIABLE " must name the real compiler, not '%s'",
               wish ? wish : COMPILER);
    setenv(RUNNING, "1", 1);
    dp_command_line_parse(&line, argc, argv);
    dp_layout_find(&layout);
    /* With -flto, whole-program mode instruments at the link, also at one with -r. */
    bool late = line.all && !line.stops_early && line.linkable > 0;
    bool compiles = !line.informs && (line.sources > 0 || late);
    choose_compiler(&layout, &compiler, compiles, wish);
    refuse_other_abis(&line, &compiler);
    const char *plugin = compiles ? plugin_for(&layout, &compiler) : NULL;
    if (compiles && !plugin && line.sources > 0)
        compile_without_plugin(&line, &layout, &compiler);

    struct dp_words command = {0};
    for (size_t i = 0; i < compiler.command.count; i++)
        dp_words_add(&command, compiler.command.word[i]);
    if (links(&line) && !line.shared && !line.fully_static)
        add_shared_runtime(&command, &line, &layout); /* first, before any other malloc */
    for (size_t i = 0; i < line.arguments.count; i++)
        dp_words_add(&command, line.arguments.word[i]);
    if (plugin)
        add_compile_flags(&command, &line, &layout, plugin);
    if (links(&line) && line.fully_static)
        add_static_runtime(&command, &layout);
    else if (links(&line) && line.shared)
        add_shared_runtime(&command, &line, &layout);
    if (dp_has_temporary() || dp_cache_asks(&line))
        return run_and_end(&command, &line, &compiler, plugin);
    execvp(command.word[0], command.word);
    dp_die("cannot run '%s': %s", command.word[0], strerror(errno));
}
