/*
 * What a stack's `flags` say of the walk that made it (events.def: stack). The runtime
 * writes them, the tools explain them. 0: every frame to the outermost one is there.
 */
#ifndef DEEP_PROFILE_ABI_STACK_H
#define DEEP_PROFILE_ABI_STACK_H

enum {
    /* Why the walk ended before the outermost frame: at most one of them. */
    DP_STACK_CUT = 1u << 0,        /* there are more frames than are kept */
    DP_STACK_UNREADABLE = 1u << 1, /* the stack's memory is gone, or outside the thread's stack */
    DP_STACK_CORRUPT = 1u << 2,    /* the stack does not lead to a caller, or leads in a circle */
    DP_STACK_NO_RULE = 1u << 3,    /* nothing says how this code is left */
    DP_STACK_UNKNOWN = 1u << 4,    /* code in no module that is known, without frame pointers */

    /* How far the frames can be trusted. */
    DP_STACK_GUESSED = 1u << 8, /* a part was walked by frame pointers or call instructions alone */
};

#define DP_STACK_ENDED_EARLY                                                             \
    (DP_STACK_CUT | DP_STACK_UNREADABLE | DP_STACK_CORRUPT | DP_STACK_NO_RULE | DP_STACK_UNKNOWN)

#endif
