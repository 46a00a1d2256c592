/* The state of a running walk: walk.c follows rules, guess.c makes the steps without a rule. */
#ifndef DP_WALK_STATE_H
#define DP_WALK_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "view.h"
#include "walk.h"

struct dp_walk {
    struct dp_view *view;
    dp_walk_read *read;
    void *read_context;
    uint32_t flags;
    uint32_t jumps; /* how often sp may still go down, which means to another stack */
    uint64_t pc, sp, fp, base;
    uint64_t context;       /* the address of a ucontext_t with the other registers; 0: none */
    bool is_contexts_own;   /* `context` is our handler's argument: plain loads are safe */
    bool is_exact;          /* pc is an instruction's address, not a return address */
    bool is_signal_return;  /* pc is the code that a signal handler returns to */
};

static inline bool dp_walk_word(const struct dp_walk *walk, uint64_t address, uint64_t *word)
{
    return walk->read(walk->read_context, address, word, sizeof *word);
}

/* An address inside the instruction that executes or calls in this frame. */
static inline uint64_t dp_walk_inside(const struct dp_walk *walk)
{
    return walk->pc - !(walk->is_exact || walk->is_signal_return);
}

#endif
