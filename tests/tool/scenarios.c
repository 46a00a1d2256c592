/*
 * The logs that the tests read, each made for something. See log_writer.h.
 *
 * Times are fixed, so that what the tool prints of them is, too. Rates, counts
 * and durations are small enough to work out by hand.
 */
#include "log_writer.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/aggregate.h"

#define MS        UINT64_C(1000000)
#define AFTER(ms) (START_NS + (ms)*MS)

enum { PARSE = 1, QUERY = 2, LOAD_ALL = 3, STEP = 4, WEIRD = 5, UNNAMED = 6, PAY = 7 };

/* A function name that must not reach a terminal or break JSON. */
#define WEIRD_NAME "ev\033[31mil\"\xff\xc2\x9b\n"

/* ---- what the runtime stream says ---- */

static void site(struct stream *stream, uint64_t time_ns, uint32_t index, const char *function,
                 const char *file, uint32_t line)
{
    const struct dp_event_site event = {
        .site = index, .line = line, .flags = 0, .id = 0x1000 + index};

    stream_texts(stream, DP_EVENT_ID_site, time_ns, &event, sizeof event, function, file, "server",
                 NULL);
}

static void attribute(struct stream *stream, uint64_t time_ns, uint32_t index, uint32_t attribute,
                      uint32_t state, uint32_t rate_ppb, uint64_t threshold, const char *options,
                      const char *rule)
{
    const struct dp_event_site_attribute event = {index, attribute, state, rate_ppb, threshold};

    stream_texts(stream, DP_EVENT_ID_site_attribute, time_ns, &event, sizeof event, options, rule,
                 NULL);
}

static void setting(struct stream *stream, uint64_t time_ns, uint32_t source, const char *name,
                    const char *value, const char *problem)
{
    const struct dp_event_setting event = {source};

    stream_texts(stream, DP_EVENT_ID_setting, time_ns, &event, sizeof event, name, value, problem,
                 NULL);
}

/* ---- what the looks at a slow call found ---- */

#define CODE  UINT64_C(0x555555554000)
#define STACK UINT64_C(0x1122334455667788)

/* Fixed fields, then elements of an array, then a text. */
static void with_array(struct stream *stream, uint32_t id, uint64_t time_ns, const void *fixed,
                       uint32_t bytes, const void *array, uint32_t array_bytes, const char *text)
{
    uint8_t payload[600];

    memcpy(payload, fixed, bytes);
    memcpy(payload + bytes, array, array_bytes);
    bytes += array_bytes;
    if (text) {
        memcpy(payload + bytes, text, strlen(text) + 1);
        bytes += (uint32_t)strlen(text) + 1;
    }
    stream_record(stream, id, time_ns, payload, bytes, false);
}

static void stack(struct stream *stream, uint64_t time_ns, uint64_t hash, uint32_t flags,
                  const uint64_t *frames, uint32_t n)
{
    const struct dp_event_stack event = {.stack = hash, .flags = flags, .n_frames = n};

    with_array(stream, DP_EVENT_ID_stack, time_ns, &event, sizeof event, frames,
               n * (uint32_t)sizeof *frames, NULL);
}

static void looks(struct stream *stream, uint64_t time_ns)
{
    static const uint8_t build_id[20] = {0xde, 0xad, 0, 0xbe, 0xef};
    const uint64_t frames[] = {CODE + 0x1234, CODE + 0x2345, CODE + 0x3456};
    const struct dp_event_module module = {
        .start = CODE, .end = CODE + 0x10000, .bias = CODE, .n_build_id = sizeof build_id};
    struct dp_event_sample sample = {.site = QUERY,
                                     .tid = 101,
                                     .call = 77,
                                     .state = DP_THREAD_BLOCKED,
                                     .looks = 2,
                                     .weight_ns = 20 * MS,
                                     .stack = STACK,
                                     .syscall = 202,
                                     .holder_tid = 102,
                                     .holder_stack = STACK + 1};
    const struct dp_event_reason reason = {.call = 77,
                                           .flags = DP_REASON_IN_FLIGHT,
                                           .looks = 2,
                                           .on_cpu_ns = 30 * MS,
                                           .runnable_ns = 1 * MS,
                                           .blocked_ns = 54 * MS,
                                           .before_first_look_ns = 25 * MS,
                                           .error_ns = MS,
                                           .minor_faults = 12,
                                           .voluntary_switches = 3};

    with_array(stream, DP_EVENT_ID_module, time_ns, &module, sizeof module, build_id,
               sizeof build_id, "/opt/server");
    stack(stream, time_ns, STACK, 0, frames, 3);
    stack(stream, time_ns, STACK + 1, DP_STACK_NO_RULE, frames + 1, 1);
    stream_texts(stream, DP_EVENT_ID_sample, time_ns, &sample, sizeof sample, "mutex 0x555555558040",
                 "io", NULL);
    sample.state = DP_THREAD_ON_CPU;
    sample.flags = DP_SAMPLE_NO_SIGNAL;
    sample.stack = sample.holder_stack = sample.holder_tid = 0;
    sample.syscall = -1;
    stream_texts(stream, DP_EVENT_ID_sample, time_ns, &sample, sizeof sample, "", "", NULL);
    stream_record(stream, DP_EVENT_ID_reason, time_ns, &reason, sizeof reason, false);
}

static void runtime_stream(struct writer *writer, bool events)
{
    struct stream s;
    const struct dp_event_clock clock = {123456789, START_NS, START_NS + OFFSET_NS};
    const struct dp_event_load closed = {DP_RESOURCE_CPU, 1, 930000, 800000, 0};
    const struct dp_event_load open = {DP_RESOURCE_CPU, 0, 500000, 800000, 17};
    const struct dp_event_lost lost = {DP_LOSS_LOG_FULL, 5};
    const struct dp_event_overhead overhead = {12 * MS, 1000, 50, 1800 * MS, 8192};
    const struct dp_event_slow_operation in_flight = {.site = QUERY,
                                                      .tid = 101,
                                                      .id = 77,
                                                      .flags = DP_SLOW_IN_FLIGHT,
                                                      .duration_ns = 110 * MS,
                                                      .threshold_ns = 100 * MS,
                                                      .duration_error_ns = MS};

    stream_open(&s, writer, RUNTIME_LANE, 0);
    stream_packet(&s, START_NS, 100, "server");
    stream_record(&s, DP_EVENT_ID_clock, START_NS, &clock, sizeof clock, false);
    setting(&s, START_NS, 0, "DEEP_PROFILE_ENV", "dev", "");
    setting(&s, START_NS, 1, "DEEP_PROFILE_TICK", "500us", "");
    setting(&s, START_NS, 2, "DEEP_PROFILE_CPU_LIMIT", "0.8", "'much' is not a rate");
    site(&s, START_NS, PARSE, "parse", "parse.c", 10);
    attribute(&s, START_NS, PARSE, DP_ATTRIBUTE_PROFILE, DP_ATTRIBUTE_ON, 10000000, 0,
              "rate=0.01, metadata=team:blue, strategy=call_graph", "");
    site(&s, START_NS, QUERY, "query", "db.c", 42);
    attribute(&s, START_NS, QUERY, DP_ATTRIBUTE_IF_SLOW, DP_ATTRIBUTE_ON, 1000000000, 100 * MS,
              "100ms, rate=1", "");
    site(&s, START_NS, LOAD_ALL, "load_all", "load.c", 7);
    attribute(&s, START_NS, LOAD_ALL, DP_ATTRIBUTE_MEMORY, DP_ATTRIBUTE_ON, 1000000000, 1024,
              "threshold=1KB", "");
    attribute(&s, START_NS, LOAD_ALL, DP_ATTRIBUTE_PROFILE, DP_ATTRIBUTE_BY_RULE, 1000000000, 0, "",
              "load_*:rate=1");
    site(&s, START_NS, STEP, "step", "step.c", 3);
    attribute(&s, START_NS, STEP, DP_ATTRIBUTE_CALLS, DP_ATTRIBUTE_ON, 1000000000, 0, "", "");
    site(&s, START_NS, WEIRD, WEIRD_NAME, "we\\ird.c", 1);
    attribute(&s, START_NS, WEIRD, DP_ATTRIBUTE_PROFILE, DP_ATTRIBUTE_WRONG_ENV, 0, 0, "env=prod",
              "");
    site(&s, START_NS, PAY, "pay", "pay.c", 99);
    attribute(&s, START_NS, PAY, DP_ATTRIBUTE_PRODUCTION, DP_ATTRIBUTE_ON, 1000000, 0, "", "");
    if (events) {
        stream_record(&s, DP_EVENT_ID_slow_operation, AFTER(410), &in_flight, sizeof in_flight,
                      false);
        looks(&s, AFTER(410));
        stream_record(&s, DP_EVENT_ID_load, AFTER(1200), &closed, sizeof closed, false);
        stream_record(&s, DP_EVENT_ID_lost, AFTER(1300), &lost, sizeof lost, false);
        stream_record(&s, DP_EVENT_ID_load, AFTER(1700), &open, sizeof open, false);
    }
    stream_record(&s, DP_EVENT_ID_overhead, AFTER(2000), &overhead, sizeof overhead, false);
    stream_prepared(&s, 1);
    stream_close(&s);
}

/* ---- what the lanes' streams say ---- */

/* Sampled calls of parse, from 1000 ns on, over three packets. */
static void many_calls(struct stream *s, uint32_t n)
{
    uint64_t begin_ns = 0;

    for (uint32_t i = 0; i < n; i++) {
        if (i == 0 || i == n * 3 / 10 || i == n * 7 / 10) {
            begin_ns = AFTER(10 + i);
            stream_packet(s, begin_ns, 101, "worker");
        }
        stream_call(s, DP_EVENT_ID_call, begin_ns + (i + 1) * 1000, PARSE, 1000 + i);
    }
}

static void lane_0(struct writer *writer, uint32_t calls)
{
    struct stream s;
    const struct dp_event_call_wide long_call = {PARSE, DP_CALL_CAPPED, 60 * MS};
    const struct dp_event_slow_operation slow = {.site = QUERY,
                                                 .tid = 101,
                                                 .id = 77,
                                                 .flags = DP_SLOW_REPORTED,
                                                 .duration_ns = 250 * MS,
                                                 .threshold_ns = 100 * MS,
                                                 .duration_error_ns = MS};
    const struct dp_event_exception thrown = {PARSE, DP_LEFT_LONGJMP, 777};

    stream_open(&s, writer, 0, 0);
    many_calls(&s, calls);
    stream_record(&s, DP_EVENT_ID_call_wide, AFTER(380), &long_call, sizeof long_call, true);
    /* More than 2^27 ns after the record before: only a wide header serves. */
    stream_record(&s, DP_EVENT_ID_slow_operation, AFTER(550), &slow, sizeof slow, false);
    stream_close(&s);

    /* The lane goes on in a second file, and passes to another thread. */
    stream_open(&s, writer, 0, 1);
    stream_packet(&s, AFTER(600), 101, "worker");
    stream_record(&s, DP_EVENT_ID_exception, AFTER(601), &thrown, sizeof thrown, false);
    stream_packet(&s, AFTER(700), 103, "late");
    stream_call(&s, DP_EVENT_ID_production, AFTER(701), PAY, 4000);
    stream_prepared(&s, 2);
    stream_close(&s);
}

static void lane_1(struct writer *writer)
{
    struct stream s;
    const struct dp_event_memory memory = {.site = LOAD_ALL,
                                           .duration_ns = 3 * MS,
                                           .before_bytes = 1000,
                                           .after_bytes = 5000,
                                           .allocated_bytes = 6000,
                                           .freed_bytes = 2000,
                                           .allocations = 12,
                                           .frees = 4,
                                           .peak_bytes = 4500};
    const struct dp_event_call_memory call = {.site = LOAD_ALL,
                                              .flags = 0,
                                              .duration_ns = 3 * MS,
                                              .before_bytes = -50,
                                              .after_bytes = -2050,
                                              .allocated_bytes = 500,
                                              .freed_bytes = 2500,
                                              .allocations = 1,
                                              .frees = 5,
                                              .peak_bytes = 400};
    const struct dp_event_calls calls = {STEP, 0, 1234567};
    const struct dp_event_production_wide pay = {PAY, 2000 * MS};

    stream_open(&s, writer, 1, 0);
    stream_packet(&s, AFTER(5), 102, "io");
    stream_record(&s, DP_EVENT_ID_memory, AFTER(20), &memory, sizeof memory, false);
    stream_record(&s, DP_EVENT_ID_call_memory, AFTER(40), &call, sizeof call, true);
    stream_call(&s, DP_EVENT_ID_call, AFTER(60), UNNAMED, 5);
    stream_record(&s, DP_EVENT_ID_production_wide, AFTER(1900), &pay, sizeof pay, false);
    stream_record(&s, DP_EVENT_ID_calls, AFTER(1950), &calls, sizeof calls, false);
    stream_close(&s);
}

/* ---- state files ---- */

static void put(const struct writer *writer, const char *name, const void *bytes, size_t size)
{
    char path[4096];

    snprintf(path, sizeof path, "%s/%s", writer->directory, name);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(bytes, 1, size, file) != size || fclose(file) != 0)
        abort();
}

static void process_state(const struct writer *writer, uint32_t phase)
{
    struct dp_process_state process = {.magic = DP_STATE_MAGIC,
                                       .version = DP_STATE_VERSION,
                                       .log_version = DP_LOG_VERSION,
                                       .phase = phase,
                                       .pid = 100,
                                       .pid_start_ticks = 1, /* that of no process */
                                       .start_monotonic_ns = START_NS,
                                       .realtime_offset_ns = OFFSET_NS,
                                       .end_monotonic_ns =
                                           phase == DP_PROCESS_FINISHED ? AFTER(2000) : 0,
                                       .heartbeat_ns = AFTER(2000),
                                       .lanes = 2,
                                       .sites = 7,
                                       .gated = 17,
                                       .steward_cpu_ns = 12 * MS,
                                       .slow_path_ns = 50,
                                       .env = "dev",
                                       .program = "/opt/server",
                                       .command = "/opt/server --port 80",
                                       .rules = "load_*:rate=1"};

    process.lost[DP_LOSS_LOG_FULL] = 3;
    process.counted_site[1] = STEP;
    put(writer, "state/process", &process, sizeof process);
}

/* A lane file in memory: the struct, the counts, then an arena. */
struct lane_image {
    uint8_t bytes[DP_LANE_ARENA_OFFSET + 65536];
    uint32_t used;
};

static uint32_t take(struct lane_image *image, uint32_t size)
{
    uint32_t offset = image->used;

    image->used += (size + 7) / 8 * 8;
    if (image->used > sizeof image->bytes)
        abort();
    return offset;
}

static struct dp_lane_state *lane_of(struct lane_image *image)
{
    return (struct dp_lane_state *)image->bytes;
}

static struct dp_site_stats *stats_of(struct lane_image *image, uint32_t index)
{
    uint32_t *page_offset = &lane_of(image)->site_pages[index / DP_LANE_SITE_PAGE];

    if (*page_offset == 0)
        *page_offset = take(image, DP_LANE_SITE_PAGE * sizeof(uint32_t));
    uint32_t *page = (uint32_t *)(image->bytes + *page_offset);
    if (page[index % DP_LANE_SITE_PAGE] == 0)
        page[index % DP_LANE_SITE_PAGE] = take(image, sizeof(struct dp_site_stats));
    struct dp_site_stats *stats =
        (struct dp_site_stats *)(image->bytes + page[index % DP_LANE_SITE_PAGE]);
    stats->site = index;
    return stats;
}

static void add_call(struct lane_image *image, uint32_t index, uint64_t duration_ns, double rate)
{
    struct dp_site_stats *stats = stats_of(image, index);
    uint32_t block = dp_histogram_block(duration_ns);

    if (stats->sampled++ == 0 || duration_ns < stats->min_ns)
        stats->min_ns = duration_ns;
    if (duration_ns > stats->max_ns)
        stats->max_ns = duration_ns;
    stats->total_ns += duration_ns;
    stats->estimated += (uint64_t)(DP_WEIGHT_UNIT / rate + 0.5);
    stats->variance += (uint64_t)(DP_WEIGHT_UNIT * (1 - rate) / rate / rate + 0.5);
    if (stats->blocks[block] == 0)
        stats->blocks[block] = take(image, DP_HISTOGRAM_SUB * sizeof(uint32_t));
    ((uint32_t *)(image->bytes + stats->blocks[block]))[dp_histogram_slot(duration_ns, block)]++;
}

static void start_lane(struct lane_image *image, uint32_t lane, uint32_t tid, const char *thread)
{
    memset(image, 0, sizeof *image);
    image->used = DP_LANE_ARENA_OFFSET;
    *lane_of(image) = (struct dp_lane_state){.magic = DP_STATE_MAGIC,
                                             .version = DP_STATE_VERSION,
                                             .lane = lane,
                                             .owner = DP_LANE_OWNED,
                                             .tid = tid,
                                             .threads = 1,
                                             .slow_paths = 500};
    snprintf(lane_of(image)->thread_name, 16, "%s", thread);
}

static void finish_lane(const struct writer *writer, struct lane_image *image)
{
    char name[32];

    snprintf(name, sizeof name, "state/lane-%04u", lane_of(image)->lane);
    lane_of(image)->arena_used = lane_of(image)->file_bytes = image->used;
    put(writer, name, image->bytes, image->used);
}

static void lane_states(const struct writer *writer)
{
    static struct lane_image image;

    start_lane(&image, 0, 103, "late");
    lane_of(&image)->threads = 2;
    for (uint32_t i = 0; i < 500; i++)
        add_call(&image, PARSE, 1000 + i, 0.01);
    add_call(&image, PARSE, 60 * MS, 0.01);
    add_call(&image, PARSE, 777, 0.01);
    stats_of(&image, PARSE)->exceptions = 1;
    stats_of(&image, QUERY)->slow = 4;
    stats_of(&image, QUERY)->slow_total_ns = 700 * MS;
    stats_of(&image, QUERY)->slow_max_ns = 250 * MS;
    add_call(&image, PAY, 4000, 0.001);
    /* Two calls open, one of them profiled (so in both lists), one watched. */
    lane_of(&image)->open.top = 2;
    lane_of(&image)->open.calls[0] = (struct dp_open_call){AFTER(1500) | DP_DUE_OPENED, QUERY, 0};
    lane_of(&image)->open.calls[1] = (struct dp_open_call){AFTER(1900), QUERY, 0};
    lane_of(&image)->frames_top = 1;
    lane_of(&image)->frames[0] =
        (struct dp_lane_frame){AFTER(1500), QUERY, 1u << DP_ATTRIBUTE_PROFILE};
    lane_of(&image)->forgotten = 9; /* two of them ended on the other lane */
    finish_lane(writer, &image);

    start_lane(&image, 1, 102, "io");
    lane_of(&image)->gated = 3;
    lane_of(&image)->forgotten = -2;
    lane_of(&image)->lost[DP_LOSS_LOG_FULL] = 2;
    add_call(&image, LOAD_ALL, 3 * MS, 1);
    struct dp_site_stats *memory = stats_of(&image, LOAD_ALL);
    memory->memory_calls = 2;
    memory->allocated_bytes = 6500;
    memory->freed_bytes = 4500;
    memory->allocations = 13;
    memory->frees = 9;
    memory->peak_bytes = 4500;
    memory->self_allocated_bytes = 5500;
    memory->self_allocations = 11;
    add_call(&image, PAY, 2000 * MS, 0.001);
    stats_of(&image, PAY)->gated = 20;
    stats_of(&image, QUERY)->maybe_slow = 2;
    stats_of(&image, QUERY)->maybe_slow_least_ns = 900 * MS;
    stats_of(&image, QUERY)->maybe_slow_most_ns = 1100 * MS;
    ((uint64_t *)(image.bytes + DP_LANE_COUNTS_OFFSET))[1] = 1234567;
    finish_lane(writer, &image);
}

/* ---- the scenarios ---- */

static void streams_only(struct writer *writer)
{
    writer_metadata(writer, "/opt/server", 100);
    runtime_stream(writer, true);
    lane_0(writer, 500);
    lane_1(writer);
}

static void basic(struct writer *writer)
{
    streams_only(writer);
    process_state(writer, DP_PROCESS_FINISHED);
    lane_states(writer);
}

static void killed(struct writer *writer)
{
    streams_only(writer);
    process_state(writer, DP_PROCESS_RUNNING);
    lane_states(writer);
}

static void state_only(struct writer *writer)
{
    writer_metadata(writer, "/opt/server", 100);
    process_state(writer, DP_PROCESS_FINISHED);
    lane_states(writer);
}

static void empty(struct writer *writer)
{
    writer_metadata(writer, "/opt/server", 100);
}

/* One to begin fuzzing with. */
static void small(struct writer *writer)
{
    writer_metadata(writer, "/opt/server", 100);
    runtime_stream(writer, true);
    lane_0(writer, 10);
    lane_1(writer);
    process_state(writer, DP_PROCESS_RUNNING);
    lane_states(writer);
}

/* A process that called nothing: all there, no data. */
static void idle(struct writer *writer)
{
    writer_metadata(writer, "/opt/server", 100);
    runtime_stream(writer, false);
    process_state(writer, DP_PROCESS_FINISHED);
}

/* The same, but calls had no room in the aggregates. */
static void crowded(struct writer *writer)
{
    static struct lane_image image;

    idle(writer);
    start_lane(&image, 0, 103, "late");
    lane_of(&image)->lost[DP_LOSS_AGGREGATES] = 7;
    finish_lane(writer, &image);
}

const struct scenario scenarios[] = {
    {"basic", basic, "a finished process with a bit of everything"},
    {"killed", killed, "the same, killed: calls open, packets prepared"},
    {"streams-only", streams_only, "no state files"},
    {"state-only", state_only, "no streams"},
    {"empty", empty, "metadata and nothing else"},
    {"small", small, "as killed, with few calls"},
    {"idle", idle, "sites but no calls"},
    {"crowded", crowded, "no aggregates: there was no room"},
    {0},
};
