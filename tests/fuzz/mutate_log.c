/*
 * Mutations that know what a log is. Plain ones seldom get past a magic number
 * or an offset; these keep most of a log whole and make one field of it hostile:
 * sizes, counts, offsets, times, ids, strings, and which files there are.
 *
 * libFuzzer calls LLVMFuzzerCustomMutator() and LLVMFuzzerCustomCrossOver().
 * The same seed gives the same mutation.
 */
#include "common/events.h"
#include "common/metadata.h"
#include <deep_profile/abi/state.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packed_log.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size,
                                 uint8_t *out, size_t max_size, unsigned seed);

static uint64_t noise;

static uint64_t draw(void)
{
    noise += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t z = noise;
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static uint64_t below(uint64_t limit)
{
    return limit ? draw() % limit : 0;
}

/* A number at an edge of some range, or one near `old`. */
static uint64_t number(uint64_t old)
{
    static const uint64_t edges[] = {0,          1,
                                     2,          7,
                                     8,          63,
                                     64,         127,
                                     255,        256,
                                     1023,       1024,
                                     4095,       4096,
                                     16384,      65535,
                                     65536,      INT32_MAX,
                                     UINT32_MAX, INT64_MAX,
                                     UINT64_MAX, DP_PACKET_EMPTY_TIME};

    switch (below(8)) {
    case 0:
        return old + 1;
    case 1:
        return old - 1;
    case 2:
        return old * 8;
    case 3:
        return old ^ UINT64_C(1) << below(64);
    case 4:
        return below(4096);
    case 5:
        return draw() >> below(64);
    default:
        return edges[below(sizeof edges / sizeof *edges)] + (below(4) ? 0 : below(3) - 1);
    }
}

static void change_number(struct log_file *file, size_t at, size_t bytes)
{
    uint64_t old = 0;

    if (at > file->size || bytes > file->size - at)
        return;
    memcpy(&old, file->bytes + at, bytes);
    uint64_t new = number(old);
    memcpy(file->bytes + at, &new, bytes);
}

/* What must not reach a screen, a page or a shell as it is. */
static const char *hostile_text(void)
{
    static const char *const texts[] = {"",
                                        "\033[2J\033]0;x\007",
                                        "<script>alert(1)</script>",
                                        "\xc2\x9b"
                                        "31m",
                                        "\xff\xfe",
                                        "\xe2\x80\xaepart",
                                        "\"\\",
                                        "%s%n",
                                        "a\nb",
                                        "\xed\xa0\x80",
                                        "\xf3\xa0\x81\x81",
                                        "../../x",
                                        "f.part.0",
                                        "a:b",
                                        "\xef\xbb\xbf",
                                        "*",
                                        "{}",
                                        "\xe2\x80\xa8",
                                        "rate=1, metadata=a:b"};

    return texts[below(sizeof texts / sizeof *texts)];
}

/* ---- streams ---- */

/* Finds packets by the sizes in their headers. */
static size_t packets(const struct log_file *file, size_t *at, size_t most)
{
    size_t n = 0;

    for (size_t offset = 0; n < most && offset + sizeof(struct dp_packet) <= file->size;) {
        struct dp_packet packet;
        memcpy(&packet, file->bytes + offset, sizeof packet);
        at[n++] = offset;
        uint64_t size = packet.packet_size_bits / 8;
        offset += size >= sizeof packet && size <= FILE_BYTES ? size : 4096;
    }
    return n;
}

static void change_packet(struct log_file *file, size_t at)
{
    static const struct {
        size_t offset, bytes;
    } fields[] = {{offsetof(struct dp_packet, magic), 4},
                  {offsetof(struct dp_packet, uuid), 8},
                  {offsetof(struct dp_packet, stream_class), 4},
                  {offsetof(struct dp_packet, packet_size_bits), 8},
                  {offsetof(struct dp_packet, content_size_bits), 8},
                  {offsetof(struct dp_packet, content_size_bits), 8},
                  {offsetof(struct dp_packet, timestamp_begin), 8},
                  {offsetof(struct dp_packet, events_discarded), 8},
                  {offsetof(struct dp_packet, sequence), 8},
                  {offsetof(struct dp_packet, tid), 4},
                  {offsetof(struct dp_packet, thread_name), 8},
                  {offsetof(struct dp_packet, thread_name) + 8, 8}};
    size_t field = below(sizeof fields / sizeof *fields);

    change_number(file, at + fields[field].offset, fields[field].bytes);
    if (fields[field].offset == offsetof(struct dp_packet, thread_name))
        strncpy((char *)file->bytes + at + fields[field].offset, hostile_text(), 16);
}

static uint32_t any_event(void)
{
    for (;;) {
        uint32_t id = (uint32_t)below(DP_EVENT_IDS);
        if (dp_event_shape(id))
            return id;
    }
}

/* An array of `length` elements, or a hostile text. */
static size_t make_tail(uint8_t *at, const struct dp_event_row *row, uint8_t length)
{
    if (row->role == DP_ROW_ARRAY) {
        for (unsigned i = 0; i < length * row->bits / 8u; i++)
            at[i] = (uint8_t)draw();
        return length * row->bits / 8u;
    }
    const char *text = hostile_text();
    memcpy(at, text, strlen(text) + 1);
    return strlen(text) + 1;
}

/* Makes most fields small, so that sites are known and enums in range. */
static size_t make_record(uint8_t *record, uint64_t time_ns)
{
    uint32_t id = any_event();
    const struct dp_event_shape *shape = dp_event_shape(id);
    uint8_t length = (uint8_t)below(8);
    size_t size;

    if (id >= DP_ID_EXTENDED || below(2)) {
        const struct dp_wide_header header = {DP_ID_EXTENDED, id,
                                              below(8) ? time_ns : number(time_ns)};
        memcpy(record, &header, size = sizeof header);
    } else {
        uint32_t word = id | (uint32_t)draw() << DP_ID_BITS;
        memcpy(record, &word, size = sizeof word);
    }
    for (unsigned i = 0; i < shape->bytes; i += 4) {
        uint32_t word = (uint32_t)(below(4) ? below(8) : number(0));
        memcpy(record + size + i, &word, 4);
    }
    uint8_t *field = record + size;
    size += shape->bytes;
    for (const struct dp_event_row *row = shape->rows; row->role != DP_ROW_END; row++) {
        if (row->role == DP_ROW_FIELD && row->unit == DP_IN_LENGTH && below(4)) {
            memset(field, 0, row->bits / 8);
            *field = length;
        }
        if (row->role == DP_ROW_FIELD)
            field += row->bits / 8;
        if (row->role == DP_ROW_ARRAY || row->role == DP_ROW_TEXT)
            size += make_tail(record + size, row, length);
    }
    return size;
}

/* Adds them behind the content that the packet's header states. */
static void add_records(struct log_file *file, size_t at)
{
    struct dp_packet packet;
    uint8_t record[512];

    memcpy(&packet, file->bytes + at, sizeof packet);
    for (uint64_t n = below(6) + 1; n > 0; n--) {
        size_t size = make_record(record, packet.timestamp_begin + below(1000000));
        uint64_t content = packet.content_size_bits / 8;
        content = (content + DP_RECORD_ALIGN - 1) / DP_RECORD_ALIGN * DP_RECORD_ALIGN;
        if (content < sizeof packet || content > FILE_BYTES ||
            content + size > packet.packet_size_bits / 8 || at + content + size > file->size)
            return;
        memcpy(file->bytes + at + content, record, size);
        packet.content_size_bits = (content + size) * 8;
        memcpy(file->bytes + at, &packet, sizeof packet);
    }
}

static void change_content(struct log_file *file, size_t at)
{
    struct dp_packet packet;

    memcpy(&packet, file->bytes + at, sizeof packet);
    uint64_t content = packet.content_size_bits / 8;
    if (content <= sizeof packet || content > FILE_BYTES)
        return;
    size_t where = at + sizeof packet + below(content - sizeof packet) / 4 * 4;
    if (below(4) == 0 && where + 40 < file->size)
        strcpy((char *)file->bytes + where, hostile_text());
    else
        change_number(file, where, below(2) ? 4 : 8);
}

static void resize(struct log_file *file, size_t size)
{
    if (size < file->size)
        memset(file->bytes + size, 0, file->size - size);
    file->size = size <= FILE_BYTES ? size : FILE_BYTES;
}

static void insert_packet(struct log_file *file, size_t at)
{
    size_t bytes = below(2) ? 4096 : sizeof(struct dp_packet) + 4 * below(64);
    struct dp_packet packet;

    if (file->size + bytes > FILE_BYTES)
        return;
    memcpy(&packet, file->bytes + at, sizeof packet);
    memmove(file->bytes + at + bytes, file->bytes + at, file->size - at);
    file->size += bytes;
    memset(file->bytes + at, 0, bytes);
    packet.packet_size_bits = bytes * 8;
    packet.content_size_bits = sizeof packet * 8;
    if (below(4))
        memcpy(file->bytes + at, &packet, sizeof packet);
    if (below(2))
        add_records(file, at);
}

static void change_stream(struct log_file *file)
{
    size_t at[256];
    size_t n = packets(file, at, sizeof at / sizeof *at);

    if (n == 0) {
        resize(file, below(8192));
        return;
    }
    size_t packet = at[below(n)];
    switch (below(8)) {
    case 0:
    case 1:
        change_packet(file, packet);
        return;
    case 2:
    case 3:
        change_content(file, packet);
        return;
    case 4:
    case 5:
        add_records(file, packet);
        return;
    case 6:
        insert_packet(file, packet);
        return;
    default:
        resize(file, below(2) ? packet + below(4096) : below(file->size + 4096));
    }
}

/* ---- state ---- */

static void change_lane(struct log_file *file)
{
    struct dp_lane_state *lane = (struct dp_lane_state *)file->bytes;
    size_t at = 0;

    if (file->size < DP_LANE_ARENA_OFFSET)
        resize(file, DP_LANE_ARENA_OFFSET + below(65536));
    switch (below(8)) {
    case 0:
        change_number(file, below(offsetof(struct dp_lane_state, open)) / 4 * 4, below(2) ? 4 : 8);
        return;
    case 1:
        change_number(file, offsetof(struct dp_lane_state, open) + below(sizeof lane->open) / 8 * 8,
                      8);
        return;
    case 2:
        change_number(file, offsetof(struct dp_lane_state, frames_top) + 8 * below(64), 8);
        return;
    case 3:
        at = offsetof(struct dp_lane_state, site_pages) + 4 * below(64);
        break;
    case 4:
        at = DP_LANE_COUNTS_OFFSET + 8 * below(DP_MAX_COUNTED);
        break;
    case 5: /* a directory page that is there */
        for (size_t i = 0; i < sizeof lane->site_pages / 4; i++)
            if (lane->site_pages[i])
                at = lane->site_pages[i] + 4 * below(below(4) ? 16 : DP_LANE_SITE_PAGE);
        break;
    default:
        at = DP_LANE_ARENA_OFFSET + below(file->size - DP_LANE_ARENA_OFFSET) / 4 * 4;
    }
    change_number(file, at, below(2) ? 4 : 8);
}

static void change_process(struct log_file *file)
{
    static const size_t texts[] = {
        offsetof(struct dp_process_state, env), offsetof(struct dp_process_state, program),
        offsetof(struct dp_process_state, command), offsetof(struct dp_process_state, rules)};

    if (file->size < sizeof(struct dp_process_state))
        resize(file, sizeof(struct dp_process_state));
    switch (below(4)) {
    case 0:
        strcpy((char *)file->bytes + texts[below(4)] + below(8), hostile_text());
        return;
    case 1:
        change_number(file, offsetof(struct dp_process_state, counted_site) + 4 * below(16), 4);
        return;
    default:
        change_number(file, below(offsetof(struct dp_process_state, env)) / 4 * 4,
                      below(2) ? 4 : 8);
    }
}

/* ---- any file ---- */

/* libFuzzer's own mutations, with what it knows of compared constants. */
static void change_bytes(struct log_file *file, int may_move)
{
    uint8_t window[4096];
    size_t at = below(file->size + 1), room = may_move ? sizeof window : 64;
    size_t bytes = file->size - at < room ? file->size - at : room;

    bytes = below(bytes + 1);
    memcpy(window, file->bytes + at, bytes);
    size_t now = LLVMFuzzerMutate(window, bytes, may_move ? sizeof window : bytes ? bytes : 1);
    if (!may_move) {
        memcpy(file->bytes + at, window, now < bytes ? now : bytes);
        return;
    }
    if (file->size - bytes + now > FILE_BYTES)
        return;
    memmove(file->bytes + at + now, file->bytes + at + bytes, file->size - at - bytes);
    memcpy(file->bytes + at, window, now);
    resize(file, file->size - bytes + now);
}

static void change_file(struct log_file *file)
{
    if (below(16) == 0)
        change_bytes(file, 0);
    else if (strncmp(file->name, "state/lane", 10) == 0)
        change_lane(file);
    else if (strcmp(file->name, "state/process") == 0)
        change_process(file);
    else if (strncmp(file->name, "stream-", 7) == 0 || strncmp(file->name, "runtime", 7) == 0)
        change_stream(file);
    else
        change_bytes(file, 1);
}

static void remove_file(struct log_files *log, size_t i)
{
    free(log->file[i].bytes);
    log->file[i] = log->file[--log->n];
}

static void make_name(char name[NAME_BYTES])
{
    unsigned long long lane = below(2) ? below(4) : number(0);
    unsigned long long segment = below(2) ? below(4) : number(0);

    switch (below(5)) {
    case 0:
        snprintf(name, NAME_BYTES, "state/lane-%04llu", lane);
        return;
    case 1:
        snprintf(name, NAME_BYTES, "runtime-%04llu", segment);
        return;
    case 2:
        snprintf(name, NAME_BYTES, "%s", below(2) ? "metadata" : "state/process");
        return;
    default:
        snprintf(name, NAME_BYTES, "stream-%04llu-%04llu", lane, segment);
    }
}

/* Another name for a file, a copy under another name, or one less. */
static void change_folder(struct log_files *log)
{
    size_t i = below(log->n);
    char name[NAME_BYTES];

    make_name(name);
    if (below(4) == 0 && log->n > 1) {
        remove_file(log, i);
    } else if (!log_files_find(log, name)) {
        if (below(2)) {
            strcpy(log->file[i].name, name);
            return;
        }
        struct log_file *copy = log_files_add(log, name);
        if (!copy)
            return;
        memcpy(copy->bytes, log->file[i].bytes, log->file[i].size);
        copy->size = log->file[i].size;
    }
}

/* ---- libFuzzer ---- */

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    static struct log_files log;

    noise = seed;
    log_files_unpack(&log, data, size);
    if (log.n == 0)
        return LLVMFuzzerMutate(data, size, max_size);
    for (uint64_t n = below(4) ? 1 : below(6) + 1; n > 0 && log.n > 0; n--) {
        if (below(12) == 0)
            change_folder(&log);
        else
            change_file(&log.file[below(log.n)]);
    }
    size_t packed = log_files_pack(&log, data, max_size);
    log_files_free(&log);
    return packed ? packed : LLVMFuzzerMutate(data, size, max_size);
}

/* Some files of one log and the others of another. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size,
                                 uint8_t *out, size_t max_size, unsigned seed)
{
    static struct log_files log, other;

    noise = seed;
    log_files_unpack(&log, a, a_size);
    log_files_unpack(&other, b, b_size);
    for (size_t i = 0; i < other.n; i++) {
        struct log_file *file = log_files_find(&log, other.file[i].name);
        if (below(2))
            continue;
        if (!file)
            file = log_files_add(&log, other.file[i].name);
        if (!file)
            continue;
        memcpy(file->bytes, other.file[i].bytes, FILE_BYTES);
        file->size = other.file[i].size;
    }
    size_t packed = log_files_pack(&log, out, max_size);
    log_files_free(&log);
    log_files_free(&other);
    return packed;
}
