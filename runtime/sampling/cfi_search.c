/* See cfi_search.h. */
#include "cfi_search.h"

#include "cfi.h"

/* The memory is read in pieces that overlap, so that each match is whole in one of them. */
#define PIECE 4096
#define SEEN_TOGETHER 256
#define MOST_BYTES (UINT64_C(256) << 20)

/* Matches a common entry of at most SEEN_TOGETHER / 2 bytes and the first function after it. The
 * entry's augmentation begins with zR, zP (C++) or zS. Pointers to functions have four bytes and
 * are relative: what compilers write for code that can be loaded anywhere. */
static bool begins_at(const struct dp_cfi_search *search, struct dp_cursor bytes)
{
    enum { RELATIVE_4 = 0x1b, VERSION = 1 };
    uint64_t length = dp_cursor_fixed(&bytes, 4), identity_at = dp_cursor_address(&bytes);
    if (length < 12 || length > SEEN_TOGETHER / 2 || length % 4)
        return false;
    struct dp_cursor entry = dp_cursor_part(&bytes, length);
    if (dp_cursor_fixed(&entry, 4) != 0 || dp_cursor_byte(&entry) != VERSION ||
        dp_cursor_byte(&entry) != 'z')
        return false;
    uint64_t function_length = dp_cursor_fixed(&bytes, 4), parent_at = dp_cursor_address(&bytes);
    uint64_t distance = dp_cursor_fixed(&bytes, 4); /* it points to the entry's length */
    uint64_t start = dp_cfi_pointer(&bytes, RELATIVE_4, 0), size = dp_cursor_fixed(&bytes, 4);
    return !bytes.bad && function_length >= 12 && distance == parent_at - (identity_at - 4) &&
           start >= search->code_start && start < search->code_end &&
           size <= search->code_end - start;
}

static uint64_t search_piece(const struct dp_cfi_search *search, uint64_t address,
                             const uint8_t *piece, size_t bytes)
{
    for (size_t i = 0; i + SEEN_TOGETHER <= bytes; i += 4) {
        if (piece[i + 4] || piece[i + 5] || piece[i + 6] || piece[i + 7] || piece[i + 9] != 'z')
            continue; /* most words already fail here */
        struct dp_cursor here = {piece + i, piece + i + SEEN_TOGETHER,
                                 address + i + SEEN_TOGETHER, false};
        if (begins_at(search, here))
            return address + i;
    }
    return 0;
}

uint64_t dp_cfi_search(const struct dp_cfi_search *search)
{
    uint8_t piece[PIECE + SEEN_TOGETHER];
    uint64_t end = search->end, found = 0;
    if (end - search->start > MOST_BYTES)
        end = search->start + MOST_BYTES;
    for (uint64_t at = search->start & ~UINT64_C(7); at + sizeof piece <= end && !found;
         at += PIECE)
        if (search->read(search->read_context, at, piece, sizeof piece))
            found = search_piece(search, at, piece, sizeof piece);
    return found;
}
