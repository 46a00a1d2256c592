/*
 * Names that were found before, on disk: a file for each build-id, which has a block of
 * answers.h.
 *
 * In $XDG_CACHE_HOME/deep-profile/symbols, or ~/.cache/deep-profile/symbols;
 * DEEP_PROFILE_SYMBOL_CACHE=off: nowhere. Files are replaced as a whole, so that several
 * readers may write at a time: the last one wins. One that is damaged is as if it were not
 * there. All of them together stay below DP_CACHE_BYTES: the oldest go.
 */
#ifndef DP_TOOLS_CACHE_H
#define DP_TOOLS_CACHE_H

#include <stdbool.h>

#include "answers.h"

#define DP_CACHE_BYTES      (UINT64_C(64) << 20)
#define DP_CACHE_FILE_BYTES (UINT64_C(8) << 20)

/* The block of a build-id; the caller frees it. NULL: there is none, or the file with the
 * debug information that it was made from has changed since. */
void *dp_cache_load(const uint8_t *build_id, size_t id_bytes, struct dp_answers *answers);

/* Keeps a block, unless it is too large. Failing is no harm. */
void dp_cache_store(const uint8_t *build_id, size_t id_bytes, const void *block, size_t size);

#endif
