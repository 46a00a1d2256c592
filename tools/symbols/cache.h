/*
 * A cache of names on disk: one file for each build-id, with a block of answers.h.
 *
 * It lies in $XDG_CACHE_HOME/deep-profile/symbols, or ~/.cache/deep-profile/symbols;
 * DEEP_PROFILE_SYMBOL_CACHE=off switches it off. Files are replaced by rename, so several
 * processes may write at the same time, and the last one wins. A damaged file is ignored. When
 * all files together exceed DP_CACHE_BYTES, the oldest are removed.
 */
#ifndef DP_TOOLS_CACHE_H
#define DP_TOOLS_CACHE_H

#include <stdbool.h>

#include "answers.h"

#define DP_CACHE_BYTES      (UINT64_C(64) << 20)
#define DP_CACHE_FILE_BYTES (UINT64_C(8) << 20)

/* The block of a build-id; the caller frees it. NULL: there is none, or the debug file that it
 * was made from has changed. */
void *dp_cache_load(const uint8_t *build_id, size_t id_bytes, struct dp_answers *answers);

/* Stores a block unless it is too large. Errors are ignored. */
void dp_cache_store(const uint8_t *build_id, size_t id_bytes, const void *block, size_t size);

#endif
