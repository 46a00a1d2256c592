/*
 * See prepare.h. The mapping belongs to the owner; the steward only asks the kernel for
 * pages of it. Two handshakes:
 *
 * `preparing` keeps the packet mapped while the steward uses it. The owner first takes the
 * packet away, then looks at `preparing`; the steward first sets `preparing`, then looks at
 * the packet. So at least one of them sees the other.
 *
 * `ready` has the packet's number in its upper half: pages that the steward brought for one
 * packet must not count for the next one, which the owner may have begun meanwhile.
 */
#include "prepare.h"

#include "base/os.h"
#include "base/peek.h"

#define STEP_BYTES 65536 /* bytes that an owner brings at a time */
#define TICKS_AHEAD 3    /* the steward brings as much as was written in this many ticks */

enum { NOT_PREPARING, PREPARING, LEFT_TO_STEWARD };

static uint64_t with_bytes(uint64_t ready, uint32_t bytes)
{
    return (ready & ~(uint64_t)UINT32_MAX) | bytes;
}

void dp_prepare_begin(struct dp_stream *stream)
{
    uint32_t bytes = stream->packet_bytes < STEP_BYTES ? stream->packet_bytes : STEP_BYTES;
    uint64_t ready = atomic_load_explicit(&stream->ready, memory_order_relaxed);
    dp_os_populate(stream->packet, bytes);
    ready = with_bytes(ready + (UINT64_C(1) << 32), bytes);
    atomic_store_explicit(&stream->ready, ready, memory_order_release);
    stream->limit = bytes;
}

bool dp_prepare_more(struct dp_stream *stream, uint64_t needed)
{
    while (stream->packet && stream->limit < stream->packet_bytes) {
        uint32_t limit = stream->limit, left = stream->packet_bytes - limit;
        uint64_t ready = atomic_load_explicit(&stream->ready, memory_order_acquire);
        if ((uint32_t)ready <= limit) {
            ready = with_bytes(ready, limit + (left < STEP_BYTES ? left : STEP_BYTES));
            dp_os_populate((char *)stream->packet + limit, (uint32_t)ready - limit);
            atomic_store_explicit(&stream->ready, ready, memory_order_release);
        }
        stream->limit = (uint32_t)ready;
        if (stream->position + needed <= stream->limit)
            return true;
    }
    return false;
}

void dp_prepare_end(struct dp_stream *stream)
{
    struct dp_packet *packet = stream->packet;
    uint32_t bytes = stream->mapped_bytes, preparing = PREPARING;
    stream->packet_bytes = stream->limit = stream->mapped_bytes = 0;
    __atomic_store_n(&stream->packet, NULL, __ATOMIC_SEQ_CST);
    if (atomic_load(&stream->preparing) == PREPARING) {
        stream->left = packet;
        stream->left_bytes = bytes;
        if (atomic_compare_exchange_strong(&stream->preparing, &preparing, LEFT_TO_STEWARD))
            return;
    }
    dp_os_unmap(packet, bytes);
}

void dp_prepare_reset(struct dp_stream *stream)
{
    if (atomic_load_explicit(&stream->preparing, memory_order_relaxed) == LEFT_TO_STEWARD)
        dp_os_unmap(stream->left, stream->left_bytes);
    atomic_store_explicit(&stream->preparing, NOT_PREPARING, memory_order_relaxed);
}

/* The owner changes its words meanwhile, so only the packet's address is used: if it was
 * still there after `preparing` was set, it stays mapped until `preparing` is cleared. */
static void bring(struct dp_stream *stream, uint64_t ready, uint32_t to)
{
    uint32_t idle = NOT_PREPARING, preparing = PREPARING, from = (uint32_t)ready;
    if (!atomic_compare_exchange_strong(&stream->preparing, &idle, PREPARING))
        return;
    struct dp_packet *packet = __atomic_load_n(&stream->packet, __ATOMIC_SEQ_CST);
    bool fits = to <= dp_peek_32(&stream->mapped_bytes);
    if (packet && fits && atomic_load(&stream->preparing) == PREPARING) {
        dp_os_populate((char *)packet + from, to - from);
        atomic_compare_exchange_strong(&stream->ready, &ready, with_bytes(ready, to));
    }
    if (!atomic_compare_exchange_strong(&stream->preparing, &preparing, NOT_PREPARING)) {
        dp_os_unmap(stream->left, stream->left_bytes);
        atomic_store(&stream->preparing, NOT_PREPARING);
    }
}

bool dp_prepare_ahead(struct dp_stream *stream)
{
    uint32_t bytes = dp_peek_32(&stream->mapped_bytes);
    uint32_t position = dp_peek_32(&stream->position);
    uint64_t ready = atomic_load_explicit(&stream->ready, memory_order_acquire);
    uint32_t there = (uint32_t)ready;
    uint32_t written = position - stream->position_seen;
    stream->position_seen = position;
    if (there >= bytes || position > there || written > bytes)
        return written != 0; /* all pages are there, or it is another packet */
    uint64_t page = dp_os_page_bytes();
    uint64_t wanted = (position + (uint64_t)written * TICKS_AHEAD + page - 1) / page * page;
    if (wanted > bytes)
        wanted = bytes;
    if (wanted > there)
        bring(stream, ready, (uint32_t)wanted);
    return written != 0;
}
