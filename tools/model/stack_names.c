/* See stack_names.h. */
#include "stack_names.h"

#include <stdio.h>

#include "base/memory.h"
#include "symbols/symbols.h"

/* A stack with more frames is crafted: its outermost frames are dropped. */
#define MOST_FRAMES 65536

static struct dp_symbol_file *file_of(struct dp_stacks *stacks,
                                      const struct dp_stack_module *module)
{
    return dp_symbols_file(stacks->symbols, module->path, module->build_id, module->build_id_bytes);
}

static void want_all(struct dp_stacks *stacks)
{
    for (size_t i = 0; i < stacks->n_stacks; i++) {
        const struct dp_stack *stack = stacks->stacks[i];
        for (size_t a = 0; !stack->frames && a < stack->n_addresses; a++) {
            uint64_t address = stack->addresses[a];
            const struct dp_stack_module *module =
                dp_stacks_module_at(stacks, address, stack->time_ns);
            if (module && *module->path)
                dp_symbol_want(file_of(stacks, module), address - module->bias);
        }
    }
}

static struct dp_stack_frame *add_frame(struct dp_stack *stack, size_t *capacity)
{
    stack->frames = dp_append(stack->frames, &stack->n_frames, capacity, sizeof *stack->frames);
    return &stack->frames[stack->n_frames - 1];
}

static const char *unknown(struct dp_stacks *stacks, uint64_t address)
{
    char text[64];

    snprintf(text, sizeof text, "[unknown 0x%llx]", (unsigned long long)address);
    return dp_stacks_text(stacks, text);
}

static void name_address(struct dp_stacks *stacks, struct dp_stack *stack, uint64_t address,
                         size_t *capacity)
{
    const struct dp_stack_module *module = dp_stacks_module_at(stacks, address, stack->time_ns);
    struct dp_symbol_frame found[DP_SYMBOL_FRAMES];
    size_t n = module && *module->path
                   ? dp_symbol_frames(file_of(stacks, module), address - module->bias, found)
                   : 0;
    const struct dp_stack_frame plain = {.function = n == 0 ? unknown(stacks, address) : NULL,
                                         .module = module ? module->path : NULL,
                                         .address = address};

    for (size_t i = 0; i < n; i++) {
        struct dp_stack_frame *frame = add_frame(stack, capacity);
        *frame = plain;
        frame->named = found[i].function != NULL;
        frame->function = frame->named ? found[i].function : unknown(stacks, address);
        frame->file = found[i].file;
        frame->line = found[i].line;
        frame->inlined = found[i].inlined;
    }
    if (n == 0)
        *add_frame(stack, capacity) = plain;
}

void dp_stacks_name(struct dp_stacks *stacks)
{
    if (!stacks->symbols)
        stacks->symbols = dp_symbols_create();
    want_all(stacks);
    dp_symbols_find(stacks->symbols);
    for (size_t i = 0; i < stacks->n_stacks; i++) {
        struct dp_stack *stack = stacks->stacks[i];
        size_t capacity = 0;
        if (stack->frames)
            continue;
        for (size_t a = 0; a < stack->n_addresses && stack->n_frames < MOST_FRAMES; a++)
            name_address(stacks, stack, stack->addresses[a], &capacity);
    }
}

const char *dp_stacks_problem(const struct dp_stacks *stacks, size_t i)
{
    return stacks->symbols ? dp_symbols_problem(stacks->symbols, i) : NULL;
}
