/* See log_writer.h. */
#include "log_writer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const uint8_t writer_uuid[16] = {0x5e, 0xed, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14};

static void fail(const char *what)
{
    fprintf(stderr, "log_writer: %s: %s\n", what, strerror(errno));
    exit(99);
}

static FILE *create(const char *directory, const char *name)
{
    char path[4096];

    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "wb");
    if (!file)
        fail(path);
    return file;
}

void writer_start(struct writer *writer, const char *directory)
{
    char state[4096];

    memset(writer, 0, sizeof *writer);
    writer->directory = directory;
    snprintf(state, sizeof state, "%s/state", directory);
    if ((mkdir(directory, 0777) < 0 && errno != EEXIST) ||
        (mkdir(state, 0777) < 0 && errno != EEXIST))
        fail(state);
}

void writer_metadata(struct writer *writer, const char *program, uint32_t pid)
{
    static char buffer[DP_METADATA_BYTES];
    struct dp_text text = {buffer, sizeof buffer, 0};
    struct dp_metadata_info info = {
        .realtime_offset_ns = OFFSET_NS, .pid = pid, .program = program};

    memcpy(info.uuid, writer_uuid, sizeof info.uuid);
    dp_metadata_write(&text, &info);
    if (text.length > text.size)
        fail("metadata does not fit");
    FILE *file = create(writer->directory, "metadata");
    fwrite(buffer, 1, text.length, file);
    fclose(file);
}

void stream_open(struct stream *stream, struct writer *writer, int64_t lane, unsigned segment)
{
    memset(stream, 0, sizeof *stream);
    stream->writer = writer;
    stream->lane = lane;
    if (lane == RUNTIME_LANE)
        snprintf(stream->name, sizeof stream->name, "runtime-%04u", segment);
    else
        snprintf(stream->name, sizeof stream->name, "stream-%04lld-%04u", (long long)lane, segment);
    stream->file = create(writer->directory, stream->name);
}

static struct dp_packet *header(struct stream *stream)
{
    return (struct dp_packet *)stream->packet;
}

static void flush_packet(struct stream *stream)
{
    if (stream->at == 0)
        return;
    fwrite(stream->packet, 1, PACKET, stream->file);
    stream->offset += PACKET;
    stream->at = 0;
}

void stream_packet(struct stream *stream, uint64_t begin_ns, uint32_t tid, const char *thread)
{
    flush_packet(stream);
    /* What lies behind the committed content must not matter. */
    memset(stream->packet, 0xee, PACKET);
    memset(stream->packet, 0, sizeof(struct dp_packet));
    struct dp_packet *packet = header(stream);
    packet->magic = DP_PACKET_MAGIC;
    memcpy(packet->uuid, writer_uuid, sizeof packet->uuid);
    packet->packet_size_bits = PACKET * 8;
    packet->content_size_bits = sizeof *packet * 8;
    packet->timestamp_begin = begin_ns;
    packet->sequence = stream->sequence++;
    packet->lane = (uint32_t)stream->lane;
    packet->tid = tid;
    snprintf(packet->thread_name, sizeof packet->thread_name, "%s", thread);
    stream->at = sizeof *packet;
    stream->time_ns = begin_ns;
    stream->tid = tid;
}

static void append(struct stream *stream, const void *bytes, uint64_t size)
{
    if (stream->at + size > PACKET)
        fail("the packet is full");
    memcpy(stream->packet + stream->at, bytes, size);
    stream->at += size;
}

static void expect(struct stream *stream, uint32_t id, uint64_t time_ns, const void *payload,
                   uint32_t bytes)
{
    struct writer *writer = stream->writer;

    if (writer->n_expected == sizeof writer->expected / sizeof *writer->expected ||
        bytes > sizeof writer->expected[0].payload)
        fail("too much expected");
    struct expected *record = &writer->expected[writer->n_expected++];
    record->id = id;
    record->tid = stream->tid;
    record->time_ns = time_ns;
    record->lane = stream->lane;
    record->end = stream->offset + stream->at;
    record->payload_bytes = bytes;
    memcpy(record->payload, payload, bytes);
    memcpy(record->file, stream->name, sizeof record->file);
}

void stream_record(struct stream *stream, uint32_t id, uint64_t time_ns, const void *payload,
                   uint32_t bytes, bool wide)
{
    uint64_t since = time_ns - stream->time_ns;

    stream->at = (stream->at + DP_RECORD_ALIGN - 1) / DP_RECORD_ALIGN * DP_RECORD_ALIGN;
    if (wide || id >= DP_ID_EXTENDED || since > DP_TIME_MASK) {
        const struct dp_wide_header extended = {DP_ID_EXTENDED, id, time_ns};
        append(stream, &extended, sizeof extended);
    } else {
        uint32_t word = id | (uint32_t)(time_ns & DP_TIME_MASK) << DP_ID_BITS;
        append(stream, &word, sizeof word);
    }
    append(stream, payload, bytes);
    stream->time_ns = time_ns;
    header(stream)->content_size_bits = stream->at * 8;
    expect(stream, id, time_ns, payload, bytes);
}

void stream_call(struct stream *stream, uint32_t id, uint64_t time_ns, uint32_t site,
                 uint32_t duration_ns)
{
    uint32_t word = site | duration_ns << DP_CALL_SITE_BITS;

    stream_record(stream, id, time_ns, &word, sizeof word, false);
}

void stream_texts(struct stream *stream, uint32_t id, uint64_t time_ns, const void *fixed,
                  uint32_t bytes, ...)
{
    uint8_t payload[600];
    const char *text;
    va_list texts;

    memcpy(payload, fixed, bytes);
    va_start(texts, bytes);
    while ((text = va_arg(texts, const char *))) {
        size_t length = strlen(text) + 1;
        if (bytes + length > sizeof payload)
            fail("texts are too long");
        memcpy(payload + bytes, text, length);
        bytes += (uint32_t)length;
    }
    va_end(texts);
    stream_record(stream, id, time_ns, payload, bytes, false);
}

void stream_prepared(struct stream *stream, unsigned n)
{
    while (n-- > 0)
        stream_packet(stream, DP_PACKET_EMPTY_TIME, 0, "");
}

void stream_close(struct stream *stream)
{
    flush_packet(stream);
    if (fclose(stream->file) != 0)
        fail(stream->name);
}
