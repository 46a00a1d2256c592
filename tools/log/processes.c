/* See processes.h. */
#include "processes.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/machine.h"

uint64_t dp_random(void)
{
    uint64_t value = 0;

    if (getrandom(&value, sizeof value, GRND_NONBLOCK) != sizeof value)
        value = (uint64_t)getpid();
    return value;
}

uint64_t dp_machine_here(void)
{
    char boot_id[64] = "";
    struct stat status = {0};
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

    if (fd >= 0) {
        if (read(fd, boot_id, sizeof boot_id - 1) < 0)
            *boot_id = '\0';
        close(fd);
    }
    if (stat("/proc/self/ns/pid", &status) < 0)
        status.st_ino = 0;
    return dp_machine(boot_id, status.st_ino);
}

void dp_wait_ms(unsigned ms)
{
    const struct timespec time = {ms / 1000, (long)(ms % 1000) * 1000000};

    nanosleep(&time, NULL);
}

uint64_t dp_process_start_ticks(uint32_t pid)
{
    char path[64], line[1024];
    unsigned long long ticks = 0;
    char state = '?';

    snprintf(path, sizeof path, "/proc/%u/stat", pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    size_t length = fread(line, 1, sizeof line - 1, file);
    fclose(file);
    line[length] = '\0';
    /* The second field is a name in parentheses, which may contain any bytes. */
    char *rest = strrchr(line, ')');
    if (!rest || sscanf(rest + 1,
                        " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
                        "%*s %*s %llu",
                        &state, &ticks) != 2)
        return 0;
    return state == 'Z' || state == 'X' ? 0 : ticks;
}

enum dp_mapped dp_process_maps(uint32_t pid, const char *path, const char *name)
{
    char maps_path[64], *line = NULL;
    size_t size = 0;
    struct stat status;
    enum dp_mapped mapped = DP_MAPPED_UNKNOWN;

    snprintf(maps_path, sizeof maps_path, "/proc/%u/maps", pid);
    FILE *maps = stat(path, &status) == 0 ? fopen(maps_path, "re") : NULL;
    while (maps && mapped != DP_MAPPED && getline(&line, &size, maps) > 0) {
        unsigned long long inode = 0;
        if (mapped == DP_MAPPED_UNKNOWN)
            mapped = DP_MAPPED_NOT;
        if (!strstr(line, name) || sscanf(line, "%*s %*s %*s %*s %llu", &inode) != 1)
            continue;
        mapped = inode == status.st_ino ? DP_MAPPED : DP_MAPPED_ALIKE;
    }
    if (maps)
        fclose(maps);
    free(line);
    return mapped;
}

char *dp_process_folder(uint32_t pid, const char *name)
{
    char maps_path[64], *line = NULL, *folder = NULL;
    size_t size = 0;

    snprintf(maps_path, sizeof maps_path, "/proc/%u/maps", pid);
    FILE *maps = fopen(maps_path, "re");
    for (ssize_t length; maps && !folder && (length = getline(&line, &size, maps)) > 0;) {
        size_t end = strlen(name);
        line[strcspn(line, "\n")] = '\0';
        length = (ssize_t)strlen(line);
        const char *path = strchr(line, '/');
        if (path && (size_t)length > end && strcmp(line + length - end, name) == 0)
            folder = strndup(path, (size_t)(line + length - path) - end);
    }
    if (maps)
        fclose(maps);
    free(line);
    return folder;
}
