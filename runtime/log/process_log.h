/*
 * The process's stream: sites, settings, load, loss, clock, overhead, and
 * what the steward sees in flight. Any thread may write; one lock serves.
 */
#ifndef DP_PROCESS_LOG_H
#define DP_PROCESS_LOG_H

#include <stddef.h>

#include "common/values.h"
#include "deep_profile/abi/site.h"
#include "stream_state.h"

void dp_log_init(void);
/* In a forked child: a new stream, the parent's mapping dropped. */
void dp_log_reset(void);
void dp_log_finish(void);

/* For the sink: read only what is atomic. */
const struct dp_stream *dp_log_stream(void);
/* For the handler of SIGBUS, which comes in the midst of a store into it. */
struct dp_stream *dp_log_stream_written(void);

/* Appends one record of `bytes` fixed payload; time is now. */
void dp_log_event(uint32_t id, const void *payload, size_t bytes);
/* False: not written; when its share is used up, that counts as no loss. */
bool dp_log_event_if_room(uint32_t id, const void *payload, size_t bytes);
void dp_log_site(uint32_t index, uint64_t site_id, const struct dp_site_desc *desc,
                 const char *module);
void dp_log_site_attribute(const struct dp_event_site_attribute *event, const char *options,
                           struct dp_word rule);
void dp_log_setting(uint32_t source, const char *name, const char *value, const char *problem);
/* Was a site, an attribute or a setting refused since this was last asked? A log
 * is of little use without them: they are to be written again. */
bool dp_log_take_incomplete(void);
/* Writes a `lost` event for everything counted since the last time. */
void dp_log_losses(const uint64_t totals[DP_LOSS_COUNT], uint64_t now, uint64_t apart_ns);

#endif
