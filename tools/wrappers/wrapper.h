/*
 * deep-profile-cc and deep-profile-c++: what its three files share.
 *
 * deep-profile-cc.c decides and executes the compiler, command_line.c
 * understands what the user asked it for, layout.c finds our files. Memory is
 * never freed: the process becomes the compiler, or ends.
 */
#ifndef DEEP_PROFILE_WRAPPER_H
#define DEEP_PROFILE_WRAPPER_H

#include <stdbool.h>
#include <stddef.h>

/* A growing, NULL-terminated list of arguments. */
struct dp_words {
    char **word;
    size_t count;
    size_t room;
};

void dp_words_add(struct dp_words *words, const char *word);

/* printf into memory that stays. */
char *dp_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints "PROGRAM: message" and ends with status 1. */
_Noreturn void dp_die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What a compiler command line asks for. */
struct dp_command_line {
    struct dp_words arguments; /* what the compiler gets, our options taken out */
    size_t sources;            /* C and C++ inputs: the plugin has work */
    size_t linkable;           /* inputs that end up in a link */
    bool informs;              /* --version and the like: nothing is built */
    bool stops_early;          /* -c, -S, -E, -M …: no link */
    bool shared;
    bool relocatable; /* -r */
    bool fully_static;
    bool no_libraries; /* -nostdlib, -nodefaultlibs, -nolibc */
    bool verbose;      /* -fdeep-profile-verbose */
    bool all;          /* -fdeep-profile=all */
    const char *filter;   /* -fdeep-profile-filter=FILE, or NULL */
    const char *min_size; /* -fdeep-profile-min-size=N, or NULL */
};

/* Reads response files, too. Ends the program when one of our options is wrong. */
void dp_command_line_parse(struct dp_command_line *line, int argc, char **argv);

/* Where our files lie: in an installation, or in a build folder. */
struct dp_layout {
    const char *self;    /* this program */
    const char *include; /* folder of deep_profile.h */
    const char *plugins; /* folder of gcc-MAJOR/deep_profile.so */
    const char *runtime; /* folder of libdeep_profile.so and .a */
    bool needs_rpath;    /* the loader does not look into `runtime` by itself */
};

void dp_layout_find(struct dp_layout *layout);

/* The plugin for this major version of GCC, or NULL. */
const char *dp_layout_plugin(const struct dp_layout *layout, int major);

/* Major versions that a plugin is there for, newest first; returns how many. */
size_t dp_layout_majors(const struct dp_layout *layout, int *majors, size_t room);

#endif
