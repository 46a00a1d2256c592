/* See log_packet.h. */
#include "log_packet.h"

/* Packets start at multiples of it. */
#define PAGE UINT64_C(4096)

const struct dp_shape dp_shapes[DP_ID_EXTENDED] = {
    [DP_EVENT_ID_call] = {"call", 4, 0},
    [DP_EVENT_ID_production] = {"production", 4, 0},
#define DP_EVENT(id, name) [id] = {#name, sizeof(struct dp_event_##name), 0
#define DP_FIELD(type, name)
#define DP_TEXT(name) +1
#define DP_EVENT_END(name)                                                                         \
    }                                                                                              \
    ,
#include <deep_profile/events.def>
};

const char *dp_record_name(uint32_t id)
{
    return id < DP_ID_EXTENDED ? dp_shapes[id].name : NULL;
}

const char *dp_record_text(const struct dp_record *record, unsigned n)
{
    if (record->id >= DP_ID_EXTENDED || n >= dp_shapes[record->id].texts)
        return "";
    const char *text = (const char *)record->payload + dp_shapes[record->id].bytes;
    while (n-- > 0)
        text += strlen(text) + 1;
    return text;
}

static bool all_zero(const uint8_t *bytes, uint64_t size)
{
    for (uint64_t i = 0; i < size; i++)
        if (bytes[i])
            return false;
    return true;
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

void dp_packet_look(const struct dp_log *log, const struct dp_map *map, uint64_t offset,
                    struct dp_packet_view *view)
{
    *view = (struct dp_packet_view){.state = DP_PACKET_NONE};
    if (offset >= map->size)
        return;
    uint64_t left = map->size - offset;
    if (left < sizeof view->header) {
        view->zero = all_zero(map->bytes + offset, left);
        return;
    }
    memcpy(&view->header, map->bytes + offset, sizeof view->header);
    /* Pairs with the writer's release store of content_size_bits. */
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    if (all_zero((const uint8_t *)&view->header, sizeof view->header)) {
        view->state = DP_PACKET_EMPTY;
        view->zero = true;
        return;
    }
    view->reason = header_problem(log, &view->header);
    if (view->reason) {
        view->state = DP_PACKET_BAD;
        return;
    }
    view->bytes = view->header.packet_size_bits / 8;
    view->content_bytes = view->header.content_size_bits / 8;
    view->state = view->content_bytes > sizeof view->header ? DP_PACKET_DATA : DP_PACKET_EMPTY;
}

uint64_t dp_packet_step(const struct dp_packet_view *view, uint64_t usual_bytes)
{
    if (view->bytes)
        return view->bytes;
    return view->state == DP_PACKET_BAD || usual_bytes == 0 ? PAGE : usual_bytes;
}

uint64_t dp_packet_whole(const struct dp_map *map, uint64_t offset, uint64_t content_bytes,
                         uint64_t *last_ns)
{
    uint64_t whole = sizeof(struct dp_packet);

    if (content_bytes > map->size - offset)
        content_bytes = map->size - offset;
    *last_ns = dp_load_64(map->bytes + offset + offsetof(struct dp_packet, timestamp_begin));
    for (;;) {
        struct dp_record record;
        uint64_t at = dp_record_align(whole);
        if (at >= content_bytes)
            return whole;
        uint32_t length =
            dp_record_decode(map->bytes + offset + at, content_bytes - at, last_ns, &record);
        if (length == 0)
            return whole;
        whole = at + length;
    }
}
