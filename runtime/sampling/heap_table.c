/* See heap_table.h. */
#include "heap_table.h"

#include <errno.h>
#include <string.h>

#include "base/memory_ceiling.h"
#include "base/os.h"

#define WAYS 8
#define BUCKETS 8192 /* power of two; with WAYS: 65536 samples */
#define SATURATED 255 /* a filter byte that reaches this stays there: its count is lost */

struct bucket {
    _Alignas(64) _Atomic uintptr_t address[WAYS]; /* 0: free */
};

struct table {
    struct bucket bucket[BUCKETS];
    uint64_t number[BUCKETS][WAYS]; /* used only by who deals with the address */
};

_Atomic uint8_t dp_heap_filter[DP_HEAP_FILTER_BYTES];
static struct table *table; /* made once; a forked child keeps it */

int dp_heap_table_init(void)
{
    if (!table)
        table = dp_memory_ceiling_map_for_good(sizeof *table);
    if (!table)
        return -ENOMEM;
    dp_os_populate(table, sizeof *table); /* no sample is to wait for a page */
    dp_heap_table_clear();
    return 0;
}

void dp_heap_table_clear(void)
{
    for (size_t b = 0; table && b < BUCKETS; b++)
        for (size_t way = 0; way < WAYS; way++)
            if (atomic_load_explicit(&table->bucket[b].address[way], memory_order_relaxed))
                atomic_store_explicit(&table->bucket[b].address[way], 0, memory_order_relaxed);
    memset((void *)dp_heap_filter, 0, sizeof dp_heap_filter);
}

static size_t bucket_of(uintptr_t address, unsigned choice)
{
    uint64_t mixed = (address >> 4) * UINT64_C(0x9E3779B97F4A7C15);
    return (choice ? mixed >> 24 : mixed >> 45) % BUCKETS;
}

/* Changes the filter's byte by 1, unless it is saturated. */
static void count(const void *pointer, bool more)
{
    _Atomic uint8_t *byte = &dp_heap_filter[dp_heap_filter_place(pointer)];
    uint8_t held = atomic_load_explicit(byte, memory_order_relaxed), now;
    do {
        if (held == SATURATED || (held == 0 && !more))
            return;
        now = (uint8_t)(more ? held + 1 : held - 1);
    } while (!atomic_compare_exchange_weak_explicit(byte, &held, now, memory_order_relaxed,
                                                    memory_order_relaxed));
}

static bool put_into(size_t b, uintptr_t address, uint64_t number)
{
    for (size_t way = 0; way < WAYS; way++) {
        uintptr_t free = 0;
        if (atomic_compare_exchange_strong_explicit(&table->bucket[b].address[way], &free, address,
                                                    memory_order_acquire, memory_order_relaxed)) {
            table->number[b][way] = number;
            return true;
        }
    }
    return false;
}

bool dp_heap_table_put(const void *pointer, uint64_t number, uint64_t *before)
{
    uintptr_t address = (uintptr_t)pointer;
    *before = dp_heap_may_hold(pointer) ? dp_heap_table_take(pointer) : 0;
    if (!put_into(bucket_of(address, 0), address, number) &&
        !put_into(bucket_of(address, 1), address, number))
        return false;
    count(pointer, true);
    return true;
}

static uint64_t take_from(size_t b, uintptr_t address)
{
    for (size_t way = 0; way < WAYS; way++) {
        if (atomic_load_explicit(&table->bucket[b].address[way], memory_order_relaxed) != address)
            continue;
        uint64_t number = table->number[b][way];
        atomic_store_explicit(&table->bucket[b].address[way], 0, memory_order_release);
        return number;
    }
    return 0;
}

uint64_t dp_heap_table_take(const void *pointer)
{
    uintptr_t address = (uintptr_t)pointer;
    uint64_t number = table ? take_from(bucket_of(address, 0), address) : 0;
    if (!number && table)
        number = take_from(bucket_of(address, 1), address);
    if (number)
        count(pointer, false);
    return number;
}
