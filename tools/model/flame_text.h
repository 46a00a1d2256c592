/* Reads folded stacks, lines of "outermost;…;innermost WEIGHT", which many tools write. */
#ifndef DP_TOOLS_FLAME_TEXT_H
#define DP_TOOLS_FLAME_TEXT_H

#include "base/message.h"
#include "flame.h"

/* Adds the stacks of the file at `path`; *stacks: how many. A frame that ends in "_[i]" is
 * inlined, one that ends in "_[k]" is a wait, "[unknown]" has no name. Returns an exit status;
 * sets `problem` when that is not DP_EXIT_OK. */
int dp_flame_read_text(struct dp_flame *flame, enum dp_flame_side side, const char *path,
                       uint64_t *stacks, struct dp_problem *problem);

#endif
