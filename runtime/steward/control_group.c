/* See control_group.h. */
#include "control_group.h"

#include <string.h>

#include "base/os.h"
#include "base/proc_text.h"
#include "common/text.h"

#define ROOT "/sys/fs/cgroup"
#define PATH_BYTES 640
#define UNLIMITED (UINT64_C(1) << 60) /* version 1 writes a limit near 2^63 */

/* A controller of one version: the files of the group nearest to the process that has a limit. */
struct group {
    char path[PATH_BYTES]; /* "": there is none */
    bool second;           /* of version 2 */
};

static struct group cpu_group, memory_group, own_group; /* own_group: of version 2, for PSI */
static char text[4096]; /* only the steward reads it */

static bool read_text(const char *directory, const char *file)
{
    char path[PATH_BYTES + 64];
    struct dp_text out = {path, sizeof path - 1, 0};
    dp_text_string(&out, directory);
    dp_text_string(&out, file);
    if (!directory[0] || out.length >= sizeof path)
        return false;
    path[out.length] = 0;
    return dp_os_read_file(path, text, sizeof text) > 0;
}

/* The file's only number. False: it has a word, such as "max", or -1. */
static bool read_number(const char *directory, const char *file, uint64_t *number)
{
    const char *at = text;
    if (!read_text(directory, file) || text[0] < '0' || text[0] > '9')
        return false;
    *number = dp_proc_number(&at);
    return true;
}

/* In millionths of a processor. */
static bool read_quota(const struct group *group, uint64_t *ppm)
{
    uint64_t quota, period;
    if (group->second) {
        const char *at = text;
        if (!read_text(group->path, "/cpu.max") || text[0] < '0' || text[0] > '9')
            return false;
        quota = dp_proc_number(&at);
        period = dp_proc_number(&at);
    } else if (!read_number(group->path, "/cpu.cfs_quota_us", &quota) ||
               !read_number(group->path, "/cpu.cfs_period_us", &period)) {
        return false;
    }
    *ppm = period ? (uint64_t)((unsigned __int128)quota * 1000000 / period) : 0;
    return *ppm > 0;
}

static bool read_limit(const struct group *group, uint64_t *bytes)
{
    return read_number(group->path, group->second ? "/memory.max" : "/memory.limit_in_bytes",
                       bytes) &&
           *bytes > 0 && *bytes < UNLIMITED;
}

/* Goes up from the process's own group to the nearest one with a limit; path is "" if none has
 * one. `root`: where the controller is mounted. */
static void climb(struct group *group, const char *root,
                  bool (*has_limit)(const struct group *, uint64_t *))
{
    size_t end = strlen(root);
    uint64_t limit;
    while (!has_limit(group, &limit)) {
        char *slash = strrchr(group->path, '/');
        if (!slash || (size_t)(slash - group->path) < end) {
            group->path[0] = 0;
            return;
        }
        *slash = 0;
    }
}

/* ROOT/mount/path, without a slash at its end. False: too long. */
static bool join(char *to, const char *mount, const char *path, size_t length)
{
    struct dp_text out = {to, PATH_BYTES - 1, 0};
    dp_text_string(&out, ROOT);
    dp_text_string(&out, mount);
    dp_text_bytes(&out, path, length);
    if (out.length >= PATH_BYTES) {
        to[0] = 0;
        return false;
    }
    while (out.length && to[out.length - 1] == '/')
        out.length--;
    to[out.length] = 0;
    return true;
}

/* Whether a comma-separated list has the word. */
static bool has_word(const char *list, size_t length, const char *word)
{
    size_t bytes = strlen(word);
    for (size_t at = 0; at + bytes <= length; at++)
        if (memcmp(list + at, word, bytes) == 0 && (at == 0 || list[at - 1] == ',') &&
            (at + bytes == length || list[at + bytes] == ','))
            return true;
    return false;
}

/* `mounts`: where the controller may be mounted below ROOT; the last one is NULL. */
static void find(struct group *group, const char *const *mounts, const char *path, size_t length,
                 bool (*has_limit)(const struct group *, uint64_t *))
{
    char root[PATH_BYTES];
    for (size_t i = 0; mounts[i] && !group->path[0]; i++)
        if (join(root, mounts[i], "", 0) && join(group->path, mounts[i], path, length))
            climb(group, root, has_limit);
}

/* "HIERARCHY:CONTROLLERS:PATH" */
static void read_line(const char *line)
{
    static const char *const unified[] = {"", "/unified", NULL};
    static const char *const cpu[] = {"/cpu", "/cpu,cpuacct", NULL};
    static const char *const memory[] = {"/memory", NULL};
    const char *names = strchr(line, ':'), *path = names ? strchr(names + 1, ':') : NULL;
    if (!path)
        return;
    size_t length = strcspn(++path, "\n"), n_names = (size_t)(path - 1 - ++names);
    if (line[0] == '0' && n_names == 0) {
        struct group second = {.second = true};
        if (join(second.path, "", path, length) && !read_text(second.path, "/cgroup.controllers"))
            join(second.path, "", "", 0);
        own_group = second;
        if (!cpu_group.path[0]) {
            cpu_group = (struct group){.second = true};
            find(&cpu_group, unified, path, length, read_quota);
        }
        if (!memory_group.path[0]) {
            memory_group = (struct group){.second = true};
            find(&memory_group, unified, path, length, read_limit);
        }
    } else if (has_word(names, n_names, "cpu") && !cpu_group.path[0]) {
        cpu_group = (struct group){0};
        find(&cpu_group, cpu, path, length, read_quota);
    } else if (has_word(names, n_names, "memory") && !memory_group.path[0]) {
        memory_group = (struct group){0};
        find(&memory_group, memory, path, length, read_limit);
    }
}

void dp_control_group_find(void)
{
    static char groups[sizeof text];
    cpu_group.path[0] = memory_group.path[0] = own_group.path[0] = 0;
    if (dp_os_read_file("/proc/self/cgroup", groups, sizeof groups) <= 0)
        return;
    for (const char *line = groups; line && *line;) {
        read_line(line);
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
}

void dp_control_group_cpu(struct dp_group_cpu *cpu)
{
    memset(cpu, 0, sizeof *cpu);
    if (!cpu_group.path[0] || !read_quota(&cpu_group, &cpu->quota_ppm) ||
        !read_text(cpu_group.path, "/cpu.stat"))
        return;
    if (cpu_group.second) {
        cpu->limited = strstr(text, "usage_usec ") != NULL;
        cpu->used_us = dp_proc_number_after(text, "usage_usec ");
        cpu->throttled_known = strstr(text, "throttled_usec ") != NULL;
        cpu->throttled_us = dp_proc_number_after(text, "throttled_usec ");
        return;
    }
    cpu->throttled_known = strstr(text, "throttled_time ") != NULL;
    cpu->throttled_us = dp_proc_number_after(text, "throttled_time ") / 1000;
    cpu->limited = read_number(cpu_group.path, "/cpuacct.usage", &cpu->used_us);
    cpu->used_us /= 1000;
}

void dp_control_group_memory(struct dp_group_memory *memory)
{
    uint64_t cache = 0;
    bool second = memory_group.second;
    memset(memory, 0, sizeof *memory);
    if (!memory_group.path[0] || !read_limit(&memory_group, &memory->limit_bytes) ||
        !read_number(memory_group.path, second ? "/memory.current" : "/memory.usage_in_bytes",
                     &memory->used_bytes))
        return;
    memory->limited = true;
    if (read_text(memory_group.path, "/memory.stat"))
        cache = dp_proc_number_after(text, second ? "\ninactive_file " : "\ntotal_inactive_file ");
    memory->used_bytes -= cache < memory->used_bytes ? cache : memory->used_bytes;
}

static bool read_pressure(const char *directory, const char *resource, const char *ending)
{
    char name[32];
    struct dp_text out = {name, sizeof name - 1, 0};
    dp_text_char(&out, '/');
    dp_text_string(&out, resource);
    dp_text_string(&out, ending);
    name[out.length] = 0;
    return read_text(directory, name);
}

bool dp_control_group_pressure(const char *resource, bool full, uint64_t *waited_us)
{
    if (!read_pressure(own_group.path, resource, ".pressure") &&
        !read_pressure("/proc/pressure", resource, ""))
        return false;
    const char *line = strstr(text, full ? "full " : "some ");
    const char *total = line ? strstr(line, "total=") : NULL;
    if (!total)
        return false;
    total += strlen("total=");
    *waited_us = dp_proc_number(&total);
    return true;
}
