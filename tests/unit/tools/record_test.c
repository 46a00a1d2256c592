/* Records of any bytes: whole or not at all. With the event of tests/tool/new_event.def,
 * which has arrays and a text. */
#include "check.h"

#include "common/event_json.h"
#include "common/event_keys.h"
#include "common/record.h"

#include <stdlib.h>
#include <string.h>

#define TIME_NS UINT64_C(0x123456789)

static uint8_t whole[256];

/* Of the test's event, whose id has no compact form. */
#define HEADER sizeof(struct dp_wide_header)

/* A record of two frames; returns its length. */
static uint32_t make_sample(void)
{
    const struct dp_event_test_sample fixed = {
        .site = 9, .doing = DP_TEST_BLOCKED, .n_frames = 2, .blocked_ns = 5};
    const uint64_t frames[] = {0x401000, 0x402000};
    const int32_t offsets[] = {-1, 1};
    const struct dp_wide_header wide = {DP_ID_EXTENDED, DP_EVENT_ID_test_sample, TIME_NS};
    uint8_t *at = whole;

    at = (uint8_t *)memcpy(at, &wide, sizeof wide) + sizeof wide;
    at = (uint8_t *)memcpy(at, &fixed, sizeof fixed) + sizeof fixed;
    at = (uint8_t *)memcpy(at, frames, sizeof frames) + sizeof frames;
    at = (uint8_t *)memcpy(at, offsets, sizeof offsets) + sizeof offsets;
    memcpy(at, "pipe", 5);
    return (uint32_t)(at + 5 - whole);
}

/* A copy of exactly `size` bytes: reading one more is found by ASan. */
static uint32_t decode(uint32_t size, uint64_t *time_ns, struct dp_record *record)
{
    uint8_t *exact = malloc(size ? size : 1);

    memcpy(exact, whole, size);
    uint32_t length = dp_record_decode(exact, size, time_ns, record);
    free(exact);
    return length;
}

static void a_cut_record_is_none(void)
{
    uint32_t length = make_sample();
    struct dp_record record = {0};

    for (uint32_t size = 0; size <= length + 3; size++) {
        uint64_t time_ns = TIME_NS - 1;
        CHECK(decode(size, &time_ns, &record) == (size < length ? 0 : length));
        CHECK(time_ns == (size < length ? TIME_NS - 1 : TIME_NS));
    }
    CHECK(record.id == DP_EVENT_ID_test_sample && record.payload_bytes == length - HEADER);
}

static void a_length_that_lies_is_not_believed(void)
{
    const uint32_t lengths[] = {3, 100, UINT32_C(1) << 29, UINT32_C(0x20000001), UINT32_MAX};
    uint32_t length = make_sample();
    struct dp_record record;

    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        uint64_t time_ns = TIME_NS;
        memcpy(whole + HEADER + offsetof(struct dp_event_test_sample, n_frames), &lengths[i], 4);
        CHECK(decode(length, &time_ns, &record) == 0);
    }
}

static void unknown_events_and_wide_headers_that_are_none(void)
{
    struct dp_wide_header wide = {DP_ID_EXTENDED, DP_EVENT_ID_call, TIME_NS + (1u << 30)};
    struct dp_record record;
    uint64_t time_ns = TIME_NS;

    memset(whole, 0, sizeof whole);
    memcpy(whole, &wide, sizeof wide);
    CHECK(decode(sizeof wide + 3, &time_ns, &record) == 0 && time_ns == TIME_NS);
    CHECK(decode(sizeof wide + 4, &time_ns, &record) == sizeof wide + 4 &&
          time_ns == TIME_NS + (1u << 30));
    for (uint32_t id = 0; id < 100; id++) {
        bool known = id < DP_EVENT_IDS && dp_event_shape(id);
        wide.id = id;
        memcpy(whole, &wide, sizeof wide);
        CHECK((decode(sizeof whole, &time_ns, &record) != 0) == known);
    }
    wide.id = UINT32_MAX;
    memcpy(whole, &wide, sizeof wide);
    CHECK(decode(sizeof whole, &time_ns, &record) == 0);
    wide = (struct dp_wide_header){DP_ID_EXTENDED | 1u << DP_ID_BITS, DP_EVENT_ID_call, TIME_NS};
    memcpy(whole, &wide, sizeof wide);
    CHECK(decode(sizeof whole, &time_ns, &record) == 0);
}

/* The 27 bits of a compact time wrap at most once between two records. */
static void a_compact_time_is_the_next_that_has_its_bits(void)
{
    const uint64_t times[][2] = {{TIME_NS, TIME_NS},
                                 {TIME_NS, TIME_NS + 1},
                                 {TIME_NS, TIME_NS + DP_TIME_MASK},
                                 {DP_TIME_MASK, (uint64_t)DP_TIME_MASK + 1}};
    struct dp_record record;

    memset(whole, 1, sizeof whole); /* a call whose payload is 0 is none */
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        uint64_t time_ns = times[i][0];
        uint32_t word =
            DP_EVENT_ID_call | (uint32_t)(times[i][1] & DP_TIME_MASK) << DP_ID_BITS;
        memcpy(whole, &word, sizeof word);
        CHECK(decode(8, &time_ns, &record) == 8);
        CHECK(time_ns == times[i][1] && record.time_ns == times[i][1]);
    }
}

static void json_of_an_array_is_whole_or_nothing(void)
{
    uint32_t length = make_sample();
    const struct dp_record_site site = {"query", "db.c", "server", 42};
    struct dp_record_view view = {.id = DP_EVENT_ID_test_sample, .payload = whole + HEADER,
                                  .tid = 4, .site = &site, .attribute = DP_ATTRIBUTE_COUNT};
    char buffer[1024];

    for (view.payload_bytes = 0; view.payload_bytes <= length - HEADER; view.payload_bytes++) {
        struct dp_text out = {buffer, sizeof buffer - 1, 0};
        bool all = view.payload_bytes == length - HEADER;
        CHECK(dp_event_json(&out, &view) == all && (out.length > 0) == all);
        buffer[out.length] = '\0';
    }
    CHECK_TEXT(buffer,
               "{\"event\":\"profiler.test_sample\",\"time_unix_ns\":0,\"measurements\":{"
               "\"blocked_ns\":5,\"frames\":[\"0x0000000000401000\",\"0x0000000000402000\"],"
               "\"offsets\":[-1,1]},\"metadata\":{\"function\":\"query\",\"file\":\"db.c\","
               "\"line\":42,\"module\":\"server\",\"site\":9,\"pid\":0,\"tid\":4,"
               "\"state\":\"blocked\",\"waits_for\":\"pipe\"}}\n");
}

/* Every key that a line has of itself is refused in metadata=, also that of a new event. */
static void options_refuse_the_keys_of_events(void)
{
    const char *const keys[] = {"function", "site", "attribute", "call_id", "capped",
                                "in_flight", "reported_in_flight", "gate", "waits_for"};
    struct dp_options options;
    struct dp_options_error error;
    char text[64];

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        snprintf(text, sizeof text, "rate=1, metadata=%s:x", keys[i]);
        CHECK(dp_options_parse(DP_ATTRIBUTE_PROFILE, text, &options, &error) == 0);
        CHECK(dp_event_keys_check(text, &options, &error) == -1 && error.offset == 17);
    }
    CHECK(dp_options_parse(DP_ATTRIBUTE_PROFILE, "metadata=duration_ns:x", &options, &error) == 0);
    CHECK(dp_event_keys_check("", &options, &error) == 0);
}

static void zeroes_are_no_record(void)
{
    struct dp_record record;
    uint64_t time_ns = TIME_NS;

    memset(whole, 0, sizeof whole);
    for (uint32_t size = 4; size < 100; size++)
        CHECK(decode(size, &time_ns, &record) == 0);
}

int main(void)
{
    zeroes_are_no_record();
    a_cut_record_is_none();
    a_length_that_lies_is_not_believed();
    unknown_events_and_wide_headers_that_are_none();
    a_compact_time_is_the_next_that_has_its_bits();
    json_of_an_array_is_whole_or_nothing();
    options_refuse_the_keys_of_events();
    return 0;
}
