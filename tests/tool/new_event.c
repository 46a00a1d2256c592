/*
 * new_event DIRECTORY: writes a log with records of new_event.def, which no other
 * file of the project knows. Compiled with common/ and that table.
 */
#include "log_writer.h"

#include <string.h>

#define SITE 7

/* A payload of new_event.def; returns its bytes. */
static uint32_t sample(uint8_t *payload, uint32_t doing, uint32_t n_frames, const char *waits_for)
{
    const struct dp_event_test_sample fixed = {
        .site = SITE, .tid = 42, .doing = doing, .n_frames = n_frames, .blocked_ns = 1500000};
    uint8_t *at = payload;

    memcpy(at, &fixed, sizeof fixed);
    at += sizeof fixed;
    for (uint32_t i = 0; i < n_frames; i++, at += sizeof(uint64_t)) {
        uint64_t address = UINT64_C(0x7fedcba987654321) + i;
        memcpy(at, &address, sizeof address);
    }
    for (uint32_t i = 0; i < n_frames; i++, at += sizeof(int32_t)) {
        int32_t offset = -(int32_t)i;
        memcpy(at, &offset, sizeof offset);
    }
    memcpy(at, waits_for, strlen(waits_for) + 1);
    return (uint32_t)(at - payload + strlen(waits_for) + 1);
}

int main(int argc, char **argv)
{
    static struct writer writer;
    const struct dp_event_site site = {.site = SITE, .line = 12};
    struct stream stream;
    uint8_t payload[256];

    if (argc != 2)
        return 2;
    writer_start(&writer, argv[1]);
    writer_metadata(&writer, "/usr/bin/server", 100);
    stream_open(&stream, &writer, RUNTIME_LANE, 0);
    stream_packet(&stream, START_NS, 100, "server");
    stream_texts(&stream, DP_EVENT_ID_site, START_NS, &site, sizeof site, "read_all", "read.c",
                 "server", NULL);
    uint32_t bytes = sample(payload, DP_TEST_BLOCKED, 3, "futex\033");
    stream_record(&stream, DP_EVENT_ID_test_sample, START_NS + 1000, payload, bytes, false);
    bytes = sample(payload, DP_TEST_ON_CPU, 0, "x");
    stream_record(&stream, DP_EVENT_ID_test_sample, START_NS + 2000, payload, bytes, true);
    stream_record(&stream, DP_EVENT_ID_lost, START_NS + 3000,
                  &(struct dp_event_lost){.count = 1}, sizeof(struct dp_event_lost), false);
    stream_close(&stream);
    return 0;
}
