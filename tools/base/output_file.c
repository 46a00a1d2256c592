/* See output_file.h. */
#include "output_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "memory.h"

/* A link is followed: the file behind it is replaced, not the link. */
static char *real_name(const char *path)
{
    char *real = realpath(path, NULL);

    return real ? real : dp_copy(path);
}

static int open_temporary(struct dp_output_file *file)
{
    size_t size = strlen(file->path) + sizeof ".XXXXXX";

    file->temporary = dp_allocate(size, 1);
    snprintf(file->temporary, size, "%s.XXXXXX", file->path);
    int fd = mkstemp(file->temporary);
    if (fd < 0)
        return -errno;
    mode_t mask = umask(0);
    umask(mask);
    fchmod(fd, 0666 & ~mask); /* like a file that is simply opened */
    file->stream = fdopen(fd, "w");
    return file->stream ? 0 : -errno;
}

static void forget(struct dp_output_file *file)
{
    free(file->path);
    free(file->temporary);
    *file = (struct dp_output_file){0};
}

int dp_output_file_open(struct dp_output_file *file, const char *path)
{
    struct stat there;
    int error = 0;

    *file = (struct dp_output_file){.path = real_name(path)};
    if (stat(file->path, &there) == 0 && !S_ISREG(there.st_mode)) {
        file->stream = fopen(file->path, "w");
        error = file->stream ? 0 : -errno;
    } else {
        error = open_temporary(file);
    }
    if (error)
        forget(file);
    return error;
}

int dp_output_file_close(struct dp_output_file *file)
{
    int error = ferror(file->stream) ? -EIO : 0;

    errno = 0;
    if (fclose(file->stream) != 0)
        error = errno ? -errno : -EIO;
    if (file->temporary && !error && rename(file->temporary, file->path) != 0)
        error = -errno;
    if (file->temporary && error)
        unlink(file->temporary);
    forget(file);
    return error;
}
