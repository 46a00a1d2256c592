/*
 * deep-profile: reads what profiled programs left behind.
 *
 * The command line, from the table of verbs.def; each verb is in its cmd_*.c.
 */
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/json_text.h"

#include "base/clean.h"
#include "commands/command.h"

static const struct verb {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *what;
} verbs[] = {
#define DP_VERB(name, what) {#name, dp_cmd_##name, what},
#include "commands/verbs.def"
};

#define N_VERBS (sizeof verbs / sizeof *verbs)

static void usage(FILE *out)
{
    fputs("Usage: deep-profile VERB [OPTION...] [DIR]\n\n", out);
    for (size_t i = 0; i < N_VERBS; i++)
        fprintf(out, "  %-9s %s\n", verbs[i].name, verbs[i].what);
    fputs("\nDIR is a log, or a folder that holds several; without it, the newest\n"
          "deep-profile.* here. 'deep-profile VERB --help' has the options of a verb.\n"
          "Exit status: 0 fine, 1 a check failed, 2 usage, 3 no or unreadable data.\n",
          out);
}

static const struct verb *find(const char *name)
{
    for (size_t i = 0; i < N_VERBS; i++)
        if (strcmp(verbs[i].name, name) == 0)
            return &verbs[i];
    return NULL;
}

/* True for an unknown option that contains characters which a terminal obeys: getopt would
 * print them unchanged. A file may have such a name, and a shell's * passes it as an
 * argument. */
static bool is_hostile_option(const char *argument)
{
    const unsigned char *s = (const unsigned char *)argument;
    size_t left = *s == '-' ? strlen(argument) : 0;

    for (size_t n; left > 0; s += n, left -= n) {
        n = dp_utf8_length(s, left);
        if (n == 0 ? *s < 0xa0 : dp_code_is_obeyed(dp_utf8_code(s, n)))
            return true;
        n = n ? n : 1;
    }
    return false;
}

static int run(const struct verb *verb, int argc, char **argv)
{
    char name[64];

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0 && verb->run != dp_cmd_diff) /* its options may follow */
            break;
        if (is_hostile_option(argv[i])) {
            dp_error("no option '%s'", argv[i]);
            return DP_EXIT_USAGE;
        }
        if (verb->run == dp_cmd_record && *argv[i] != '-')
            break; /* the program's own arguments follow */
    }

    /* argp names itself by argv[0] in messages and help. */
    snprintf(name, sizeof name, "deep-profile %s", verb->name);
    argv[0] = name;
    argp_err_exit_status = DP_EXIT_USAGE;
    int status = verb->run(argc, argv);
    if ((fflush(stdout) != 0 || ferror(stdout)) && status == DP_EXIT_OK) {
        dp_error("cannot write: %s", strerror(errno));
        status = DP_EXIT_DATA;
    }
    return status;
}

int main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "");
    dp_clean_to_ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0 &&
                        (isatty(STDOUT_FILENO) || isatty(STDERR_FILENO));
    if (argc < 2) {
        usage(stderr);
        return DP_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        (strcmp(argv[1], "help") == 0 && argc == 2)) {
        usage(stdout);
        return DP_EXIT_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("deep-profile " DP_VERSION);
        return DP_EXIT_OK;
    }
    if (strcmp(argv[1], "help") == 0) {
        argv[1] = argv[2];
        argv[2] = (char[]){"--help"};
    }
    const struct verb *verb = find(argv[1]);
    if (!verb) {
        dp_error("no verb '%s'; 'deep-profile --help' lists them", argv[1]);
        return DP_EXIT_USAGE;
    }
    return run(verb, argc - 1, argv + 1);
}
