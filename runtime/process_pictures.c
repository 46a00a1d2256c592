/* See process_pictures.h. */
#include "process_pictures.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/facts.h"
#include "base/os.h"
#include "base/proc_text.h"
#include "base/settings.h"
#include "common/text.h"
#include "log/directory.h"
#include "sites/configure.h"

enum { MOST_PATHS = 32 };

/* The process's seccomp sandbox. When the process entered one after its start, it may be killed
 * for starting a program. A sandbox from before the start, as in a container, is no reason. */
struct sandbox {
    bool known;
    uint64_t mode, filters; /* of seccomp; filters: 0 where the kernel does not count them */
};

static struct sandbox at_start;

static struct sandbox look_at_sandbox(void)
{
    char text[4096] = "";
    if (dp_os_read_file("/proc/thread-self/status", text, sizeof text) <= 0)
        return (struct sandbox){0};
    return (struct sandbox){true, dp_proc_number_after(text, "\nSeccomp:"),
                            dp_proc_number_after(text, "\nSeccomp_filters:")};
}

static bool is_shut_in(void)
{
    struct sandbox now = look_at_sandbox();
    if (!at_start.known || !now.known)
        return true;
    return now.mode != at_start.mode || now.filters != at_start.filters ||
           (now.mode != 0 && now.filters == 0);
}

void dp_process_pictures_note(void)
{
    if (dp_configure_pictures() && !at_start.known)
        at_start = look_at_sandbox();
}

void dp_process_pictures_in_child(void)
{
    dp_process_facts_to_fill()->pictures |= DP_PICTURES_CHILD;
}

/* ---- which program ---- */

struct paths {
    const char *path[MOST_PATHS];
    size_t n;
    char *room; /* for paths */
    size_t left;
};

static void add_path(struct paths *paths, const char *folder, size_t length, const char *name)
{
    size_t bytes = length + 1 + strlen(name) + 1;
    if (paths->n == MOST_PATHS || bytes > paths->left)
        return;
    paths->path[paths->n++] = paths->room;
    memcpy(paths->room, folder, length);
    paths->room[length] = '/';
    strcpy(paths->room + length + 1, name);
    paths->room += bytes;
    paths->left -= bytes;
}

/* Relative folders are left out: they change with the working directory. */
static void add_search_path(struct paths *paths, const char *search, const char *name)
{
    while (search && *search) {
        const char *end = strchr(search, ':');
        size_t length = end ? (size_t)(end - search) : strlen(search);
        if (*search == '/')
            add_path(paths, search, length, name);
        search = end ? end + 1 : search + length;
    }
}

static void find_tool(struct paths *paths)
{
    const char *tool = dp_setting_text(DP_SETTING_TOOL);
    if (*tool == '/') {
        paths->path[paths->n++] = tool;
    } else if (*tool && !strchr(tool, '/')) {
        add_search_path(paths, dp_os_getenv("PATH"), tool);
        if (paths->n < MOST_PATHS)
            paths->path[paths->n++] = DP_INSTALLED_TOOL;
    }
}

/* ---- drawing ---- */

/* The tool gets only these variables of the host: it is not profiled, and loads no library that
 * the host preloads. */
static void make_environment(char **environment, char *room, size_t size)
{
    static const char *const kept[] = {"PATH", "HOME", "TMPDIR", "XDG_CACHE_HOME", "LANG",
                                       "LC_ALL"};
    struct dp_text text = {room, size, 0};
    size_t n = 0;
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        const char *value = dp_os_getenv(kept[i]);
        size_t start = text.length;
        if (!value)
            continue;
        dp_text_string(&text, kept[i]);
        dp_text_char(&text, '=');
        dp_text_string(&text, value);
        dp_text_char(&text, 0);
        if (text.length <= size)
            environment[n++] = room + start;
        else
            text.length = start;
    }
    environment[n] = NULL;
}

static uint32_t start_tool(uint32_t wanted)
{
    static char paths_room[8192], environment_room[8192];
    char *environment[8];
    char *arguments[] = {"deep-profile", "flamegraph", "--requested",
                         (char *)dp_directory_path(), NULL};
    struct paths paths = {.room = paths_room, .left = sizeof paths_room};
    bool ended;
    find_tool(&paths);
    make_environment(environment, environment_room, sizeof environment_room);
    const struct dp_os_program program = {paths.path, paths.n, arguments, environment};
    uint64_t wait_ns = wanted & DP_PICTURE_AWAITED
                           ? dp_setting_value(DP_SETTING_FLAME_GRAPH_WAIT)
                           : 0;
    int error = dp_os_run_detached(&program, wait_ns, &ended);
    if (error)
        return error == -ENOENT ? DP_PICTURES_NO_TOOL : DP_PICTURES_REFUSED;
    return DP_PICTURES_STARTED | (ended ? DP_PICTURES_ENDED : 0);
}

void dp_process_pictures_draw(void)
{
    uint32_t wanted = dp_configure_pictures();
    if (!wanted)
        return;
    uint32_t done = is_shut_in() ? DP_PICTURES_SANDBOX : start_tool(wanted);
    dp_process_state()->pictures |= DP_PICTURES_WANTED | done;
}
