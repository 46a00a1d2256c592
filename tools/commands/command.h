/*
 * The verbs, and what their command lines have in common.
 *
 * Each cmd_*.c has one verb: it parses its arguments with argp, does its work
 * and returns the exit status (enum dp_exit; record: the program's own).
 */
#ifndef DP_TOOLS_COMMAND_H
#define DP_TOOLS_COMMAND_H

#include <argp.h>
#include <stdbool.h>

#include "log/log_dir.h"
#include "base/message.h"

/* int dp_cmd_NAME(int argc, char **argv) of every verb: returns the exit status. */
#define DP_VERB(name, what) int dp_cmd_##name(int argc, char **argv);
#include "verbs.def"

/* --format and DIR: a child of a verb's own argp. */
struct dp_common {
    bool json;
    const char *path; /* NULL: not given */
};

extern const struct argp dp_common_argp;

/* The parser of a verb that has no options of its own, only dp_common_argp's. */
error_t dp_parse_common_only(int key, char *value, struct argp_state *state);

/* argp_error() whose message may quote anything. */
void dp_usage_error(const struct argp_state *state, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A whole number from 0, or dp_usage_error(). */
unsigned long dp_parse_number(struct argp_state *state, const char *option, const char *text);

#endif
