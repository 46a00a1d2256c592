/*
 * A packet from inside: the times of its records where its pages come step by step, a steward
 * that is late with pages, and what a forked child keeps of the memory ceiling and of its
 * parent's lane.
 */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory_ceiling.h"
#include "check.h"
#include "log/directory.h"
#include "hand_gate.h"
#include "thread/lane.h"
#include "base/os.h"
#include "log/prepare.h"
#include "base/facts.h"
#include "log/process_log.h"
#include "hot/record.h"
#include "hot/aggregate.h"
#include "log/segments.h"
#include "log/stream.h"

HAND_SITE(opened, DP_ATTRIBUTE_PROFILE, "rate=1, check_load=false", 0);

#define FIRST_NS UINT64_C(1000000000000)
#define APART_NS UINT64_C(1000000000) /* more than a compact header can hold */
#define PACKET_BYTES (256u << 10)

void __real_dp_os_populate(void *address, size_t bytes);
void __wrap_dp_os_populate(void *address, size_t bytes);
int __real_dp_os_allocate(int fd, uint64_t offset, uint64_t bytes);
int __wrap_dp_os_allocate(int fd, uint64_t offset, uint64_t bytes);

static bool disk_is_full;

int __wrap_dp_os_allocate(int fd, uint64_t offset, uint64_t bytes)
{
    int error = __real_dp_os_allocate(fd, offset, disk_is_full ? bytes / 2 : bytes);
    return disk_is_full ? -ENOSPC : error; /* it was full before the end */
}

/* A request to the steward that the owner of the stream overtakes, once. */
static struct dp_stream *overtaken;
static uint32_t next_bytes;

static uint64_t lost[DP_LOSS_COUNT];

static bool write_record(struct dp_stream *stream, uint64_t now)
{
    uint32_t *word = dp_record_begin(stream, DP_EVENT_ID_call, sizeof *word, &now, lost);
    if (!word)
        return false;
    *word = 1;
    dp_record_commit(stream, word + 1, now);
    return true;
}

void __wrap_dp_os_populate(void *address, size_t bytes)
{
    struct dp_stream *stream = overtaken;
    __real_dp_os_populate(address, bytes);
    if (!stream)
        return;
    overtaken = NULL;
    dp_stream_close_packet(stream);
    stream->next_bytes = next_bytes;
    CHECK(write_record(stream, FIRST_NS));
}

/* Reads as a reader does; returns the number of records. */
static uint64_t check_times(const struct dp_packet *packet)
{
    uint64_t time = packet->timestamp_begin, records = 0;
    size_t end = packet->content_size_bits / 8;
    for (size_t at = sizeof *packet; at < end; at += sizeof(uint32_t), records++) {
        const struct dp_wide_header *header = (const void *)((const char *)packet + at);
        if ((header->extended & ((1u << DP_ID_BITS) - 1)) == DP_ID_EXTENDED) {
            time = header->time_ns;
            at += sizeof *header;
        } else {
            time += ((header->extended >> DP_ID_BITS) - (uint32_t)time) & DP_TIME_MASK;
            at += sizeof header->extended;
        }
        CHECK(time == FIRST_NS + records * APART_NS);
    }
    return records;
}

static int64_t file_bytes(const char *name)
{
    int fd = dp_directory_open(name);
    CHECK(fd >= 0);
    int64_t bytes = dp_os_size(fd);
    dp_os_close(fd);
    return bytes;
}

static void start_stream(struct dp_stream *stream, uint32_t lane, uint32_t packet_bytes)
{
    dp_stream_init(stream, lane);
    stream->next_bytes = packet_bytes;
}

/* Also when a record finds no pages yet, and requests them in the same packet. */
static void records_keep_their_time(void)
{
    static struct dp_stream stream;
    start_stream(&stream, 9000, PACKET_BYTES);
    uint64_t now = FIRST_NS;
    while (write_record(&stream, now) && stream.position + 64 < PACKET_BYTES)
        now += APART_NS;
    CHECK(stream.sequence == 1 && stream.limit == PACKET_BYTES);
    CHECK(check_times(stream.packet) == stream.records);
    dp_stream_close_packet(&stream);
}

static void a_refused_record_leaves_no_time(void)
{
    static struct dp_stream stream;
    start_stream(&stream, 9001, PACKET_BYTES);
    uint64_t now = FIRST_NS + APART_NS - 1000;
    CHECK(write_record(&stream, FIRST_NS));
    CHECK(!dp_record_begin(&stream, DP_EVENT_ID_setting, UINT32_C(1) << 30, &now, lost));
    CHECK(lost[DP_LOSS_NO_SPACE] == 1);
    CHECK(write_record(&stream, FIRST_NS + APART_NS));
    CHECK(check_times(stream.packet) == 2);
    dp_stream_close_packet(&stream);
}

/* While the disk was full somebody removed the file, which was still empty. */
static void a_file_without_packets_is_deleted(void)
{
    static struct dp_stream stream;
    char name[DP_SEGMENT_NAME];
    start_stream(&stream, 9004, PACKET_BYTES);
    uint64_t used = dp_memory_ceiling_used();
    disk_is_full = true;
    CHECK(!write_record(&stream, FIRST_NS));
    disk_is_full = false;
    dp_segment_name(name, stream.lane, stream.segment);
    CHECK(file_bytes(name) == 0); /* a partial allocation was freed */
    CHECK(dp_memory_ceiling_used() == used);
    dp_directory_unlink(name);
    CHECK(write_record(&stream, FIRST_NS + APART_NS));
    CHECK(dp_memory_ceiling_used() == used + PACKET_BYTES);
    dp_stream_close_packet(&stream);
    /* What the packet did not use, in the file and in memory, is freed. */
    dp_segment_name(name, stream.lane, stream.segment);
    CHECK(file_bytes(name) == 4096 && dp_memory_ceiling_used() == used);
}

/* The steward prepares pages of a packet that its owner leaves meanwhile. The next packet has as
 * many pages; the steward's must not count for it. */
static void pages_of_the_packet_before(uint32_t lane, uint32_t bytes)
{
    static struct dp_stream stream;
    start_stream(&stream, lane, PACKET_BYTES);
    while (stream.position < 60000)
        CHECK(write_record(&stream, FIRST_NS));
    overtaken = &stream;
    next_bytes = bytes;
    dp_prepare_ahead(&stream); /* from 64 KB on, three times as much as was written */
    CHECK(!overtaken && stream.packet_bytes == bytes && stream.sequence == 2);
    CHECK((uint32_t)stream.ready <= 65536);
    while (stream.sequence == 2) {
        CHECK(write_record(&stream, FIRST_NS));
        CHECK(stream.limit <= stream.packet_bytes);
    }
    dp_stream_close_packet(&stream);
}

/* The parent's own stream has a large packet mapped when it forks. */
static void a_child_has_a_ceiling(void)
{
    char text[4000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    while (dp_log_stream()->mapped_bytes < PACKET_BYTES)
        dp_log_setting(1, "long", text, text);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        uint64_t due = hand_enter(&opened_site);
        hand_exit(&opened_site, due);
        CHECK(due & DP_DUE_OPENED);
        CHECK(dp_memory_ceiling_used() < UINT64_C(4) << 20);
        _exit(0);
    }
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

/* A signal handler forks in the middle of a call into the runtime. The child has its own log when
 * the handler returns: the call continues with the state from before. */
static void a_child_ends_what_it_was_forked_in(void)
{
    CHECK(hand_enter(&opened_site) & DP_DUE_OPENED);
    struct dp_lane *lane = dp_self;
    uint64_t records = lane->stream.records;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        alarm(20);
        CHECK(hand_enter(&opened_site) & DP_DUE_OPENED);
        CHECK(dp_self != lane);
        for (int i = 0; i < 100000; i++)
            dp_record_call(lane, DP_EVENT_ID_call, DP_EVENT_ID_call_wide, 1, 1, FIRST_NS, false);
        CHECK(dp_stats_make_part(lane, DP_LANE_ARENA_OFFSET, 8) == 0);
        lane->memory.frees++;
        lane->busy = 0;
        _exit(0);
    }
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(lane->stream.records == records);
}

int main(void)
{
    CHECK(dp_process_mode() == DP_MODE_ON);
    records_keep_their_time();
    a_refused_record_leaves_no_time();
    a_file_without_packets_is_deleted();
    pages_of_the_packet_before(9002, PACKET_BYTES);
    pages_of_the_packet_before(9003, 98304);
    a_child_has_a_ceiling();
    a_child_ends_what_it_was_forked_in();
    return 0;
}
