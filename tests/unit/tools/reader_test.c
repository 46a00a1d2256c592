/*
 * The readers against logs whose every byte is known: all records, exactly;
 * files cut at every length; bytes changed at random; a log that grows.
 *
 * reader_test FOLDER [light]: makes its logs in FOLDER. `light` skips some
 * lengths (for slow, checking builds).
 */
#include "check.h"

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log/log_merge.h"
#include "model/profile_gather.h"
#include "render/report_json.h"
#include "render/report_text.h"
#include "../../tool/log_writer.h"

static struct writer writer;
static const char *folder;
static unsigned step = 1;

static const char *path_of(const char *name)
{
    static char path[4096];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void make(const char *scenario)
{
    for (const struct scenario *s = scenarios; s->name; s++) {
        if (strcmp(s->name, scenario) != 0)
            continue;
        writer_start(&writer, folder);
        s->write(&writer);
        return;
    }
    CHECK(!"a scenario of that name");
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
    (void)status;
    (void)type;
    return ftw->level > 0 ? remove(path) : 0;
}

static void clear(void)
{
    CHECK(mkdir(folder, 0777) == 0 || access(folder, W_OK) == 0);
    CHECK(nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS) == 0);
}

static bool same(const struct dp_record *record, const struct expected *expected)
{
    return record->id == expected->id && record->tid == expected->tid &&
           record->time_ns == expected->time_ns && record->lane == expected->lane &&
           record->payload_bytes == expected->payload_bytes &&
           memcmp(record->payload, expected->payload, expected->payload_bytes) == 0;
}

static void records_are_read_exactly(void)
{
    struct dp_log log;
    struct dp_problem problem;
    struct dp_merge merge;
    const struct dp_record *record;
    uint64_t last = 0;
    size_t n = 0;
    static bool seen[4096];

    clear();
    make("basic");
    CHECK(dp_log_open(&log, folder, &problem) == 0);
    CHECK(log.has_metadata && log.pid == 100 && log.realtime_offset_ns == OFFSET_NS);
    CHECK_TEXT(log.program, "/opt/server");
    CHECK(memcmp(log.uuid, writer_uuid, 16) == 0);
    dp_merge_start(&merge, &log);
    for (; (record = dp_merge_next(&merge)); n++) {
        CHECK(record->time_ns >= last);
        last = record->time_ns;
        bool found = false;
        for (size_t i = 0; !found && i < writer.n_expected; i++)
            if (!seen[i] && same(record, &writer.expected[i]))
                found = seen[i] = true;
        CHECK(found);
    }
    CHECK(n == writer.n_expected);
    struct dp_damage damage = {0};
    dp_merge_damage(&merge, &damage);
    CHECK(damage.places == 0);
    dp_merge_finish(&merge);
    dp_log_close(&log);
}

static void texts_are_found(void)
{
    struct dp_log log;
    struct dp_problem problem;
    struct dp_cursor cursor;
    struct dp_record record;
    int attributes = 0;

    CHECK(dp_log_open(&log, folder, &problem) == 0);
    dp_cursor_start(&cursor, &log, DP_LANE_RUNTIME);
    while (dp_cursor_next(&cursor, &record)) {
        if (record.id != DP_EVENT_ID_site_attribute || attributes++ != 3)
            continue;
        CHECK_TEXT(dp_record_text(&record, 0), "");
        CHECK_TEXT(dp_record_text(&record, 1), "load_*:rate=1");
        CHECK_TEXT(dp_record_text(&record, 2), "");
    }
    CHECK(attributes == 7);
    dp_cursor_finish(&cursor);
    dp_log_close(&log);
}

/* Its first packet is begun after the reader has looked for it. */
int64_t __real_dp_file_read(struct dp_file *file, void *bytes, size_t size, uint64_t offset);
int64_t __wrap_dp_file_read(struct dp_file *file, void *bytes, size_t size, uint64_t offset);

static int blank_reads;

int64_t __wrap_dp_file_read(struct dp_file *file, void *bytes, size_t size, uint64_t offset)
{
    int64_t got = __real_dp_file_read(file, bytes, size, offset);

    if (got > 0 && offset == 0 && blank_reads-- > 0)
        memset(bytes, 0, (size_t)got);
    return got;
}

static void a_packet_that_is_begun_meanwhile_is_no_damage(void)
{
    struct dp_log log;
    struct dp_problem problem;
    struct dp_cursor cursor;
    struct dp_record record;
    size_t n = 0, all = 0;

    clear();
    make("basic");
    for (size_t i = 0; i < writer.n_expected; i++)
        all += writer.expected[i].lane == 0;
    CHECK(dp_log_open(&log, folder, &problem) == 0);
    dp_cursor_start(&cursor, &log, 0);
    blank_reads = 1;
    while (dp_cursor_next(&cursor, &record))
        n++;
    CHECK(blank_reads <= 0 && n == all, "%zu of %zu", n, all);
    CHECK(cursor.damage.places == 0);
    blank_reads = 0;
    dp_cursor_finish(&cursor);
    dp_log_close(&log);
}

/* All records of `file` that lie below `size`, in order, and no other. */
static void check_cut(struct dp_log *log, const char *file, int64_t lane, uint64_t size)
{
    struct dp_cursor cursor;
    struct dp_record record;
    size_t at = 0;

    dp_cursor_start(&cursor, log, lane);
    while (dp_cursor_next(&cursor, &record)) {
        while (at < writer.n_expected && strcmp(writer.expected[at].file, file) != 0)
            at++;
        CHECK(at < writer.n_expected);
        CHECK(writer.expected[at].end <= size);
        CHECK(same(&record, &writer.expected[at]));
        at++;
    }
    for (; at < writer.n_expected; at++)
        CHECK(strcmp(writer.expected[at].file, file) != 0 || writer.expected[at].end > size);
    dp_cursor_finish(&cursor);
}

static void a_stream_cut_anywhere_has_its_whole_records(const char *file, int64_t lane)
{
    struct dp_log log;
    struct dp_problem problem;
    struct stat status;

    clear();
    make("streams-only");
    /* Only this segment of the lane. */
    if (lane == 0)
        CHECK(unlink(path_of("stream-0000-0001")) == 0);
    CHECK(stat(path_of(file), &status) == 0);
    CHECK(dp_log_open(&log, folder, &problem) == 0);
    for (long size = (long)status.st_size; size >= 0; size -= step) {
        CHECK(truncate(path_of(file), size) == 0);
        check_cut(&log, file, lane, (uint64_t)size);
    }
    dp_log_close(&log);
}

/* Spoils one word in the header of the second packet of three: that packet is
 * lost, which is reported; those around it are not. */
static void a_bad_packet_costs_only_itself(size_t offset, uint64_t word)
{
    struct dp_log log;
    struct dp_problem problem;
    struct dp_cursor cursor;
    struct dp_record record;
    size_t at = 0;

    clear();
    make("streams-only");
    CHECK(unlink(path_of("stream-0000-0001")) == 0);
    FILE *file = fopen(path_of("stream-0000-0000"), "r+b");
    CHECK(fseek(file, PACKET + (long)offset, SEEK_SET) == 0);
    CHECK(fwrite(&word, sizeof word, 1, file) == 1 && fclose(file) == 0);
    CHECK(dp_log_open(&log, folder, &problem) == 0);
    dp_cursor_start(&cursor, &log, 0);
    for (size_t i = 0; i < writer.n_expected; i++) {
        const struct expected *expected = &writer.expected[i];
        if (strcmp(expected->file, "stream-0000-0000") != 0 ||
            (expected->end > PACKET && expected->end <= 2 * PACKET))
            continue;
        CHECK(dp_cursor_next(&cursor, &record) && same(&record, expected));
        at++;
    }
    CHECK(at > 200);
    CHECK(!dp_cursor_next(&cursor, &record));
    CHECK(cursor.damage.places == 1 && cursor.damage.bytes == PACKET);
    /* Reading again does not report it again. */
    CHECK(!dp_cursor_next(&cursor, &record));
    CHECK(cursor.damage.places == 1 && cursor.damage.bytes == PACKET);
    dp_cursor_finish(&cursor);
    dp_log_close(&log);
}

/* The thread was interrupted or killed while it wrote a header. */
static void a_header_that_is_being_written_is_not_damage(void)
{
    struct dp_packet header = {.uuid = {1}, .packet_size_bits = PACKET * 8,
                               .content_size_bits = sizeof header * 8, .lane = 0};
    static const char rest[PACKET - sizeof header];
    struct dp_log log;
    struct dp_problem problem;
    struct dp_cursor cursor;
    struct dp_record record;
    size_t n = 0, all = 0;

    clear();
    make("streams-only");
    CHECK(unlink(path_of("stream-0000-0001")) == 0);
    FILE *file = fopen(path_of("stream-0000-0000"), "ab");
    CHECK(fwrite(&header, sizeof header, 1, file) == 1);
    CHECK(fwrite(rest, sizeof rest, 1, file) == 1 && fclose(file) == 0);
    CHECK(dp_log_open(&log, folder, &problem) == 0);
    dp_cursor_start(&cursor, &log, 0);
    while (dp_cursor_next(&cursor, &record))
        n++;
    for (size_t i = 0; i < writer.n_expected; i++)
        all += strcmp(writer.expected[i].file, "stream-0000-0000") == 0;
    CHECK(n == all && cursor.damage.places == 0);
    dp_cursor_finish(&cursor);
    dp_log_close(&log);
}

static void bad_packets(void)
{
    const size_t size = offsetof(struct dp_packet, packet_size_bits);
    const size_t content = offsetof(struct dp_packet, content_size_bits);

    a_bad_packet_costs_only_itself(0, 0);
    a_bad_packet_costs_only_itself(offsetof(struct dp_packet, uuid), 0);
    a_bad_packet_costs_only_itself(size, 0);
    a_bad_packet_costs_only_itself(size, PACKET * 8 + 1);
    a_bad_packet_costs_only_itself(size, UINT64_MAX - 7);
    a_bad_packet_costs_only_itself(content, 2 * PACKET * 8);
    a_bad_packet_costs_only_itself(content, 1001);
}

/* Everything that prints, into nothing. */
static int print_all(void)
{
    struct dp_profile profile;
    struct dp_problem problem;
    int status = dp_profile_gather(&profile, folder, DP_PROFILE_STATE | DP_PROFILE_STREAMS, 5,
                                   &problem);

    if (status != 0) {
        CHECK(*problem.text);
        return status;
    }
    struct dp_report report;
    struct dp_style style = {.out = fopen("/dev/null", "w"), .width = 100};
    struct dp_json_document document;
    dp_json_start(&document, true, false);
    document.out = style.out;
    dp_report_make(&report, &profile, 0);
    dp_report_text(&report, &style);
    dp_report_json(&report, dp_json_next(&document));
    dp_json_finish(&document);
    dp_report_finish(&report);
    fclose(style.out);
    dp_profile_finish(&profile);
    return 0;
}

static void json_integers_fit_into_64_bits(void)
{
    struct dp_json_document document;
    char *text = NULL;
    size_t size;

    dp_json_start(&document, true, false);
    document.out = open_memstream(&text, &size);
    document.lines = true;
    struct dp_json *object = dp_json_next(&document);
    dp_json_put_number(object, "a", 0x1p63, 0);
    dp_json_put_number(object, "b", 0x1p64, 0);
    dp_json_put_number(object, "c", -0x1p70, 0);
    dp_json_put_number(object, "d", 1e300, 0);
    dp_json_finish(&document);
    fclose(document.out);
    CHECK_TEXT(text, "{\"a\":9223372036854775808,\"b\":1.8446744073709552e+19,"
                     "\"c\":-1.1805916207174113e+21,\"d\":1.0000000000000001e+300}\n");
    free(text);
}

static void state_cut_anywhere_is_reported_and_survived(void)
{
    struct stat status;

    clear();
    make("killed");
    CHECK(stat(path_of("state/lane-0000"), &status) == 0);
    /* The counts between the struct and the arena are many alike. */
    for (long size = (long)status.st_size; size >= 0;
         size -= size > DP_LANE_ARENA_OFFSET ? 7 * (long)step : 1013) {
        CHECK(truncate(path_of("state/lane-0000"), size) == 0);
        CHECK(print_all() == 0);
    }
    CHECK(stat(path_of("state/process"), &status) == 0);
    for (long size = (long)status.st_size; size >= 0; size -= 97 * (long)step) {
        CHECK(truncate(path_of("state/process"), size) == 0);
        CHECK(print_all() == 0);
    }
}

static uint64_t noise = 1;

static uint64_t random_below(uint64_t limit)
{
    noise = noise * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (noise >> 33) % limit;
}

/* Some bytes, or an aligned word, of one file. */
static void spoil(const char *file)
{
    static const uint64_t words[] = {0, 1, UINT64_MAX, UINT64_C(1) << 63, 0xffffffff, 4096};
    struct stat status;
    FILE *opened = fopen(path_of(file), "r+b");

    CHECK(opened && fstat(fileno(opened), &status) == 0);
    for (uint64_t n = random_below(8) + 1; n > 0; n--) {
        uint64_t at = random_below((uint64_t)status.st_size);
        if (random_below(2)) {
            fseek(opened, (long)at, SEEK_SET);
            fputc((int)random_below(256), opened);
        } else {
            fseek(opened, (long)(at & ~UINT64_C(7)), SEEK_SET);
            fwrite(&words[random_below(6)], 8, 1, opened);
        }
    }
    fclose(opened);
}

static void any_bytes_are_survived(void)
{
    static const char *const files[] = {"metadata",      "runtime-0000",     "stream-0000-0000",
                                        "stream-0000-0001", "stream-0001-0000", "state/process",
                                        "state/lane-0000",  "state/lane-0001"};

    for (unsigned round = 0; round < 600 / step; round++) {
        clear();
        make("killed");
        for (uint64_t n = random_below(3) + 1; n > 0; n--)
            spoil(files[random_below(sizeof files / sizeof *files)]);
        print_all();
    }
}

static void a_growing_log_is_read_as_it_grows(void)
{
    struct dp_log log;
    struct dp_problem problem;
    struct dp_merge merge;
    const struct dp_record *record;
    struct stream first, second;

    clear();
    writer_start(&writer, folder);
    writer_metadata(&writer, "/opt/server", 100);
    stream_open(&first, &writer, 0, 0);
    stream_packet(&first, START_NS, 1, "one");
    stream_call(&first, DP_EVENT_ID_call, START_NS + 1, 5, 10);
    CHECK(dp_log_open(&log, folder, &problem) == 0);
    dp_merge_start(&merge, &log);
    CHECK(!dp_merge_next(&merge)); /* nothing on disk yet */

    /* The packet is in the file, later more is committed to it. */
    FILE *file = fopen(path_of("stream-0000-0000"), "r+b");
    CHECK(fwrite(first.packet, 1, PACKET, file) == PACKET && fflush(file) == 0);
    dp_merge_refresh(&merge);
    CHECK((record = dp_merge_next(&merge)) && record->time_ns == START_NS + 1);
    CHECK(!dp_merge_next(&merge));
    stream_call(&first, DP_EVENT_ID_call, START_NS + 2, 5, 10);
    rewind(file);
    CHECK(fwrite(first.packet, 1, PACKET, file) == PACKET && fflush(file) == 0);
    dp_merge_refresh(&merge);
    CHECK((record = dp_merge_next(&merge)) && record->time_ns == START_NS + 2);
    CHECK(!dp_merge_next(&merge));

    /* The next segment is prepared: the reader must not go to it yet. */
    stream_open(&second, &writer, 0, 1);
    uint8_t zero[PACKET] = {0};
    CHECK(fwrite(zero, 1, PACKET, second.file) == PACKET && fflush(second.file) == 0);
    dp_merge_refresh(&merge);
    CHECK(!dp_merge_next(&merge));
    stream_call(&first, DP_EVENT_ID_call, START_NS + 3, 5, 10);
    rewind(file);
    CHECK(fwrite(first.packet, 1, PACKET, file) == PACKET && fflush(file) == 0);
    stream_packet(&second, START_NS + 4, 2, "two");
    stream_call(&second, DP_EVENT_ID_call, START_NS + 4, 5, 10);
    rewind(second.file);
    CHECK(fwrite(second.packet, 1, PACKET, second.file) == PACKET && fflush(second.file) == 0);
    dp_merge_refresh(&merge);
    CHECK((record = dp_merge_next(&merge)) && record->time_ns == START_NS + 3);
    CHECK((record = dp_merge_next(&merge)) && record->time_ns == START_NS + 4);
    CHECK(record->tid == 2);
    CHECK_TEXT(record->thread_name, "two");
    CHECK(!dp_merge_next(&merge));

    struct dp_damage damage = {0};
    dp_merge_damage(&merge, &damage);
    CHECK(damage.places == 0);
    dp_merge_finish(&merge);
    dp_log_close(&log);
    fclose(file);
    fclose(first.file);
    fclose(second.file);
}

static void totals_from_state_and_from_streams_agree(void)
{
    struct dp_profile state, streams;
    struct dp_problem problem;

    clear();
    make("basic");
    CHECK(dp_profile_gather(&state, folder, DP_PROFILE_STATE | DP_PROFILE_STREAMS, 5, &problem) ==
          0);
    CHECK(dp_profile_gather(&streams, folder, DP_PROFILE_STREAMS, 5, &problem) == 0);
    CHECK(state.has_lanes && !streams.has_lanes);
    const struct dp_site_stats *a = &state.totals[1]->sum, *b = &streams.totals[1]->sum;
    CHECK(a->sampled == 502 && b->sampled == 502);
    CHECK(a->estimated == b->estimated && a->variance == b->variance &&
          a->variance_high == b->variance_high);
    CHECK(a->total_ns == b->total_ns && a->min_ns == b->min_ns && a->max_ns == b->max_ns);
    CHECK(a->exceptions == 1 && b->exceptions == 1);
    for (double q = 0; q <= 1; q += 0.05)
        CHECK(dp_quantile_ns(state.totals[1], q) == dp_quantile_ns(streams.totals[1], q));
    CHECK(state.totals[4]->counted == 1234567 && streams.totals[4]->counted == 1234567);
    /* One call, reported in flight and at its end; the state knows of four. */
    CHECK(state.slow_events == 1 && state.n_slow == 1);
    CHECK(state.slow[0].duration_ns == 250000000 && !(state.slow[0].flags & DP_SLOW_IN_FLIGHT));
    CHECK(streams.totals[2]->sum.slow == 1 && state.totals[2]->sum.slow == 4);
    CHECK(state.gated == 20 && state.lost[DP_LOSS_LOG_FULL] == 5);
    CHECK(state.n_open == 0); /* it finished */
    dp_profile_finish(&state);
    dp_profile_finish(&streams);

    make("killed");
    CHECK(dp_profile_gather(&state, folder, DP_PROFILE_STATE, 5, &problem) == 0);
    CHECK(state.phase == DP_PHASE_KILLED);
    CHECK(state.n_open == 2 && state.open[0].exact && !state.open[1].exact);
    /* judged from 1.9 s on, the threshold 100 ms */
    CHECK(state.open[1].start_ns == START_NS + UINT64_C(1850000000));
    dp_profile_finish(&state);
}

int main(int argc, char **argv)
{
    CHECK(argc >= 2);
    folder = argv[1];
    step = argc > 2 ? 13 : 1;
    records_are_read_exactly();
    texts_are_found();
    a_growing_log_is_read_as_it_grows();
    totals_from_state_and_from_streams_agree();
    a_stream_cut_anywhere_has_its_whole_records("stream-0000-0000", 0);
    a_stream_cut_anywhere_has_its_whole_records("stream-0001-0000", 1);
    a_stream_cut_anywhere_has_its_whole_records("runtime-0000", DP_LANE_RUNTIME);
    a_header_that_is_being_written_is_not_damage();
    bad_packets();
    json_integers_fit_into_64_bits();
    a_packet_that_is_begun_meanwhile_is_no_damage();
    state_cut_anywhere_is_reported_and_survived();
    any_bytes_are_survived();
    return 0;
}
