/* Programs that the wrapper runs, and the files between them. */
#ifndef DEEP_PROFILE_PROCESS_H
#define DEEP_PROFILE_PROCESS_H

#include "words.h"

#include <stdbool.h>

/* Runs a command to its end; what its shell status would be. */
int dp_run(const struct dp_words *command);

/* Runs a command; what it prints on stdout, or NULL when it cannot be run or fails. `error`:
 * errno of running it, or 0. What it says on stderr is thrown away. */
char *dp_ask(const struct dp_words *command, int *error);

/* Where a program lies that is run by `name`: the name itself if it has a slash, else found in the
 * PATH. NULL: nowhere. */
const char *dp_find_program(const char *name);

/* Reads a file; NULL where it cannot be read (errno). */
char *dp_read_file(const char *path);

/* Writes a file; ends the program where it cannot. */
void dp_write_file(const char *path, const char *text);

/* The path of a file in a folder that dp_remove_temporary() removes. */
const char *dp_temporary(const char *name);
bool dp_has_temporary(void);
void dp_remove_temporary(void);

#endif
