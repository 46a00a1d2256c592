/*
 * Writes into a log how its process ended, for a parent that waited for it.
 *
 * Used by `record`, when the process is gone: nobody else writes the state then.
 */
#ifndef DP_TOOLS_NOTE_END_H
#define DP_TOOLS_NOTE_END_H

#include <stdbool.h>
#include <stdint.h>

/* `status` is waitpid()'s, seen at `seen_ns` (monotonic). `out_of_memory`: while the process ran,
 * the kernel killed processes because memory was short. What the runtime itself wrote is kept
 * when it agrees with `status`. 0 or -errno. */
int dp_note_end(const char *log, int status, uint64_t seen_ns, bool out_of_memory);

#endif
