/* Names of the attributes, for messages, the log's metadata and events. */
#ifndef DP_COMMON_ATTRIBUTE_H
#define DP_COMMON_ATTRIBUTE_H

#include <stdint.h>

#include "deep_profile/abi/site.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The name of an enum dp_attribute; "unknown" for any other number. */
const char *dp_attribute_name(uint32_t attribute);

#ifdef __cplusplus
}
#endif

#endif
