/*
 * The pages of a packet: brought before the records come, so that no store of a
 * record takes a page fault. The steward brings them ahead of a thread that
 * writes fast; a thread that outruns it, or writes its first records, brings a
 * few itself. Records go no further than stream->limit.
 */
#ifndef DP_PREPARE_H
#define DP_PREPARE_H

#include "stream_state.h"

/* For a packet that was just mapped: its first pages. By the owner. */
void dp_prepare_begin(struct dp_stream *stream);
/* Raises the limit until a record of `needed` bytes fits; false: the packet ends
 * before that. By the owner. */
bool dp_prepare_more(struct dp_stream *stream, uint64_t needed);
/* Unmaps the packet; if the steward is at it, the steward does. By the owner. */
void dp_prepare_end(struct dp_stream *stream);
/* In a forked child, where the parent's steward is not: before the packet's end. */
void dp_prepare_reset(struct dp_stream *stream);
/* The steward, once a tick; of many lanes some. True: the thread has written since. */
bool dp_prepare_ahead(struct dp_stream *stream);

#endif
