/*
 * Reads bytes that may be damaged. A cursor never leaves its range: at the first missing byte it
 * becomes bad and returns zeros from then on. So the reader checks once, at the end.
 */
#ifndef DP_CURSOR_H
#define DP_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct dp_cursor {
    const uint8_t *at, *end;
    uint64_t address; /* address of *end in the process: pointers may be relative to it */
    bool bad;
};

static inline size_t dp_cursor_left(const struct dp_cursor *cursor)
{
    return (size_t)(cursor->end - cursor->at);
}

static inline uint64_t dp_cursor_address(const struct dp_cursor *cursor)
{
    return cursor->address - dp_cursor_left(cursor);
}

static inline void dp_cursor_spoil(struct dp_cursor *cursor)
{
    cursor->bad = true;
    cursor->at = cursor->end;
}

static inline bool dp_cursor_skip(struct dp_cursor *cursor, uint64_t bytes)
{
    if (bytes > dp_cursor_left(cursor)) {
        dp_cursor_spoil(cursor);
        return false;
    }
    cursor->at += bytes;
    return true;
}

/* Reads a little-endian number of 1, 2, 4 or 8 bytes. */
static inline uint64_t dp_cursor_fixed(struct dp_cursor *cursor, unsigned bytes)
{
    uint64_t value = 0;
    const uint8_t *from = cursor->at;
    if (!dp_cursor_skip(cursor, bytes))
        return 0;
    for (unsigned i = 0; i < bytes; i++)
        value |= (uint64_t)from[i] << (8 * i);
    return value;
}

static inline uint8_t dp_cursor_byte(struct dp_cursor *cursor)
{
    return (uint8_t)dp_cursor_fixed(cursor, 1);
}

static inline int64_t dp_cursor_signed(struct dp_cursor *cursor, unsigned bytes)
{
    unsigned unused = 64 - 8 * bytes;
    return (int64_t)(dp_cursor_fixed(cursor, bytes) << unused) >> unused;
}

/* LEB128. Bits beyond 64 are dropped. */
static inline uint64_t dp_cursor_leb(struct dp_cursor *cursor, bool is_signed)
{
    uint64_t value = 0;
    unsigned shift = 0;
    uint8_t byte;
    do {
        byte = dp_cursor_byte(cursor);
        if (shift < 64)
            value |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
    } while (byte & 0x80);
    if (is_signed && byte & 0x40 && shift < 64)
        value |= UINT64_MAX << shift;
    return value;
}

static inline uint64_t dp_cursor_uleb(struct dp_cursor *cursor)
{
    return dp_cursor_leb(cursor, false);
}

static inline int64_t dp_cursor_sleb(struct dp_cursor *cursor)
{
    return (int64_t)dp_cursor_leb(cursor, true);
}

/* A new cursor for the next `bytes` bytes; this one skips them. */
static inline struct dp_cursor dp_cursor_part(struct dp_cursor *cursor, uint64_t bytes)
{
    struct dp_cursor part = *cursor;
    if (dp_cursor_skip(cursor, bytes)) {
        part.end = cursor->at;
        part.address = dp_cursor_address(cursor);
    } else {
        dp_cursor_spoil(&part);
    }
    return part;
}

#endif
