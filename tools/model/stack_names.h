/* Names of the frames of stacks, by what the room symbols finds in the modules' files. */
#ifndef DP_TOOLS_STACK_NAMES_H
#define DP_TOOLS_STACK_NAMES_H

#include "stacks.h"

/* Gives every stack its frames: names, files, lines, inlined functions. Strings belong to
 * `stacks`. After dp_stacks_settle(). Stacks that have frames keep them: more stacks may be
 * added and named later. */
void dp_stacks_name(struct dp_stacks *stacks);

/* What is wrong with the i-th file that names were looked for in; "": nothing; NULL: there
 * is no such file. */
const char *dp_stacks_problem(const struct dp_stacks *stacks, size_t i);

#endif
