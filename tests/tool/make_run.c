/*
 * make_run DIR PROGRAM PID PARENT FUNCTION…: the log of one short run, for tests of what compares
 * runs. FUNCTION is
 *
 *     NAME@FILE:CALLS:NS[:SAMPLED]
 *
 * CALLS calls of NS each; with SAMPLED only so many of them were timed, chosen by chance. The
 * first MOST_RECORDS of them have records: there they differ by 20 % either way, and the machine
 * becomes slower by half in the course of the run. Calls of 50 us and more have none. Without CALLS the function is known and was never called.
 */
#include "log_writer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/aggregate.h"

#define SECOND UINT64_C(1000000000)
#define MOST_RECORDS 400

struct function {
    char name[256];
    char file[256];
    unsigned long calls, ns, sampled;
};

static struct function read_function(const char *text)
{
    struct function function = {0};

    if (sscanf(text, "%255[^@]@%255[^:]:%lu:%lu:%lu", function.name, function.file,
               &function.calls, &function.ns, &function.sampled) < 2)
        abort();
    if (function.sampled == 0)
        function.sampled = function.calls;
    return function;
}

static uint32_t ppb_of(const struct function *function)
{
    return function->calls ? (uint32_t)(function->sampled * SECOND / function->calls)
                           : (uint32_t)SECOND;
}

static void put(const char *directory, const char *name, const void *bytes, size_t size)
{
    char path[4096];

    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(bytes, 1, size, file) != size || fclose(file) != 0)
        abort();
}

/* ---- the stream "runtime" ---- */

static void write_runtime(struct writer *writer, const char *program,
                          const struct function *functions, uint32_t n)
{
    struct stream s;
    const struct dp_event_overhead overhead = {.process_cpu_ns = SECOND};

    stream_open(&s, writer, RUNTIME_LANE, 0);
    stream_packet(&s, START_NS, 100, program);
    for (uint32_t i = 1; i <= n; i++) {
        const struct function *function = &functions[i - 1];
        bool named = strcmp(function->file, "operation") == 0;
        const struct dp_event_site site = {
            .site = i, .line = 10 * i, .id = i, .flags = named ? DP_SITE_OPERATION : 0};
        const struct dp_event_site_attribute attribute = {
            i, DP_ATTRIBUTE_PROFILE, DP_ATTRIBUTE_ON, ppb_of(function), 0};
        stream_texts(&s, DP_EVENT_ID_site, START_NS, &site, sizeof site, function->name,
                     function->file, program, NULL);
        stream_texts(&s, DP_EVENT_ID_site_attribute, START_NS, &attribute, sizeof attribute,
                     "", "", NULL);
    }
    stream_record(&s, DP_EVENT_ID_overhead, START_NS + SECOND, &overhead, sizeof overhead, false);
    stream_close(&s);
}

/* ---- the lane's stream ---- */

static uint32_t recorded_ns(const struct function *function, uint32_t i, uint32_t salt)
{
    uint32_t random = (i * 64 + salt) * UINT32_C(2654435761) >> 8;
    double factor = (0.8 + 0.4 * random / (1 << 24)) * (1 + 0.5 * i / MOST_RECORDS);

    return (uint32_t)((double)function->ns * factor);
}

static void write_calls(struct writer *writer, const struct function *functions, uint32_t n)
{
    struct stream s;
    uint32_t records = 0;

    stream_open(&s, writer, 0, 0);
    for (uint32_t i = 0; i < MOST_RECORDS; i++)
        for (uint32_t f = 0; f < n; f++) {
            uint64_t time_ns = START_NS + (uint64_t)(i + 1) * SECOND / 250 + f * 100000;
            if (i >= functions[f].sampled || functions[f].ns >= 50000)
                continue;
            if (records++ % 200 == 0)
                stream_packet(&s, time_ns - 1, 100, "main");
            stream_call(&s, DP_EVENT_ID_call, time_ns, f + 1, recorded_ns(&functions[f], i, f));
        }
    stream_close(&s);
}

/* ---- state ---- */

static void write_process(const char *directory, const char *program, uint32_t pid,
                          uint32_t parent)
{
    struct dp_process_state process = {.magic = DP_STATE_MAGIC,
                                       .version = DP_STATE_VERSION,
                                       .log_version = DP_LOG_VERSION,
                                       .phase = DP_PROCESS_FINISHED,
                                       .pid = pid,
                                       .parent_pid = parent,
                                       .pid_start_ticks = 1,
                                       .start_monotonic_ns = START_NS + pid,
                                       .realtime_offset_ns = OFFSET_NS,
                                       .end_monotonic_ns = START_NS + 2 * SECOND,
                                       .heartbeat_ns = START_NS + 2 * SECOND,
                                       .lanes = 1,
                                       .env = "dev"};

    snprintf(process.program, sizeof process.program, "/opt/%s", program);
    put(directory, "state/process", &process, sizeof process);
}

static uint8_t lane[DP_LANE_ARENA_OFFSET + (1 << 17)];
static uint32_t used = DP_LANE_ARENA_OFFSET;

static uint32_t take(size_t size)
{
    uint32_t offset = used;

    used += (uint32_t)(size + 7) / 8 * 8;
    if (used > sizeof lane)
        abort();
    return offset;
}

static void add_site(uint32_t *page, uint32_t index, const struct function *function)
{
    if (function->calls == 0)
        return;
    uint32_t block = dp_histogram_block(function->ns);
    double weight = (double)function->calls / (double)function->sampled;
    page[index] = take(sizeof(struct dp_site_stats));
    struct dp_site_stats *stats = (struct dp_site_stats *)(lane + page[index]);
    *stats = (struct dp_site_stats){
        .site = index,
        .calls = function->sampled == function->calls ? function->calls : 0,
        .sampled = function->sampled,
        .estimated = (uint64_t)((double)function->calls * DP_WEIGHT_UNIT),
        .variance = (uint64_t)((double)function->sampled * (weight - 1) * weight * DP_WEIGHT_UNIT),
        .total_ns = function->sampled * function->ns,
        .min_ns = function->ns,
        .max_ns = function->ns};
    stats->blocks[block] = take(DP_HISTOGRAM_SUB * sizeof(uint32_t));
    uint32_t *counters = (uint32_t *)(lane + stats->blocks[block]);
    counters[dp_histogram_slot(function->ns, block)] = (uint32_t)function->sampled;
}

static void write_lane(const char *directory, const struct function *functions, uint32_t n)
{
    struct dp_lane_state *state = (struct dp_lane_state *)lane;

    *state = (struct dp_lane_state){.magic = DP_STATE_MAGIC,
                                    .version = DP_STATE_VERSION,
                                    .owner = DP_LANE_OWNED,
                                    .tid = 100,
                                    .threads = 1,
                                    .thread_name = "main"};
    state->site_pages[0] = take(DP_LANE_SITE_PAGE * sizeof(uint32_t));
    for (uint32_t i = 1; i <= n; i++)
        add_site((uint32_t *)(lane + state->site_pages[0]), i, &functions[i - 1]);
    state->arena_used = state->file_bytes = used;
    put(directory, "state/lane-0000", lane, used);
}

int main(int argc, char **argv)
{
    static struct writer writer;
    static struct function functions[64];
    uint32_t n = 0;

    if (argc < 5 || argc > 5 + 64)
        return 2;
    for (int i = 5; i < argc; i++)
        functions[n++] = read_function(argv[i]);
    uint32_t pid = (uint32_t)atoi(argv[3]);
    writer_start(&writer, argv[1]);
    writer_metadata(&writer, argv[2], pid);
    write_runtime(&writer, argv[2], functions, n);
    write_calls(&writer, functions, n);
    write_process(argv[1], argv[2], pid, (uint32_t)atoi(argv[4]));
    write_lane(argv[1], functions, n);
    return 0;
}
