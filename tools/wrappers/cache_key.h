/*
 * What a compiler cache (ccache) must notice to not serve an object that something else made:
 * another plugin, filter file or compiler than the one that an object was cached with.
 */
#ifndef DEEP_PROFILE_CACHE_KEY_H
#define DEEP_PROFILE_CACHE_KEY_H

#include "command_line.h"
#include "words.h"

/* Changes with what the file holds; NULL: it cannot be read. For a cache behind us, which sees
 * the compiler's arguments but not what the files hold that they name. */
const char *dp_file_key(const char *path);

/* Are we the compiler of a ccache in front of us, which now asks for the preprocessed source? */
bool dp_cache_asks(const struct dp_command_line *line);

/* Adds a key of all that ccache does not see, `compiler`, `plugin` (NULL: none) and the filter
 * file, to the preprocessed source, which was written. Dies if it cannot. */
void dp_cache_answer(const struct dp_command_line *line, const struct dp_words *compiler,
                     const char *plugin);

#endif
