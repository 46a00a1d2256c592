/* See maps.h. */
#include "maps.h"

#include <errno.h>
#include <string.h>

#include "base/os.h"

struct text {
    const char *at, *end;
};

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* Digits, and the character behind them. */
static uint64_t number(struct text *text, int base, char behind)
{
    uint64_t value = 0;
    while (text->at < text->end && digit(*text->at) < base)
        value = value * (uint64_t)base + (uint64_t)digit(*text->at++);
    if (text->at < text->end && *text->at == behind)
        text->at++;
    else
        text->at = text->end + 1; /* no line of these */
    return value;
}

/* "START-END rwxp OFFSET MAJOR:MINOR INODE   PATH" */
bool dp_maps_line(const char *line, size_t bytes, struct dp_mapping *mapping)
{
    enum { RIGHTS = 5 }; /* four, and a space */
    struct text text = {line, line + bytes};
    mapping->start = number(&text, 16, '-');
    mapping->end = number(&text, 16, ' ');
    if (text.at > text.end || text.end - text.at < RIGHTS)
        return false;
    mapping->is_readable = text.at[0] == 'r';
    mapping->is_executable = text.at[2] == 'x';
    text.at += RIGHTS;
    mapping->offset = number(&text, 16, ' ');
    mapping->device_major = (uint32_t)number(&text, 16, ':');
    mapping->device_minor = (uint32_t)number(&text, 16, ' ');
    if (text.at > text.end)
        return false;
    const char *inode_end = memchr(text.at, ' ', (size_t)(text.end - text.at));
    mapping->inode = 0;
    for (; text.at < text.end && digit(*text.at) < 10; text.at++)
        mapping->inode = mapping->inode * 10 + (uint64_t)digit(*text.at);
    if (text.at != (inode_end ? inode_end : text.end))
        return false;
    while (text.at < text.end && *text.at == ' ')
        text.at++;
    mapping->path = text.at;
    mapping->path_bytes = (size_t)(text.end - text.at);
    return mapping->start < mapping->end;
}

/* Handles the whole lines of the text and moves the rest to the front. Returns its length. */
static size_t take_lines(char *buffer, size_t bytes, int64_t *count,
                         void (*each)(void *, const struct dp_mapping *), void *context)
{
    struct dp_mapping mapping;
    const char *at = buffer, *end = buffer + bytes, *newline;
    while ((newline = memchr(at, '\n', (size_t)(end - at)))) {
        if (dp_maps_line(at, (size_t)(newline - at), &mapping)) {
            each(context, &mapping);
            ++*count;
        }
        at = newline + 1;
    }
    size_t left = (size_t)(end - at);
    if (left == DP_MAPS_BUFFER_BYTES)
        return 0;
    memmove(buffer, at, left);
    return left;
}

int64_t dp_maps_read(char buffer[DP_MAPS_BUFFER_BYTES],
                     void (*each)(void *, const struct dp_mapping *), void *context)
{
    uint64_t offset = 0;
    size_t kept = 0;
    int64_t got, count = 0;
    int fd = dp_os_open_read(DP_OS_HERE, "/proc/self/maps");
    if (fd < 0)
        return fd;
    while ((got = dp_os_pread(fd, buffer + kept, DP_MAPS_BUFFER_BYTES - kept, offset)) > 0) {
        offset += (uint64_t)got;
        kept = take_lines(buffer, kept + (size_t)got, &count, each, context);
    }
    dp_os_close(fd);
    if (got < 0)
        return got;
    return count ? count : -ENODATA;
}
