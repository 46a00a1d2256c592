/*
 * Sampled allocations of a log: who allocated, who holds, how certain that is.
 *
 * dp_allocations_read() fills it from `allocation` and `release` records, in any order. An
 * allocation of b bytes was sampled with probability p = 1 - exp(-b / interval), so it stands
 * for b / p bytes: the sum of those is unbiased (Horvitz and Thompson, "A generalization of
 * sampling without replacement from a finite universe", 1952), and the sum of
 * (b / p)^2 (1 - p) estimates its variance without bias, as samples do not depend on one
 * another. docs/memory.md says why.
 */
#ifndef DP_TOOLS_ALLOCATIONS_H
#define DP_TOOLS_ALLOCATIONS_H

#include "common/record.h"
#include "estimate.h"
#include "stacks.h"

struct dp_allocation {
    uint64_t number;
    uint64_t at_ns;
    uint64_t released_ns; /* settled; UINT64_MAX: not in the log */
    uint64_t bytes;
    uint64_t interval;
    uint64_t stack_id;
    uint32_t flags; /* DP_ALLOCATION_* */
    double weight;  /* the bytes that it stands for */
    double variance;
    const struct dp_stack *stack; /* settled; NULL: there is none */
};

struct dp_released {
    uint64_t number;
    uint64_t at_ns;
};

struct dp_allocations {
    struct dp_allocation *all; /* settled: by time */
    size_t n, capacity;
    struct dp_released *released;
    size_t n_released, released_capacity;
};

/* A zeroed struct dp_allocations is empty. */

/* Adds what an `allocation` or `release` record says; ignores other records. */
void dp_allocations_read(struct dp_allocations *allocations, const struct dp_record *record);
void dp_allocations_add(struct dp_allocations *allocations, const struct dp_allocation *allocation);

/* Connects allocations with their releases and with settled stacks. Call it after the last record,
 * and again when more were read. */
void dp_allocations_settle(struct dp_allocations *allocations, const struct dp_stacks *stacks);

void dp_allocations_finish(struct dp_allocations *allocations);

/* Was it held at that moment? False also where its release was not watched for. */
bool dp_allocation_held(const struct dp_allocation *allocation, uint64_t at_ns);

/* When most was held, and how much; 0 where nothing was sampled. */
uint64_t dp_allocations_peak_ns(const struct dp_allocations *allocations);

/* ---- sums ---- */

struct dp_bytes_sum {
    double bytes;
    double variance;
    uint64_t samples;
};

void dp_bytes_add(struct dp_bytes_sum *sum, const struct dp_allocation *allocation);

/* The sum with its 95 % confidence interval. Without a sample it is 0, and the interval ends at the
 * bytes that, at a mean of `interval`, leave no sample with a probability of 2.5 %. */
struct dp_estimate dp_bytes_estimate(const struct dp_bytes_sum *sum, double interval);

#endif
