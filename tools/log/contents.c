/* See contents.h. */
#include "contents.h"

#include <errno.h>
#include <stdlib.h>

#include "file.h"

static int read_data(struct dp_file *file, struct dp_contents *contents)
{
    uint64_t at = 0;

    while ((at = dp_file_data_from(file, at)) < contents->size) {
        uint64_t end = dp_file_hole_from(file, at);
        if (end <= at || end > contents->size)
            end = contents->size;
        int64_t got = dp_file_read(file, contents->bytes + at, (size_t)(end - at), at);
        if (got < 0)
            return (int)got;
        if ((uint64_t)got < end - at) { /* cut just now */
            contents->size = (size_t)(at + (uint64_t)got);
            return 0;
        }
        at = end;
    }
    return 0;
}

int dp_contents_read(struct dp_contents *contents, const char *path, size_t most)
{
    struct dp_file *file;
    int error = dp_file_open(&file, path);

    *contents = (struct dp_contents){0};
    if (error < 0)
        return error;
    contents->file_bytes = dp_file_size(file);
    contents->size = contents->file_bytes < most ? (size_t)contents->file_bytes : most;
    /* Leaves out pages without data. */
    if (contents->size > 0 && !(contents->bytes = calloc(1, contents->size)))
        error = -ENOMEM;
    if (contents->bytes)
        error = read_data(file, contents);
    dp_file_close(file);
    if (error < 0)
        dp_contents_free(contents);
    return error;
}

void dp_contents_free(struct dp_contents *contents)
{
    free(contents->bytes);
    *contents = (struct dp_contents){0};
}
