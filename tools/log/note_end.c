/* See note_end.h. */
#include "note_end.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <deep_profile/abi/state.h>

#include "base/memory.h"
#include "contents.h"
#include "files.h"

#define FIRST offsetof(struct dp_process_state, end)
#define BYTES (offsetof(struct dp_process_state, counted_site) - FIRST)

static void fill_in(struct dp_process_state *process, int status, uint64_t seen_ns,
                    bool out_of_memory)
{
    uint32_t code = (uint32_t)(WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    uint32_t end = WIFSIGNALED(status) ? DP_END_SIGNAL : DP_END_STATUS;

    if (end != DP_END_STATUS || process->end != DP_END_EXIT_CALL || process->end_code != code)
        process->end = end;
    process->end_code = code;
    process->end_flags = DP_END_WAITED;
    if (WIFSIGNALED(status) && WCOREDUMP(status))
        process->end_flags |= DP_END_CORE_DUMPED;
    if (out_of_memory)
        process->end_flags |= DP_END_OUT_OF_MEMORY;
    process->end_seen_ns = seen_ns;
}

int dp_note_end(const char *log, int status, uint64_t seen_ns, bool out_of_memory)
{
    struct dp_process_state process;
    struct dp_contents contents;
    struct dp_edit edit;
    char *path = dp_join(log, "state/process"), *folder = dp_join(log, "state");
    int error = dp_contents_read(&contents, path, sizeof process);

    if (error == 0 && contents.size < sizeof process)
        error = -EINVAL;
    if (error == 0) {
        process = *(const struct dp_process_state *)(const void *)contents.bytes;
        error = process.magic == DP_STATE_MAGIC && process.version == DP_STATE_VERSION
                    ? dp_edit_open(&edit, folder, "process")
                    : -EINVAL;
    }
    if (error == 0) {
        fill_in(&process, status, seen_ns, out_of_memory);
        error = dp_edit_write(&edit, (const char *)&process + FIRST, BYTES, FIRST);
        dp_edit_close(&edit);
    }
    dp_contents_free(&contents);
    free(path);
    free(folder);
    return error;
}
