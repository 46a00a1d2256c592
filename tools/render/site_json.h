/* Members that name a function or a thread, in every part of a report as JSON. */
#ifndef DP_TOOLS_SITE_JSON_H
#define DP_TOOLS_SITE_JSON_H

#include "json.h"
#include "model/site_info.h"

/* `info` NULL: the log does not say what site `index` is; its members are null. */
void dp_json_put_site(struct dp_json *object, uint32_t index, const struct dp_site_info *info);

/* `name` NULL: not known. */
void dp_json_put_thread(struct dp_json *object, uint32_t tid, const char *name);

#endif
