/*
 * The fuzz target: one input is one log, and every verb that reads logs is run
 * on it, as text and as JSON. What must hold, whatever the log:
 *
 *  - no read or write out of bounds, no undefined behaviour (sanitizers), no
 *    end of the process, no hang (-timeout);
 *  - nothing outside of the log is opened, nothing but streams and metadata is
 *    written (files_memory.c);
 *  - a verb's memory stays below MEMORY_BASE + MEMORY_FACTOR x the log's size;
 *  - what is printed, on stdout and on stderr, is valid UTF-8 without anything
 *    that a terminal obeys; JSON is JSON, by json-c's reading, not by ours;
 *  - recovering a second time changes nothing.
 *
 * The terminal's width is not asked for, so text is tried in a narrow table, too.
 */
#include <inttypes.h>
#include <json-c/json.h>
#include <sanitizer/allocator_interface.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/command.h"
#include "log/files.h"
#include "model/profile_gather.h"
#include "render/report_json.h"
#include "render/report_text.h"
#include "files_memory.h"

/* The bound that docs/reliability.md states. */
#define MEMORY_BASE   (16u << 20)
#define MEMORY_FACTOR 100

const char *__asan_default_options(void);
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* For speed: thousands of small allocations an input. */
const char *__asan_default_options(void)
{
    return "malloc_context_size=6:quarantine_size_mb=4";
}

static void fail(const char *what)
{
    /* Not stderr: that may be one of the streams that are checked. */
    dprintf(2, "fuzz_verbs: %s\n", what);
    abort();
}

/* ---- memory ---- */

/* Of this thread alone: libFuzzer has one of its own. Signed: a block may be
 * freed that was there before counting began. */
static _Thread_local int uncounted = 1;
static int64_t now_bytes, peak_bytes;

void fuzz_uncounted(int more)
{
    uncounted += more ? 1 : -1;
}

static void allocated(const volatile void *block, size_t size)
{
    (void)block;
    if (uncounted)
        return;
    now_bytes += (int64_t)size;
    peak_bytes = now_bytes > peak_bytes ? now_bytes : peak_bytes;
}

static void freed(const volatile void *block)
{
    if (!uncounted && block)
        now_bytes -= (int64_t)__sanitizer_get_allocated_size(block);
}

/* ---- what is printed ---- */

enum { CODE_BYTES = 4 };

/* One of the tool's two output streams. */
struct screen {
    FILE *file;
    bool json;  /* documents, to be parsed */
    bool lines; /* one on each line */
    uint8_t code[CODE_BYTES];
    size_t n_code; /* bytes of a character that is not whole yet */
    struct json_tokener *tokener;
    bool in_document;
    uint64_t bytes;
};

static struct screen out, error;

static bool is_obeyed(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x61c ||
           (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2060 && code <= 0x206f) || code == 0xfeff ||
           (code >= 0xfff9 && code <= 0xfffb) || (code >= 0xe0000 && code <= 0xe0fff);
}

static void see_byte(struct screen *screen, uint8_t byte)
{
    screen->code[screen->n_code++] = byte;
    uint8_t first = screen->code[0];
    size_t needed = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first >= 0x80 && (first < 0xc2 || first > 0xf4))
        fail("what is printed is not UTF-8");
    if (screen->n_code > 1 && (byte & 0xc0) != 0x80)
        fail("what is printed is not UTF-8");
    if (screen->n_code < needed)
        return;
    uint32_t code = needed == 1 ? first : first & (0xffu >> (needed + 1));
    for (size_t i = 1; i < needed; i++)
        code = code << 6 | (screen->code[i] & 0x3f);
    screen->n_code = 0;
    if (code != '\n' && is_obeyed(code))
        fail("a terminal would obey what is printed");
}

static void parse(struct screen *screen, const char *text, size_t size)
{
    struct json_object *object = json_tokener_parse_ex(screen->tokener, text, (int)size);
    enum json_tokener_error problem = json_tokener_get_error(screen->tokener);

    if (problem != json_tokener_success && problem != json_tokener_continue)
        fail(json_tokener_error_desc(problem));
    screen->in_document = problem == json_tokener_continue;
    json_object_put(object);
}

/* Documents end with a newline at a line's start, or behind each line. */
static void see_json(struct screen *screen, const char *text, size_t size)
{
    while (size > 0) {
        const char *end = memchr(text, '\n', size);
        size_t length = end ? (size_t)(end - text) + 1 : size;
        bool blank = length == 1 && end && !screen->in_document;
        if (!blank)
            parse(screen, text, length);
        if (end && screen->lines && screen->in_document)
            fail("a line of JSON that is no document");
        text += length;
        size -= length;
    }
}

static ssize_t see(void *context, const char *text, size_t size)
{
    struct screen *screen = context;

    fuzz_uncounted(1);
    for (size_t i = 0; i < size; i++)
        if (screen->n_code > 0 || text[i] < ' ' || text[i] > '~')
            see_byte(screen, (uint8_t)text[i]);
    if (screen->json)
        see_json(screen, text, size);
    screen->bytes += size;
    fuzz_uncounted(0);
    return (ssize_t)size;
}

static void open_screen(struct screen *screen)
{
    static const cookie_io_functions_t functions = {.write = see};

    screen->file = fopencookie(screen, "w", functions);
    setvbuf(screen->file, malloc(65536), _IOFBF, 65536);
    screen->tokener = json_tokener_new_ex(64);
    json_tokener_set_flags(screen->tokener, JSON_TOKENER_STRICT |
                                                JSON_TOKENER_ALLOW_TRAILING_CHARS |
                                                JSON_TOKENER_VALIDATE_UTF8);
}

static void end_screen(struct screen *screen)
{
    fflush(screen->file);
    if (screen->n_code > 0)
        fail("what is printed ends inside a character");
    if (screen->in_document)
        fail("what is printed ends inside a JSON document");
    json_tokener_reset(screen->tokener);
    screen->bytes = 0;
}

/* ---- the verbs ---- */

static int64_t memory_limit;

static void start(bool json, bool lines)
{
    out.json = json;
    out.lines = lines;
    now_bytes = peak_bytes = 0;
    fuzz_uncounted(0);
}

static void finish(void)
{
    end_screen(&out);
    end_screen(&error);
    fuzz_uncounted(1);
    if (peak_bytes > memory_limit) {
        dprintf(2, "%" PRId64 " bytes of memory, %" PRId64 " are the limit\n", peak_bytes,
                memory_limit);
        fail("too much memory");
    }
}

static void run(int (*verb)(int, char **), const char *name, const char *option, bool json)
{
    char *arguments[] = {(char *)name, (char *)(json ? "--format=json" : "--format=text"),
                         (char *)"log", (char *)option, NULL};

    start(json, strcmp(name, "events") == 0 || strcmp(name, "top") == 0);
    int status = verb(option ? 4 : 3, arguments);
    if (status != DP_EXIT_OK && status != DP_EXIT_CHECK && status != DP_EXIT_DATA)
        fail("an exit status that is none of ours");
    finish();
}

/* Draws a flame graph. Its JSON is not parsed: it nests as deep as calls, too deep for json-c. */
static void draw(const char *format)
{
    char *arguments[] = {(char *)"flamegraph", (char *)format, (char *)"log", NULL};

    start(false, false);
    int status = dp_cmd_flamegraph(3, arguments);
    if (status != DP_EXIT_OK && status != DP_EXIT_DATA)
        fail("an exit status that is none of ours");
    finish();
}

static void report_on_a_narrow_terminal(void)
{
    struct dp_profile profile;
    struct dp_problem problem;

    start(false, false);
    if (dp_profile_gather(&profile, "log", DP_PROFILE_STATE, 3, &problem) == DP_EXIT_OK) {
        struct dp_report report;
        const struct dp_style style = {.out = stdout, .utf8 = true, .width = 60};
        dp_report_make(&report, &profile, 5);
        dp_report_text(&report, &style);
        dp_report_finish(&report);
        dp_profile_finish(&profile);
    }
    finish();
}

static bool same(const struct log_files *a, const struct log_files *b)
{
    for (size_t i = 0; i < a->n; i++)
        if (a->file[i].size != b->file[i].size ||
            memcmp(a->file[i].bytes, b->file[i].bytes, a->file[i].size) != 0) {
            dprintf(2, "%s: %zu bytes, then %zu\n", a->file[i].name, b->file[i].size,
                    a->file[i].size);
            return false;
        }
    return a->n == b->n;
}

static void copy(struct log_files *to, const struct log_files *from)
{
    to->n = 0;
    for (size_t i = 0; i < from->n; i++) {
        struct log_file *file = log_files_add(to, from->file[i].name);
        file->size = from->file[i].size;
        memcpy(file->bytes, from->file[i].bytes, file->size);
    }
}

static void recover(struct log_files *log)
{
    static struct log_files once;

    run(dp_cmd_recover, "recover", NULL, true);
    copy(&once, log);
    run(dp_cmd_recover, "recover", NULL, false);
    if (!fuzz_disk_full && !same(log, &once))
        fail("recovering a second time changes the log");
    log_files_free(&once);
    run(dp_cmd_events, "events", NULL, true);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    open_screen(&out);
    open_screen(&error);
    stdout = out.file;
    stderr = error.file;
    __sanitizer_install_malloc_and_free_hooks(allocated, freed);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct log_files log;
    size_t bytes = 0;

    log_files_unpack(&log, data, size);
    for (size_t i = 0; i < log.n; i++)
        bytes += log.file[i].size;
    memory_limit = MEMORY_BASE + MEMORY_FACTOR * (int64_t)bytes;
    fuzz_files_are(&log);
    for (int json = 0; json < 2; json++) {
        run(dp_cmd_report, "report", "--top=0", json);
        run(dp_cmd_events, "events", NULL, json);
        run(dp_cmd_sites, "sites", NULL, json);
        if (dp_is_log("log")) /* else doctor looks for programs, and at the environment */
            run(dp_cmd_doctor, "doctor", NULL, json);
        run(dp_cmd_top, "top", NULL, json);
    }
    draw("--format=svg");
    draw("--format=html");
    draw("--format=folded");
    report_on_a_narrow_terminal();
    recover(&log);
    log_files_free(&log);
    return 0;
}
