/* See log_packet.h. */
#include "log_packet.h"

#include "log_window.h"

/* Packets start at multiples of it. */
#define PAGE UINT64_C(4096)

static bool all_zero(const uint8_t *bytes, uint64_t size)
{
    for (uint64_t i = 0; i < size; i++)
        if (bytes[i])
            return false;
    return true;
}

/* The writer stores the magic last, and may lose its processor before that. There are no
 * records yet. */
static bool being_written(const struct dp_packet *header)
{
    return header->magic == 0 && header->content_size_bits <= sizeof *header * 8;
}

static const char *header_problem(const struct dp_log *log, const struct dp_packet *header)
{
    uint64_t size = header->packet_size_bits, content = header->content_size_bits;

    if (header->magic != DP_PACKET_MAGIC)
        return "no packet starts here";
    if (log->has_uuid && memcmp(header->uuid, log->uuid, sizeof log->uuid) != 0)
        return "packet of another log";
    if (header->stream_class != 0)
        return "packet of an unknown stream class";
    if (size % 8 != 0 || size / 8 < sizeof *header || size / 8 > DP_PACKET_MAX_BYTES ||
        content % 8 != 0 || content > size)
        return "packet with impossible sizes";
    return NULL;
}

/* Reads a header: `got` bytes, then zeroes if the file has less. 0 or -errno. */
static int read_header(struct dp_file *file, uint64_t offset, struct dp_packet *header,
                       uint64_t *got)
{
    int64_t bytes;

    *header = (struct dp_packet){0};
    bytes = dp_file_read(file, header, sizeof *header, offset);
    /* Pairs with the writer's release store of content_size_bits: what is read of the
     * content after this is at least as new. */
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    *got = bytes < 0 ? 0 : (uint64_t)bytes;
    return bytes < 0 ? (int)bytes : 0;
}

void dp_packet_look(const struct dp_log *log, struct dp_file *file, uint64_t offset,
                    struct dp_packet_view *view)
{
    uint64_t got;

    *view = (struct dp_packet_view){.state = DP_PACKET_NONE};
    view->error = read_header(file, offset, &view->header, &got);
    view->zero = all_zero((const uint8_t *)&view->header, sizeof view->header);
    if (got < sizeof view->header)
        return;
    if (view->zero || being_written(&view->header)) {
        view->state = DP_PACKET_EMPTY;
        return;
    }
    view->reason = header_problem(log, &view->header);
    /* The read may have seen the magic, which the writer stores last, but not everything
     * stored before it. A second read sees all of it. */
    if (view->reason && read_header(file, offset, &view->header, &got) == 0 &&
        got == sizeof view->header)
        view->reason = header_problem(log, &view->header);
    if (view->reason) {
        view->state = DP_PACKET_BAD;
        return;
    }
    view->bytes = view->header.packet_size_bits / 8;
    view->content_bytes = view->header.content_size_bits / 8;
    view->state = view->content_bytes > sizeof view->header ? DP_PACKET_DATA : DP_PACKET_EMPTY;
}

uint64_t dp_packet_step(struct dp_file *file, uint64_t offset, const struct dp_packet_view *view,
                        uint64_t usual_bytes)
{
    if (view->bytes)
        return view->bytes;
    uint64_t step = view->state == DP_PACKET_BAD || usual_bytes == 0 ? PAGE : usual_bytes;
    if (!view->zero)
        return step;
    uint64_t data = dp_file_data_from(file, offset);
    if (data == UINT64_MAX) { /* a hole up to the end */
        uint64_t size = dp_file_size(file);
        return size > offset + step ? size - offset : step;
    }
    return data < offset + step ? step : (data - offset) / step * step;
}

uint64_t dp_packet_whole(struct dp_file *file, uint64_t offset, uint64_t content_bytes,
                         uint64_t *last_ns)
{
    struct dp_window window = {0};
    uint64_t whole = sizeof(struct dp_packet);

    dp_file_read(file, last_ns, sizeof *last_ns,
                 offset + offsetof(struct dp_packet, timestamp_begin));
    for (;;) {
        struct dp_record record;
        int error;
        uint64_t at = offset + dp_record_align(whole);
        uint32_t length = at < window.to ? dp_record_decode(window.bytes + (at - window.from),
                                                            window.to - at, last_ns, &record)
                                         : 0;
        if (length > 0)
            whole = at + length - offset;
        else if (!dp_window_load(&window, file, at, offset + content_bytes, &error))
            break;
    }
    dp_window_finish(&window);
    return whole;
}
