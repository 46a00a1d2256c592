/*
 * The stacks of a log as data: modules, distinct stacks, and how often and how long each
 * was seen.
 *
 * dp_stacks_read() fills it from `module`, `stack` and `sample` records, in any order; tests
 * fill it by hand. The reasons of slow calls and the flame graphs are made from it.
 *
 * Samples that differ only in their time become one entry, with their number and the sum of
 * their weights. A weight is the time that a look stands for: the weights of all looks at a
 * thread add up to the time of that thread.
 */
#ifndef DP_TOOLS_STACKS_H
#define DP_TOOLS_STACKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/record.h"

/* An executable range of a file that the process had mapped. */
struct dp_stack_module {
    uint64_t start, end;
    uint64_t bias;    /* an address minus this is relative to the file */
    uint64_t from_ns; /* when it was first seen */
    uint64_t to_ns;   /* when it was seen to be unloaded; UINT64_MAX: never */
    char *path;       /* "": not known; "[vdso]" */
    uint8_t build_id[32];
    uint32_t build_id_bytes; /* 0: it has none */
};

/* A function that was executing or calling. An inlined function has a frame of its own. */
struct dp_stack_frame {
    const char *function; /* "[unknown 0x…]" when the address has no name */
    const char *file;     /* NULL: not known */
    const char *module;   /* path; NULL: the address lies in no module */
    uint64_t address;     /* of the instruction, in the process */
    uint32_t line;        /* 0: not known */
    bool inlined;         /* into the frame behind it */
    bool named;           /* `function` is a name */
};

struct dp_stack {
    uint64_t id;
    uint32_t flags;      /* DP_STACK_*: where and why the walk ended */
    uint64_t time_ns;    /* of its record: says which modules were loaded */
    uint64_t *addresses; /* innermost first */
    size_t n_addresses;
    struct dp_stack_frame
        *frames; /* innermost first; NULL before dp_stacks_name(), see stack_names.h */
    size_t n_frames;
};

/* Looks at a thread that found the same. */
struct dp_stack_sample {
    uint64_t call;     /* the slow call that they belong to; 0: none */
    uint64_t stack_id; /* 0: there was none */
    uint64_t holder_stack_id;
    uint32_t site; /* 0: none */
    uint32_t tid;
    uint32_t state;      /* enum dp_thread_state */
    uint32_t flags;      /* DP_SAMPLE_*: why there is no stack */
    int32_t syscall;     /* -1: none */
    uint32_t holder_tid; /* of the lock; 0: not known */
    const char *holder;  /* that thread's name; "": not known */
    const char *object;  /* what the thread waited for; "": not known */
    uint64_t looks;
    uint64_t weight_ns;
    /* Set by dp_stacks_settle(). NULL: there was none, or the log does not have it. */
    const struct dp_stack *stack;
    const struct dp_stack *holder_stack;
};

struct dp_stacks {
    struct dp_stack_module *modules; /* as they were met */
    size_t n_modules, modules_capacity;
    struct dp_stack **stacks; /* by id, once settled */
    size_t n_stacks, stacks_capacity;
    struct dp_stack_sample *samples; /* by call, then the longest first, once settled */
    size_t n_samples, samples_capacity;
    uint32_t *table; /* hash table of samples by what they found; 0: free, else index + 1 */
    size_t table_size;
    uint64_t key; /* random key of the table: a crafted log cannot cause collisions */
    char **texts; /* of samples, and of frames without a name */
    size_t n_texts, texts_capacity;
    struct dp_symbols *symbols; /* has the names of frames; NULL before dp_stacks_name() */
};

/* A zeroed struct dp_stacks is empty. */

/* A log with more modules is crafted: the others are left out. */
#define DP_STACK_MODULES 4096

/* Adds a record; records of other events are ignored. */
void dp_stacks_read(struct dp_stacks *stacks, const struct dp_record *record);

/* Copies `module` with its path. from_ns is its record's time. */
void dp_stacks_add_module(struct dp_stacks *stacks, const struct dp_stack_module *module);
/* The module at `start` was unloaded before `time_ns`. */
void dp_stacks_unload(struct dp_stacks *stacks, uint64_t start, uint64_t time_ns);
/* Copies `stack` with its addresses. */
void dp_stacks_add_stack(struct dp_stacks *stacks, const struct dp_stack *stack);
/* Adds looks and weight to the entry that found the same, or a new one; copies its texts. */
void dp_stacks_add_sample(struct dp_stacks *stacks, const struct dp_stack_sample *sample);

/* Connects samples with their stacks and sorts. Call it after the last record, and again after
 * more records. */
void dp_stacks_settle(struct dp_stacks *stacks);

/* The stack with that id; NULL: none. After dp_stacks_settle(). */
const struct dp_stack *dp_stacks_find(const struct dp_stacks *stacks, uint64_t id);

/* The module that had the address at that time; NULL: none. */
const struct dp_stack_module *dp_stacks_module_at(const struct dp_stacks *stacks, uint64_t address,
                                                  uint64_t time_ns);

/* The samples of a call are samples[first, first + n). After dp_stacks_settle(). */
size_t dp_stacks_of_call(const struct dp_stacks *stacks, uint64_t call, size_t *first);

/* A copy of a text that lives as long as `stacks`. */
const char *dp_stacks_text(struct dp_stacks *stacks, const char *text);

void dp_stacks_finish(struct dp_stacks *stacks);

#endif
