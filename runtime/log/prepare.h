/*
 * Brings the pages of a packet before its records come, so that no store of a record takes
 * a page fault. The steward brings them ahead of a thread that writes fast. A thread that
 * outruns the steward, or writes its first records, brings a few itself. Records go no
 * further than stream->limit.
 */
#ifndef DP_PREPARE_H
#define DP_PREPARE_H

#include "stream_state.h"

/* The first pages of a packet that was just mapped. Called by the owner. */
void dp_prepare_begin(struct dp_stream *stream);
/* Raises the limit until a record of `needed` bytes fits; false if the packet ends before
 * that. Called by the owner. */
bool dp_prepare_more(struct dp_stream *stream, uint64_t needed);
/* Unmaps the packet; if the steward is using it, the steward will unmap it. Called by the
 * owner. */
void dp_prepare_end(struct dp_stream *stream);
/* In a forked child, which has no steward of the parent's. Call it before the packet's end. */
void dp_prepare_reset(struct dp_stream *stream);
/* Called by the steward at each tick, for some of the lanes. True: the thread has written
 * since. */
bool dp_prepare_ahead(struct dp_stream *stream);

#endif
