/*
 * Finds our files, relative to this program: so an installation can be moved as a whole,
 * and a build folder works without installing.
 *
 * Called by deep-profile-cc.c. Only looks; runs and writes nothing.
 */
#include "layout.h"
#include "words.h"
#include "wrapper-config.h"

#include "deep_profile/abi/gate.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file that Meson writes beside the program in a build folder. It names our include
 * folder. */
#define BUILD_FOLDER_MARK "include-path"

static const char *own_path(void)
{
    char *path = realpath("/proc/self/exe", NULL);
    if (!path && getauxval(AT_EXECFN)) /* no /proc: a bare chroot */
        path = realpath((const char *)getauxval(AT_EXECFN), NULL);
    if (!path)
        dp_die("cannot find out where this program lies: is /proc mounted?");
    return path;
}

static const char *parent(const char *path)
{
    char *copy = dp_format("%s", path);
    char *slash = strrchr(copy, '/');
    if (slash)
        *(slash == copy ? slash + 1 : slash) = '\0';
    return copy;
}

static const char *read_mark(const char *folder)
{
    FILE *file = fopen(dp_format("%s/" BUILD_FOLDER_MARK, folder), "r");
    if (!file)
        return NULL;
    char line[PATH_MAX] = "";
    if (fgets(line, sizeof line, file))
        line[strcspn(line, "\n")] = '\0';
    fclose(file);
    return line[0] ? dp_format("%s", line) : NULL;
}

/* Meson gives folders relative to the prefix, or absolute if outside of it. */
static const char *below(const char *prefix, const char *folder)
{
    if (folder[0] == '/')
        return folder;
    return strcmp(prefix, "/") == 0 ? dp_format("/%s", folder)
                                    : dp_format("%s/%s", prefix, folder);
}

/* The prefix, given that our folder is `bindir` below it. */
static const char *prefix_of(const char *folder)
{
    if (DP_BINDIR[0] == '/')
        return DP_PREFIX;
    const char *prefix = folder;
    for (const char *part = DP_BINDIR; part; part = strchr(part + 1, '/'))
        prefix = parent(prefix);
    return prefix;
}

/* Is it one of the folders that Debian's loader searches by itself: /lib, /usr/lib,
 * /usr/lib/x86_64-linux-gnu? For any other folder the program needs an rpath: also for
 * /usr/local/lib, which works only after ldconfig, and for /usr/lib64. */
static bool is_system_folder(const char *folder)
{
    char *real = realpath(folder, NULL);
    if (!real)
        return false;
    const char *path = strncmp(real, "/usr/", 5) == 0 ? real + 4 : real;
    bool system = strcmp(path, "/lib") == 0;
    if (strncmp(path, "/lib/", 5) == 0)
        system = !strchr(path + 5, '/') && strstr(path + 5, "-linux-gnu");
    free(real);
    return system;
}

void dp_layout_find(struct dp_layout *layout)
{
    layout->self = own_path();
    const char *folder = parent(layout->self);
    layout->include = read_mark(folder);
    if (layout->include) {
        const char *build = parent(parent(folder));
        layout->plugins = dp_format("%s/plugin", build);
        layout->runtime = dp_format("%s/runtime", build);
    } else {
        const char *prefix = prefix_of(folder);
        layout->include = below(prefix, DP_INCLUDEDIR);
        layout->runtime = below(prefix, DP_LIBDIR);
        layout->plugins = dp_format("%s/deep-profile", layout->runtime);
    }
    layout->needs_rpath = !is_system_folder(layout->runtime);
}

const char *dp_layout_plugin(const struct dp_layout *layout, int major)
{
    const char *path = dp_format("%s/gcc-%d/deep_profile.so", layout->plugins, major);
    return access(path, R_OK) == 0 ? path : NULL;
}

/* Its contents, with a zero byte behind them; NULL: it cannot be read. */
static char *read_binary(const char *path, size_t *size)
{
    struct stat status;
    FILE *file = fopen(path, "r");
    char *bytes =
        file && fstat(fileno(file), &status) == 0 ? malloc((size_t)status.st_size + 1) : NULL;
    if (bytes) {
        *size = fread(bytes, 1, (size_t)status.st_size, file);
        bytes[*size] = '\0';
    }
    if (file)
        fclose(file);
    return bytes;
}

void dp_layout_check_release(const struct dp_layout *layout, const char *library)
{
    const char *path = dp_format("%s/%s", layout->runtime, library);
    size_t size, length = strlen(DP_RELEASE_MARK);
    char *bytes = read_binary(path, &size);
    const char *mark = bytes ? memmem(bytes, size, DP_RELEASE_MARK, length) : NULL;
    if (mark && strcmp(mark + length, DP_VERSION) != 0)
        dp_die("this is release " DP_VERSION ", but '%s' is of release %.20s: install all parts of "
               "one release",
               path, mark + length);
    free(bytes);
}

static int newest_first(const void *a, const void *b)
{
    return *(const int *)b - *(const int *)a;
}

size_t dp_layout_majors(const struct dp_layout *layout, int *majors, size_t room)
{
    DIR *folder = opendir(layout->plugins);
    if (!folder)
        return 0;
    size_t count = 0;
    const struct dirent *entry;
    while (count < room && (entry = readdir(folder))) {
        int major;
        if (sscanf(entry->d_name, "gcc-%d", &major) == 1 && dp_layout_plugin(layout, major))
            majors[count++] = major;
    }
    closedir(folder);
    qsort(majors, count, sizeof *majors, newest_first);
    return count;
}
