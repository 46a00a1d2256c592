/* See cfi.h. */
#include "cfi.h"

#include <string.h>

/* DW_EH_PE_*: the low four bits are the format, the next three say what it is relative to. */
enum {
    PE_ABSOLUTE = 0x00,
    PE_ULEB = 0x01,
    PE_UDATA2 = 0x02,
    PE_UDATA4 = 0x03,
    PE_UDATA8 = 0x04,
    PE_SLEB = 0x09,
    PE_SDATA2 = 0x0a,
    PE_SDATA4 = 0x0b,
    PE_SDATA8 = 0x0c,
    PE_FORMAT = 0x0f,
    PE_FROM = 0x70,
    PE_FROM_HERE = 0x10,
    PE_FROM_DATA = 0x30,
    PE_OMITTED = 0xff,
};

#define LEAST_RECORD 8 /* length and identity */
#define EXTENDED UINT32_C(0xffffffff)

static uint64_t formatted(struct dp_cursor *cursor, uint8_t format)
{
    switch (format) {
    case PE_ULEB:
        return dp_cursor_uleb(cursor);
    case PE_SLEB:
        return (uint64_t)dp_cursor_sleb(cursor);
    case PE_UDATA2:
        return dp_cursor_fixed(cursor, 2);
    case PE_UDATA4:
        return dp_cursor_fixed(cursor, 4);
    case PE_SDATA2:
        return (uint64_t)dp_cursor_signed(cursor, 2);
    case PE_SDATA4:
        return (uint64_t)dp_cursor_signed(cursor, 4);
    case PE_ABSOLUTE:
    case PE_UDATA8:
    case PE_SDATA8:
        return dp_cursor_fixed(cursor, 8);
    }
    dp_cursor_spoil(cursor);
    return 0;
}

uint64_t dp_cfi_pointer(struct dp_cursor *cursor, uint8_t encoding, uint64_t data)
{
    uint64_t here = dp_cursor_address(cursor);
    if (encoding == PE_OMITTED)
        return 0;
    uint64_t value = formatted(cursor, encoding & PE_FORMAT);
    switch (encoding & PE_FROM) {
    case PE_ABSOLUTE:
        return value;
    case PE_FROM_HERE:
        return value + here;
    case PE_FROM_DATA:
        return value + data;
    }
    dp_cursor_spoil(cursor);
    return 0;
}

/* Reads the wanted bytes, or as many of them as are mapped, but at least `least`: the section
 * may lie at the end of a mapping. */
static bool move_window(struct dp_cfi *cfi, uint64_t address, uint64_t wanted, uint64_t least)
{
    cfi->window_address = address;
    cfi->window_bytes = (size_t)wanted;
    while (!cfi->read(cfi->read_context, address, cfi->window, cfi->window_bytes)) {
        if (cfi->window_bytes <= least) {
            cfi->window_bytes = 0;
            return false;
        }
        cfi->window_bytes = cfi->window_bytes / 2 > least ? cfi->window_bytes / 2 : (size_t)least;
    }
    return true;
}

/* A cursor on [address, address + bytes), read into the window; bad if they are not readable. */
static struct dp_cursor bytes_at(struct dp_cfi *cfi, uint64_t address, uint64_t bytes)
{
    struct dp_cursor none = {cfi->window, cfi->window, 0, true};
    if (address < cfi->start || address > cfi->end || bytes > cfi->end - address ||
        bytes > DP_CFI_WINDOW_BYTES)
        return none;
    uint64_t offset = address - cfi->window_address;
    if (offset > cfi->window_bytes || bytes > cfi->window_bytes - offset) {
        uint64_t left = cfi->end - address;
        offset = 0;
        if (!move_window(cfi, address, left < DP_CFI_WINDOW_BYTES ? left : DP_CFI_WINDOW_BYTES,
                         bytes))
            return none;
    }
    const uint8_t *from = cfi->window + offset;
    return (struct dp_cursor){from, from + bytes, address + bytes, false};
}

/* A record without its length. The first word of `body` says whether it is a common entry. */
struct record {
    struct dp_cursor body;
    uint64_t next;   /* address of the record behind it */
    uint64_t parent; /* a function's common entry; 0: this is a common entry */
    bool too_long;
};

/* Reads a record's length. False: the section ends here. */
static bool length_at(struct dp_cfi *cfi, uint64_t address, uint64_t *body, uint64_t *length)
{
    struct dp_cursor head = bytes_at(cfi, address, 4);
    *length = dp_cursor_fixed(&head, 4);
    *body = address + 4;
    if (*length == EXTENDED) {
        head = bytes_at(cfi, address + 4, 8);
        *length = dp_cursor_fixed(&head, 8);
        *body = address + 12;
    }
    return !head.bad && *length >= 4 && *length <= cfi->end - *body;
}

static bool record_at(struct dp_cfi *cfi, uint64_t address, struct record *record)
{
    uint64_t body, length;
    if (cfi->end - address < LEAST_RECORD || !length_at(cfi, address, &body, &length))
        return false;
    record->next = body + length;
    record->too_long = length > DP_CFI_WINDOW_BYTES;
    if (record->too_long)
        return true;
    record->body = bytes_at(cfi, body, length);
    uint64_t distance = dp_cursor_fixed(&record->body, 4);
    record->parent = distance ? body - distance : 0;
    return !record->body.bad;
}

/* ---- common entries ---- */

/* Reads the augmentation: its letters say what `data` contains. False: an unknown letter, after
 * which nothing can be read. */
static bool read_letters(struct dp_cie *cie, struct dp_cursor letters, struct dp_cursor *data)
{
    while (letters.at < letters.end) {
        switch (dp_cursor_byte(&letters)) {
        case 'R':
            cie->encoding = dp_cursor_byte(data);
            break;
        case 'P':
            dp_cfi_pointer(data, dp_cursor_byte(data) & PE_FORMAT, 0);
            break;
        case 'L':
            dp_cursor_byte(data);
            break;
        case 'S':
            cie->is_signal = true;
            break;
        case 'B': /* aarch64: which key signs; memory tags */
        case 'G':
            break;
        default:
            return false;
        }
    }
    return !data->bad;
}

static bool read_augmentation(struct dp_cie *cie, struct dp_cursor letters, struct dp_cursor *body)
{
    if (letters.at == letters.end)
        return true;
    if (dp_cursor_byte(&letters) != 'z')
        return false;
    cie->has_data = true;
    uint64_t bytes = dp_cursor_uleb(body);
    struct dp_cursor data = dp_cursor_part(body, bytes);
    return read_letters(cie, letters, &data);
}

static bool read_cie(const struct dp_processor *processor, struct dp_cursor body,
                     struct dp_cie *cie)
{
    uint8_t version = dp_cursor_byte(&body);
    struct dp_cursor letters = body;
    const uint8_t *nul = memchr(body.at, 0, dp_cursor_left(&body));
    if (!nul || (version != 1 && version != 3 && version != 4))
        return false;
    letters = dp_cursor_part(&body, (uint64_t)(nul - body.at));
    dp_cursor_byte(&body);
    if (version == 4 && (dp_cursor_byte(&body) != 8 || dp_cursor_byte(&body) != 0))
        return false; /* address size, segment size */
    cie->code_align = dp_cursor_uleb(&body);
    cie->data_align = dp_cursor_sleb(&body);
    uint64_t ra = version == 1 ? dp_cursor_byte(&body) : dp_cursor_uleb(&body);
    cie->ra = (uint8_t)ra;
    if (ra >= 32 || !read_augmentation(cie, letters, &body) || body.bad)
        return false;
    return dp_cfi_program_run(body, processor, cie, 0, 0, &cie->initial, NULL, NULL);
}

/* The common entry at `address`, from the cache or read now; NULL: it cannot be read. Does not
 * move the window, which has the record of the calling function. */
static const struct dp_cie *cie_at(struct dp_cfi *cfi, uint64_t address)
{
    struct dp_cie *cie = &cfi->cies[address / 4 % DP_CFI_CIES];
    if (cie->address == address)
        return cie;
    uint64_t left = cfi->end - address;
    size_t bytes = left < sizeof cfi->cie_window ? (size_t)left : sizeof cfi->cie_window;
    memset(cie, 0, sizeof *cie);
    if (address < cfi->start || address >= cfi->end ||
        !cfi->read(cfi->read_context, address, cfi->cie_window, bytes))
        return NULL;
    struct dp_cursor all = {cfi->cie_window, cfi->cie_window + bytes, address + bytes, false};
    uint64_t length = dp_cursor_fixed(&all, 4);
    if (length == EXTENDED)
        length = dp_cursor_fixed(&all, 8);
    struct dp_cursor body = dp_cursor_part(&all, length);
    if (dp_cursor_fixed(&body, 4) != 0 || !read_cie(cfi->processor, body, cie))
        return NULL;
    cie->address = address;
    return cie;
}

/* ---- functions ---- */

static bool read_function(struct dp_cfi *cfi, const struct record *record,
                          const struct dp_cfi_sink *sink)
{
    struct dp_cursor body = record->body;
    const struct dp_cie *cie = cie_at(cfi, record->parent);
    if (!cie)
        return false;
    uint64_t start = dp_cfi_pointer(&body, cie->encoding, 0);
    uint64_t bytes = formatted(&body, cie->encoding & PE_FORMAT), end;
    if (cie->has_data)
        dp_cursor_skip(&body, dp_cursor_uleb(&body));
    if (body.bad || __builtin_add_overflow(start, bytes, &end))
        return false;
    if (bytes == 0 || !sink->begin(sink->context, start, end))
        return true;
    struct dp_cfi_state state = cie->initial;
    bool good = dp_cfi_program_run(body, cfi->processor, cie, start, end, &state, sink->row,
                                   sink->context);
    sink->end(sink->context);
    return good;
}

bool dp_cfi_read(struct dp_cfi *cfi, const struct dp_cfi_sink *sink)
{
    uint64_t address = cfi->start;
    struct record record = {.next = address};
    bool any = false;
    while (!(cfi->most && cfi->functions >= cfi->most) && address < cfi->end &&
           record_at(cfi, address, &record)) {
        any = true;
        if (record.too_long) {
            cfi->left_out++;
        } else if (record.parent) {
            cfi->functions++;
            cfi->left_out += !read_function(cfi, &record, sink);
        }
        address = record.next;
    }
    return any;
}
