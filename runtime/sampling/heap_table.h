/*
 * The addresses of sampled memory that is held, each with its sample's number.
 *
 * A filter of one byte for each 256 bytes of address space, modulo 16 MB, counts the samples
 * that begin there: nearly every release needs nothing else, and neighbours in memory share
 * its cache lines. The table has buckets of eight addresses, one cache line; an address has
 * two.
 *
 * Who allocates an address puts it in before anybody else has it, and who releases it takes it
 * out before the allocator has it again. So at most one thread at a time deals with an
 * address; different threads meet only in a bucket's free places. The pair: a place is freed
 * by a store of 0 with release, and claimed by a compare-and-swap with acquire.
 */
#ifndef DP_HEAP_TABLE_H
#define DP_HEAP_TABLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

#define DP_HEAP_FILTER_BYTES 65536

extern DP_HIDDEN _Atomic uint8_t dp_heap_filter[DP_HEAP_FILTER_BYTES];

static inline size_t dp_heap_filter_place(const void *pointer)
{
    uintptr_t address = (uintptr_t)pointer;
    return ((address >> 8) + (address >> 24) * 40503) % DP_HEAP_FILTER_BYTES;
}

/* False: it is certainly no sample. */
static inline bool dp_heap_may_hold(const void *pointer)
{
    return atomic_load_explicit(&dp_heap_filter[dp_heap_filter_place(pointer)],
                                memory_order_relaxed) != 0;
}

/* 0 or -ENOMEM. Empty afterwards. Nobody else uses the table meanwhile. */
int dp_heap_table_init(void);
void dp_heap_table_clear(void);

/* False: the address's two buckets are full. *before: 0, or the number of an earlier sample at this
 * address, whose release was not seen; it is taken out. */
bool dp_heap_table_put(const void *pointer, uint64_t number, uint64_t *before);
/* Its number; 0: it is not in the table. */
uint64_t dp_heap_table_take(const void *pointer);

#endif
