/* See live_process.h. */
#include "live_process.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <deep_profile/abi/state.h>

#include "base/memory.h"
#include "contents.h"
#include "files.h"

/* ---- what the system says ---- */

int dp_live_look(uint32_t pid)
{
    char path[64];
    struct stat status;

    snprintf(path, sizeof path, "/proc/%u", pid);
    if (stat(path, &status) != 0)
        return -ENOENT;
    snprintf(path, sizeof path, "/proc/%u/maps", pid);
    FILE *maps = fopen(path, "re");
    if (!maps)
        return errno == ENOENT ? -ENOENT : -EACCES;
    int byte = getc(maps); /* allowed to open, but not to read: a kernel's thread, a zombie */
    fclose(maps);
    return byte == EOF && dp_live_letter(pid) != 'Z' ? -EACCES : 0;
}

/* The last number of a line of `status`. */
static bool number_of(uint32_t pid, const char *key, uint32_t *number)
{
    char path[64], *line = NULL;
    size_t size = 0;
    bool found = false;

    snprintf(path, sizeof path, "/proc/%u/status", pid);
    FILE *file = fopen(path, "re");
    while (file && !found && getline(&line, &size, file) > 0) {
        if (strncmp(line, key, strlen(key)) != 0)
            continue;
        for (char *at = line + strlen(key), *end; *at; at = end) {
            unsigned long value = strtoul(at, &end, 10);
            if (end == at)
                break;
            *number = (uint32_t)value;
            found = true;
        }
    }
    if (file)
        fclose(file);
    free(line);
    return found;
}

uint32_t dp_live_own_number(uint32_t pid)
{
    uint32_t number;

    return number_of(pid, "NSpid:", &number) ? number : 0;
}

/* The last of its four user numbers is that of its access to files. */
bool dp_live_user(uint32_t pid, uint32_t *user)
{
    return number_of(pid, "Uid:", user);
}

/* "12 (name) S 1 …": the name may hold anything. */
static bool read_stat(const char *path, struct dp_live_thread *thread)
{
    char line[512];
    FILE *file = fopen(path, "re");

    if (!file)
        return false;
    size_t length = fread(line, 1, sizeof line - 1, file);
    fclose(file);
    line[length] = '\0';
    const char *open = strchr(line, '('), *end = strrchr(line, ')');
    if (!open || !end || end < open || end[1] != ' ')
        return false;
    size_t bytes = (size_t)(end - open - 1);
    bytes = bytes < sizeof thread->name ? bytes : sizeof thread->name - 1;
    memcpy(thread->name, open + 1, bytes);
    thread->name[bytes] = '\0';
    thread->letter = end[2];
    return true;
}

char dp_live_letter(uint32_t pid)
{
    struct dp_live_thread thread = {0};
    char path[64];

    snprintf(path, sizeof path, "/proc/%u/stat", pid);
    return read_stat(path, &thread) ? thread.letter : 0;
}

void dp_live_name(uint32_t pid, char name[17])
{
    struct dp_live_thread thread = {0};
    char path[64];

    snprintf(path, sizeof path, "/proc/%u/stat", pid);
    read_stat(path, &thread);
    memcpy(name, thread.name, sizeof thread.name);
}

/* Not every user is shown it. */
static int32_t syscall_of(uint32_t pid, uint32_t tid)
{
    char path[64];
    int number = -1;

    snprintf(path, sizeof path, "/proc/%u/task/%u/syscall", pid, tid);
    FILE *file = fopen(path, "re");
    if (file && fscanf(file, "%d", &number) != 1)
        number = -1;
    if (file)
        fclose(file);
    return number;
}

struct dp_live_thread *dp_live_threads(uint32_t pid, size_t *n)
{
    struct dp_live_thread *threads = NULL;
    size_t capacity = 0;
    char path[64];

    *n = 0;
    snprintf(path, sizeof path, "/proc/%u/task", pid);
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        struct dp_live_thread thread = {.tid = (uint32_t)strtoul(entry->d_name, NULL, 10)};
        if (thread.tid == 0)
            continue;
        snprintf(path, sizeof path, "/proc/%u/task/%u/stat", pid, thread.tid);
        if (!read_stat(path, &thread))
            continue; /* it has ended */
        thread.syscall = syscall_of(pid, thread.tid);
        threads = dp_append(threads, n, &capacity, sizeof *threads);
        threads[*n - 1] = thread;
    }
    if (folder)
        closedir(folder);
    return threads;
}

bool dp_live_is_gone(uint32_t pid)
{
    size_t n;
    struct dp_live_thread *threads = dp_live_threads(pid, &n);
    bool gone = true;

    for (size_t i = 0; i < n; i++)
        gone = gone && (threads[i].letter == 'Z' || threads[i].letter == 'X');
    free(threads);
    return gone;
}

/* ---- asking ---- */

static int read_state(const char *log, struct dp_process_state *process)
{
    struct dp_contents contents;
    char *path = dp_join(log, "state/process");
    int error = dp_contents_read(&contents, path, sizeof *process);

    if (error == 0 && contents.size < sizeof *process)
        error = -EINVAL;
    if (error == 0)
        memcpy(process, contents.bytes, sizeof *process);
    if (error == 0 &&
        (process->magic != DP_STATE_MAGIC || process->version != DP_STATE_VERSION))
        error = -EINVAL;
    dp_contents_free(&contents);
    free(path);
    return error;
}

int dp_live_ask(const char *log, uint32_t *number)
{
    struct dp_process_state process;
    struct dp_edit edit;
    char *folder = dp_join(log, "state");
    int error = read_state(log, &process);

    if (error == 0)
        error = dp_edit_open(&edit, folder, "process");
    if (error == 0) {
        /* Somebody else's that is not answered yet is as good as ours, but for its age. */
        *number = process.snapshot_wanted + 1;
        error = dp_edit_write(&edit, number, sizeof *number,
                              offsetof(struct dp_process_state, snapshot_wanted));
        dp_edit_close(&edit);
    }
    free(folder);
    return error;
}

bool dp_live_answered(const char *log, uint32_t number, uint64_t *heartbeat_ns)
{
    struct dp_process_state process;

    if (read_state(log, &process) != 0)
        return false;
    *heartbeat_ns = process.heartbeat_ns;
    return (int32_t)(process.snapshot_done - number) >= 0;
}
