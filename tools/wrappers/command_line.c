/*
 * Finds out what a compiler command line asks for, and takes our own options out of it.
 * Called once by deep-profile-cc.c. Understands as much of GCC's grammar as two questions
 * need: is there C or C++ to compile, and is there a link at the end? Everything else is
 * passed on unchanged, in order. A response file stays one unless it contains one of our
 * options.
 */
#include "command_line.h"
#include "process.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_RESPONSE_DEPTH 32

static bool starts_with(const char *word, const char *prefix)
{
    return strncmp(word, prefix, strlen(prefix)) == 0;
}

static bool one_of(const char *word, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(word, *list) == 0)
            return true;
    return false;
}

/* ---- response files ---- */

/* Reads one word in GCC's quoting: '…', "…", and a backslash that quotes the next
 * character, inside quotes too. Returns the end of the word. */
static const char *unquote(const char *from, char *to)
{
    char quote = '\0';
    for (; *from && (quote || !isspace((unsigned char)*from)); from++) {
        if (*from == '\\' && from[1])
            *to++ = *++from;
        else if (quote ? *from == quote : *from == '\'' || *from == '"')
            quote = quote ? '\0' : *from;
        else
            *to++ = *from;
    }
    *to = '\0';
    return from;
}

static void expand(struct dp_words *flat, const char *word, int depth)
{
    char *text = word[0] == '@' && depth < MAX_RESPONSE_DEPTH ? dp_read_file(word + 1) : NULL;
    if (!text) { /* like GCC, which takes @x for a file name when it cannot read x */
        dp_words_add(flat, word);
        return;
    }
    char *inner = malloc(strlen(text) + 1);
    if (!inner)
        dp_die("out of memory");
    const char *at = text;
    for (;;) {
        while (isspace((unsigned char)*at))
            at++;
        if (!*at)
            break;
        at = unquote(at, inner);
        expand(flat, inner, depth + 1);
    }
    free(inner);
    free(text);
}

/* ---- our own options ---- */

static bool is_ours(const char *word)
{
    return starts_with(word, "-fdeep-profile");
}

/* The value of `word` if it is NAME=VALUE; NULL if it is another option. */
static const char *value_of(const char *word, const char *name)
{
    size_t length = strlen(name);
    if (strncmp(word, name, length) != 0 || (word[length] != '=' && word[length] != 0))
        return NULL;
    if (word[length] == 0 || word[length + 1] == 0)
        dp_die("%s needs a value", name);
    return word + length + 1;
}

static void read_ours(struct dp_command_line *line, const char *word)
{
    const char *value;
    if (strcmp(word, "-fdeep-profile-verbose") == 0) {
        line->verbose = true;
    } else if ((value = value_of(word, "-fdeep-profile-filter"))) {
        line->filter = value;
    } else if ((value = value_of(word, "-fdeep-profile-min-size"))) {
        line->min_size = value;
    } else if ((value = value_of(word, "-fdeep-profile"))) {
        line->all = strcmp(value, "all") == 0;
        if (!line->all && strcmp(value, "annotated") != 0)
            dp_die("unknown value '%s' of -fdeep-profile, expected annotated or all", value);
    } else {
        dp_die("unknown option '%s', expected -fdeep-profile=annotated, -fdeep-profile=all, "
               "-fdeep-profile-filter=FILE, -fdeep-profile-min-size=N or -fdeep-profile-verbose",
               word);
    }
}

/* Refuses options that need whole-program mode. */
static void check_ours(const struct dp_command_line *line)
{
    if (line->filter && !line->all)
        dp_die("-fdeep-profile-filter goes with -fdeep-profile=all");
    if (line->min_size && !line->all)
        dp_die("-fdeep-profile-min-size goes with -fdeep-profile=all");
}

/* ---- GCC's options ---- */

static const char *const takes_next[] = {
    "-o", "-I", "-L", "-l", "-D", "-U", "-A", "-B", "-T", "-u", "-e", "-z", "-h", "-R",
    "-include", "-imacros", "-isystem", "-idirafter", "-iquote", "-iprefix", "-iwithprefix",
    "-iwithprefixbefore", "-isysroot", "-imultilib", "-imultiarch", "-MF", "-MT", "-MQ",
    "-Xlinker", "-Xassembler", "-Xpreprocessor", "--param", "-wrapper", "-aux-info", "-dumpbase",
    "-dumpbase-ext", "-dumpdir", "-G", "-specs", "--specs", "-Tbss", "-Tdata", "-Ttext",
    "--output", "--include-directory", "--library-directory", "--define-macro", "--sysroot",
    "-target", "-mllvm", "-Xclang", "-include-pch", "-ivfsoverlay", "-cxx-isystem", NULL};
static const char *const stopping[] = {"-c", "-S", "-E", "-M", "-MM", "-fsyntax-only",
                                       "--compile", "--assemble", "--preprocess",
                                       "--dependencies", "--user-dependencies", NULL};
static const char *const without_libraries[] = {"-nostdlib", "-nodefaultlibs", "-nolibc",
                                                "--no-standard-libraries", NULL};
static const char *const informing[] = {"--version", "--help", "--target-help", "-dumpversion",
                                        "-dumpfullversion", "-dumpmachine", "-dumpspecs", NULL};
static const char *const languages[] = {"c", "c++", "cpp-output", "c++-cpp-output", NULL};
static const char *const header_languages[] = {"c-header", "c++-header", "c++-system-header",
                                               "c++-user-header", NULL};
static const char *const suffixes[] = {"c", "i", "ii", "cc", "cp", "cxx", "cpp",
                                       "CPP", "c++", "C", NULL};
static const char *const header_suffixes[] = {"h", "hh", "H", "hp", "hxx", "hpp",
                                              "HPP", "h++", "tcc", NULL};

bool dp_takes_next(const char *option)
{
    return one_of(option, takes_next);
}

const char *dp_language_of(const char *input, const char *language)
{
    static const char *const names[][2] = {
        {"c", "c"},     {"i", "cpp-output"}, {"ii", "c++-cpp-output"}, {"cc", "c++"},
        {"cp", "c++"},  {"cxx", "c++"},      {"cpp", "c++"},           {"CPP", "c++"},
        {"c++", "c++"}, {"C", "c++"}};
    if (language)
        return one_of(language, languages) ? language : NULL;
    const char *name = strrchr(input, '/') ? strrchr(input, '/') + 1 : input;
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof names / sizeof *names; i++)
        if (strcmp(dot + 1, names[i][0]) == 0)
            return names[i][1];
    return NULL;
}

static void read_input(struct dp_command_line *line, const char *word, const char *language)
{
    const char *name = strrchr(word, '/') ? strrchr(word, '/') + 1 : word;
    const char *dot = strrchr(name, '.');
    const char *suffix = dot ? dot + 1 : "";
    bool header, source;
    if (language) {
        header = one_of(language, header_languages);
        source = one_of(language, languages);
    } else {
        header = one_of(suffix, header_suffixes);
        source = one_of(suffix, suffixes) || strcmp(word, "-") == 0;
    }
    line->sources += header || source;
    line->linkable += !header;
}

/* -Wl,-r and -Xlinker -r mean the same as -r. */
static bool linker_relocates(const char *option)
{
    return one_of(option, (const char *const[]){"-r", "-i", "--relocatable", NULL}) ||
           strstr(option, ",-r,") || strstr(option, ",--relocatable") ||
           (strlen(option) > 3 && strcmp(option + strlen(option) - 3, ",-r") == 0);
}

static void read_option(struct dp_command_line *line, const char *word, const char *next)
{
    if (one_of(word, stopping))
        line->stops_early = true;
    else if (one_of(word, informing) || starts_with(word, "-print-") ||
             starts_with(word, "--print-") || starts_with(word, "--help="))
        line->informs = true;
    else if (one_of(word, without_libraries))
        line->no_libraries = true;
    else if (strcmp(word, "-shared") == 0 || strcmp(word, "--shared") == 0)
        line->shared = true;
    else if (strcmp(word, "-static") == 0 || strcmp(word, "--static") == 0 ||
             strcmp(word, "-static-pie") == 0)
        line->fully_static = true;
    else if (strcmp(word, "-r") == 0 || (starts_with(word, "-Wl,") && linker_relocates(word)) ||
             (strcmp(word, "-Xlinker") == 0 && next && linker_relocates(next)))
        line->relocatable = true;
    else if (starts_with(word, "-l") || (starts_with(word, "-Wl,") && strstr(word, ",@")) ||
             (strcmp(word, "-Xlinker") == 0 && next && next[0] == '@'))
        line->linkable++; /* "@FILE" lists inputs */
}

/* The language that -x (or --language) sets; NULL means that the suffix decides. */
static const char *language_named(const char *name)
{
    return strcmp(name, "none") == 0 ? NULL : name;
}

static void classify(struct dp_command_line *line, const struct dp_words *flat)
{
    const char *language = NULL;
    for (size_t i = 0; i < flat->count; i++) {
        const char *word = flat->word[i];
        const char *next = i + 1 < flat->count ? flat->word[i + 1] : NULL;
        if (word[0] != '-' || word[1] == '\0') {
            read_input(line, word, language);
        } else if (strcmp(word, "-x") == 0 || strcmp(word, "--language") == 0) {
            language = next ? language_named(next) : NULL;
            i++;
        } else if (starts_with(word, "-x")) {
            language = language_named(word + 2);
        } else if (starts_with(word, "--language=")) {
            language = language_named(strchr(word, '=') + 1);
        } else {
            read_option(line, word, next);
            i += one_of(word, takes_next);
        }
    }
}

/* An option's argument is never ours, even when it looks like it: -o -fdeep-profile=x */
static size_t take_out(struct dp_command_line *line, const struct dp_words *from, bool obey)
{
    size_t taken = 0;
    line->arguments.count = 0;
    for (size_t i = 0; i < from->count; i++) {
        const char *word = from->word[i];
        if (is_ours(word)) {
            taken++;
            if (obey)
                read_ours(line, word);
            continue;
        }
        dp_words_add(&line->arguments, word);
        if (one_of(word, takes_next) && i + 1 < from->count)
            dp_words_add(&line->arguments, from->word[++i]);
    }
    return taken;
}

void dp_command_line_parse(struct dp_command_line *line, int argc, char **argv)
{
    struct dp_words given = {0}, flat = {0};
    *line = (struct dp_command_line){0};
    for (int i = 1; i < argc; i++) {
        dp_words_add(&given, argv[i]);
        expand(&flat, argv[i], 0);
    }
    classify(line, &flat);
    size_t all = take_out(line, &flat, true);
    line->flat = line->arguments;
    line->arguments = (struct dp_words){0};
    if (take_out(line, &given, false) != all)
        /* some are inside response files: replace those by their contents */
        take_out(line, &flat, false);
    check_ours(line);
}
