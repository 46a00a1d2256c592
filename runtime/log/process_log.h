/*
 * The process's stream: sites, settings, load, losses, clock, overhead, and the slow calls
 * that the steward finds in flight. Any thread may write; one lock orders them.
 */
#ifndef DP_PROCESS_LOG_H
#define DP_PROCESS_LOG_H

#include <stddef.h>

#include "common/values.h"
#include "deep_profile/abi/site.h"
#include "stream_state.h"

void dp_log_init(void);
/* In a forked child: starts a new stream and drops the parent's mapping. */
void dp_log_reset(void);
void dp_log_finish(void);

/* For the sink, which may read only the atomic members. */
const struct dp_stream *dp_log_stream(void);
/* For the handler of SIGBUS, which may interrupt a store into the packet. */
struct dp_stream *dp_log_stream_written(void);

/* Appends one record of `bytes` fixed payload with the current time. */
void dp_log_event(uint32_t id, const void *payload, size_t bytes);
/* The same of an event that ends with n texts, at most DP_LOG_TEXTS. */
#define DP_LOG_TEXTS 2
void dp_log_event_with_texts(uint32_t id, const void *payload, size_t bytes,
                             const char *const *texts, size_t n);
/* The same as dp_log_event() within the share of such events. False: not written; a used-up share does not
 * count as a loss. */
bool dp_log_event_if_room(uint32_t id, const void *payload, size_t bytes);
/* In two steps: takes a share for an event that is to come, and writes it into that. */
bool dp_log_take_room(size_t bytes);
bool dp_log_event_in_room(uint32_t id, const void *payload, size_t bytes);
/* Bytes that are left of the share, and the whole of it. */
uint64_t dp_log_room_left(uint64_t *whole);
void dp_log_site(uint32_t index, uint64_t site_id, const struct dp_site_desc *desc,
                 const char *module);
void dp_log_site_attribute(const struct dp_event_site_attribute *event, const char *options,
                           struct dp_word rule);
void dp_log_setting(uint32_t source, const char *name, const char *value, const char *problem);
/* True if a site, an attribute or a setting could not be written since the last call. A log
 * is of little use without them: write them again. */
bool dp_log_take_incomplete(void);
/* Writes a `lost` event for everything counted since the last time. */
void dp_log_losses(const uint64_t totals[DP_LOSS_COUNT], uint64_t now, uint64_t apart_ns);

#endif
