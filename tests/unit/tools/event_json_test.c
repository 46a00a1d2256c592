/* Records to JSON lines: each event's measurements, any bytes in strings, and
 * buffers that are too small. */
#include "check.h"

#include "common/event_json.h"
#include "common/json_text.h"

static char buffer[8192];
static const struct dp_record_site site = {"query", "db.c", "server", 42};

static struct dp_record_view view_of(uint32_t id, const void *payload, size_t bytes)
{
    return (struct dp_record_view){.id = id, .payload = payload, .payload_bytes = bytes,
                                   .time_ns = 5000, .realtime_offset_ns = 1000000, .pid = 3,
                                   .tid = 4, .site = &site};
}

static const char *lines(const struct dp_record_view *view, int events)
{
    struct dp_text out = {buffer, sizeof buffer - 1, 0};

    CHECK(dp_event_json(&out, view) == events);
    buffer[out.length] = '\0';
    return buffer;
}

#define WHERE "\"function\":\"query\",\"file\":\"db.c\",\"line\":42,\"module\":\"server\""

static void a_call_is_start_and_stop(void)
{
    uint32_t word = 9 | 1500u << DP_CALL_SITE_BITS;
    struct dp_record_view view = view_of(DP_EVENT_ID_call, &word, sizeof word);

    dp_event_describe(&view, dp_event_attribute(view.id, 1u << DP_ATTRIBUTE_PROFILE), NULL);
    CHECK_TEXT(lines(&view, 2),
               "{\"event\":\"profiler.start\",\"time_unix_ns\":1003500,\"measurements\":{},"
               "\"metadata\":{" WHERE ",\"site\":9,\"pid\":3,\"tid\":4,"
               "\"attribute\":\"profile\"}}\n"
               "{\"event\":\"profiler.stop\",\"time_unix_ns\":1005000,"
               "\"measurements\":{\"duration_ns\":1500},"
               "\"metadata\":{" WHERE ",\"site\":9,\"pid\":3,\"tid\":4,"
               "\"attribute\":\"profile\"}}\n");
}

static void strategy_and_metadata_come_from_the_attribute(void)
{
    const struct dp_event_production_wide pay = {9, 77};
    struct dp_record_view view = view_of(DP_EVENT_ID_production_wide, &pay, sizeof pay);
    struct dp_options options;
    struct dp_options_error error;

    CHECK(dp_options_parse(DP_ATTRIBUTE_PROFILE,
                           "strategy=memory, metadata=team:red, metadata=tier:1", &options,
                           &error) == 0);
    dp_event_describe(&view, DP_ATTRIBUTE_PROFILE, &options);
    CHECK_TEXT(lines(&view, 1),
               "{\"event\":\"profiler.production\",\"time_unix_ns\":1005000,"
               "\"measurements\":{\"duration_ns\":77},\"metadata\":{" WHERE
               ",\"site\":9,\"pid\":3,\"tid\":4,\"attribute\":\"profile\","
               "\"strategy\":\"memory\",\"team\":\"red\",\"tier\":\"1\"}}\n");
    /* What the options' parser refuses, a damaged log may still hold. */
    const struct dp_word keys[] = {{"pid", 3}, {"a", 1}, {"a", 1}};
    const struct dp_word values[] = {{"mine", 4}, {"1", 1}, {"2", 1}};
    view.n_metadata = 3;
    view.metadata_key = keys;
    view.metadata_value = values;
    CHECK(strstr(lines(&view, 1), ",\"user.pid\":\"mine\",\"a\":\"2\"}}"));
}

static void memory_of_a_sampled_call_completes_it(void)
{
    const struct dp_event_call_memory e = {9, DP_CALL_CAPPED, 1500, 1000, 700, 50, 350, 2, 3, 40};
    struct dp_record_view view = view_of(DP_EVENT_ID_call_memory, &e, sizeof e);

    view.attribute = DP_ATTRIBUTE_COUNT;
    const char *text = lines(&view, 3);
    CHECK(strstr(text, "\"event\":\"profiler.complete\",\"time_unix_ns\":1005000,"
                       "\"measurements\":{\"duration_ns\":1500,\"memory_delta_bytes\":-300,"
                       "\"allocated_bytes\":50,\"freed_bytes\":350,"
                       "\"allocations\":2,\"frees\":3,\"peak_bytes\":40}"));
    CHECK(strstr(text, "\"capped\":true}}\n"));
}

static void each_event_has_its_measurements(void)
{
    const struct dp_event_slow_operation slow = {9, 8, 77, DP_SLOW_IN_FLIGHT, 900, 500, 100};
    const struct dp_event_memory memory = {9, 10, -5, 15, 30, 10, 3, 1, 25};
    const struct dp_event_calls calls = {9, 0, UINT64_MAX};
    const struct dp_event_load load = {DP_RESOURCE_MEMORY, 1, 930000, 1000001, 17};
    const struct dp_event_lost lost = {99, 4};
    const struct dp_event_exception thrown = {9, DP_LEFT_LONGJMP, 31};
    struct dp_record_view view = view_of(DP_EVENT_ID_slow_operation, &slow, sizeof slow);

    CHECK(strstr(lines(&view, 1), "\"profiler.slow_operation\",\"time_unix_ns\":1005000,"
                                  "\"measurements\":{\"duration_ns\":900,\"threshold_ns\":500,"
                                  "\"duration_error_ns\":100}"));
    CHECK(strstr(buffer, "\"tid\":8,") && strstr(buffer, "\"call_id\":77,\"in_flight\":true}}"));
    view = view_of(DP_EVENT_ID_memory, &memory, sizeof memory);
    CHECK(strstr(lines(&view, 1),
                 "\"measurements\":{\"before_bytes\":-5,\"after_bytes\":15,\"delta_bytes\":20,"
                 "\"allocated_bytes\":30,\"freed_bytes\":10,\"allocations\":3,\"frees\":1,"
                 "\"peak_bytes\":25,\"duration_ns\":10}"));
    view = view_of(DP_EVENT_ID_calls, &calls, sizeof calls);
    CHECK(strstr(lines(&view, 1), "{\"calls\":18446744073709551615}"));
    view = view_of(DP_EVENT_ID_load, &load, sizeof load);
    CHECK(strstr(lines(&view, 1), "{\"value\":0.930000,\"limit\":1.000001,\"gated_calls\":17}"));
    CHECK(strstr(buffer, "\"resource\":\"memory\",\"gate\":\"closed\"}}"));
    view = view_of(DP_EVENT_ID_lost, &lost, sizeof lost);
    CHECK(strstr(lines(&view, 1), "{\"count\":4}") && strstr(buffer, "\"reason\":\"unknown\"}}"));
    view = view_of(DP_EVENT_ID_exception, &thrown, sizeof thrown);
    view.attribute = DP_ATTRIBUTE_MEMORY;
    CHECK(strstr(lines(&view, 1), "\"profiler.exception\"") &&
          strstr(buffer, "\"kind\":\"longjmp\"}}"));
    view.attribute = DP_ATTRIBUTE_PROFILE;
    CHECK(strncmp(lines(&view, 2), "{\"event\":\"profiler.start\"", 25) == 0);
}

static void payloads_that_are_too_short_and_other_records_are_no_events(void)
{
    char payload[128] = {0};

    for (uint32_t id = 0; id < 40; id++) {
        struct dp_record_view view = view_of(id, payload, 3);
        lines(&view, 0);
    }
    struct dp_record_view view = view_of(DP_EVENT_ID_clock, payload, sizeof payload);
    lines(&view, 0);
}

static void strings_of_any_bytes_are_valid_json(void)
{
    struct dp_text out = {buffer, sizeof buffer - 1, 0};
    const char text[] = "a\"b\\c\n\x01\x7f\xc2\x9b\xc3\xa9\xff\xe2\x82\xf0\x9f\x98\x80";

    dp_json_text(&out, text, sizeof text - 1);
    buffer[out.length] = '\0';
    CHECK_TEXT(buffer, "\"a\\\"b\\\\c\\u000a\\u0001\\u007f\\u009b\xc3\xa9\\ufffd\\ufffd\\ufffd"
                       "\xf0\x9f\x98\x80\"");

    /* A right-to-left override, a line separator, an invisible tag. */
    const char obeyed[] = "\xe2\x80\xae\xe2\x80\xa8\xf3\xa0\x81\x81";
    out.length = 0;
    dp_json_text(&out, obeyed, sizeof obeyed - 1);
    buffer[out.length] = '\0';
    CHECK_TEXT(buffer, "\"\\u202e\\u2028\\udb40\\udc41\"");
}

/* Whole or not at all, and never past the end. */
static void small_buffers_get_whole_lines_or_nothing(void)
{
    uint32_t word = 9 | 1500u << DP_CALL_SITE_BITS;
    struct dp_record_view view = view_of(DP_EVENT_ID_call, &word, sizeof word);
    size_t whole = strlen(lines(&view, 2));

    for (size_t size = 0; size <= whole; size++) {
        char *exact = malloc(size + 1); /* a byte more would be found by ASan */
        struct dp_text out = {exact, size, 0};
        CHECK(dp_event_json(&out, &view) == (size < whole ? -1 : 2));
        CHECK(out.length == (size < whole ? 0 : whole));
        free(exact);
    }
}

static void the_attribute_of_a_record(void)
{
    const uint32_t all = (1u << DP_ATTRIBUTE_COUNT) - 1;

    CHECK(dp_event_attribute(DP_EVENT_ID_call, all) == DP_ATTRIBUTE_PROFILE);
    CHECK(dp_event_attribute(DP_EVENT_ID_call, 1u << DP_ATTRIBUTE_FLAME_GRAPH) ==
          DP_ATTRIBUTE_FLAME_GRAPH);
    CHECK(dp_event_attribute(DP_EVENT_ID_exception, 1u << DP_ATTRIBUTE_PRODUCTION) ==
          DP_ATTRIBUTE_PRODUCTION);
    CHECK(dp_event_attribute(DP_EVENT_ID_slow_operation, all) == DP_ATTRIBUTE_IF_SLOW);
    CHECK(dp_event_attribute(DP_EVENT_ID_load, all) == DP_ATTRIBUTE_COUNT);
}

int main(void)
{
    a_call_is_start_and_stop();
    strategy_and_metadata_come_from_the_attribute();
    memory_of_a_sampled_call_completes_it();
    each_event_has_its_measurements();
    payloads_that_are_too_short_and_other_records_are_no_events();
    strings_of_any_bytes_are_valid_json();
    small_buffers_get_whole_lines_or_nothing();
    the_attribute_of_a_record();
    return 0;
}
