/* Names the frames of stacks: tools/symbols finds the names in the modules' files. */
#ifndef DP_TOOLS_STACK_NAMES_H
#define DP_TOOLS_STACK_NAMES_H

#include "stacks.h"

/* Gives every stack its frames: names, files, lines, inlined functions. The strings belong to
 * `stacks`. Call it after dp_stacks_settle(). Stacks that have frames already keep them, so more
 * stacks may be added and named later. */
void dp_stacks_name(struct dp_stacks *stacks);

/* What is wrong with the i-th file that was searched for names; "": nothing; NULL: there are
 * fewer files. */
const char *dp_stacks_problem(const struct dp_stacks *stacks, size_t i);

#endif
