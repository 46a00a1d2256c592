/* Why slow calls were slow: which part of the time, which of the findings, which calls have
 * the same reason, and in which words. */
#include "check.h"

#include <deep_profile/abi/stack.h>

#include "base/clean.h"
#include "base/memory.h"
#include "render/fold.h"
#include "render/reason_words.h"
#include "render/text_reasons.h"

#define MS UINT64_C(1000000)

enum { QUERY = 1, FLUSH = 2, LOCK = 3, CHECKPOINT = 4, PARSE = 5 };
enum { SYSCALL_FUTEX = 202, SYSCALL_READ = 0 };

static struct dp_profile profile;
static const struct dp_style style = {.utf8 = true, .width = 80};

/* A stack whose frames have been named: `functions` end with NULL; one of libc is "libc:NAME". */
static void add_stack(uint64_t id, uint32_t flags, const char *const *functions)
{
    const struct dp_stack stack = {.id = id, .flags = flags};

    dp_stacks_add_stack(&profile.stacks, &stack);
    struct dp_stack *added = profile.stacks.stacks[profile.stacks.n_stacks - 1];
    added->frames = dp_allocate(8, sizeof *added->frames);
    for (; *functions; functions++) {
        bool libc = strncmp(*functions, "libc:", 5) == 0;
        added->frames[added->n_frames++] = (struct dp_stack_frame){
            .function = *functions + (libc ? 5 : 0),
            .module = libc ? "/lib/x86_64-linux-gnu/libc.so.6" : "/opt/server",
            .named = true};
    }
}

static void begin(void)
{
    profile = (struct dp_profile){0};
    add_stack(QUERY, 0, (const char *const[]){"query", "handle", "main", NULL});
    add_stack(FLUSH, 0, (const char *const[]){"flush_pages", "checkpoint", "main", NULL});
    add_stack(LOCK, 0,
              (const char *const[]){"libc:__lll_lock_wait", "libc:pthread_mutex_lock", "get_page",
                                    "query", NULL});
    add_stack(CHECKPOINT, DP_STACK_NO_RULE, (const char *const[]){"checkpoint", NULL});
    add_stack(PARSE, 0, (const char *const[]){"libc:strlen", "parse\033[31m", NULL});
}

static void add_sample(uint64_t call, uint32_t state, uint64_t stack, uint64_t ns)
{
    const struct dp_stack_sample sample = {.call = call,
                                           .state = state,
                                           .stack_id = stack,
                                           .syscall = -1,
                                           .looks = 1,
                                           .weight_ns = ns};

    dp_stacks_add_sample(&profile.stacks, &sample);
}

static void add_wait(uint64_t call, uint64_t stack, int32_t syscall, const char *object,
                     uint32_t holder_tid, const char *holder, uint64_t holder_stack, uint64_t ns)
{
    const struct dp_stack_sample sample = {.call = call,
                                           .state = DP_THREAD_BLOCKED,
                                           .stack_id = stack,
                                           .syscall = syscall,
                                           .object = object,
                                           .holder_tid = holder_tid,
                                           .holder = holder,
                                           .holder_stack_id = holder_stack,
                                           .looks = 1,
                                           .weight_ns = ns};

    dp_stacks_add_sample(&profile.stacks, &sample);
}

/* A slow call of site 1, with its reason in milliseconds. */
static void add_call(uint64_t id, uint32_t flags, uint64_t on_cpu, uint64_t runnable,
                     uint64_t blocked, uint64_t unseen)
{
    const struct dp_event_reason event = {.call = id,
                                          .flags = flags,
                                          .looks = 3,
                                          .on_cpu_ns = on_cpu * MS,
                                          .runnable_ns = runnable * MS,
                                          .blocked_ns = blocked * MS,
                                          .before_first_look_ns = unseen * MS};
    const struct dp_record record = {.id = DP_EVENT_ID_reason,
                                     .payload = (const uint8_t *)&event,
                                     .payload_bytes = sizeof event};

    dp_reasons_read(&profile.reasons, &record);
    profile.slow =
        dp_append(profile.slow, &profile.n_slow, &profile.slow_capacity, sizeof *profile.slow);
    profile.slow[profile.n_slow - 1] =
        (struct dp_slow_call){.id = id,
                              .site = 1,
                              .order = profile.n_slow,
                              .flags = flags & DP_REASON_IN_FLIGHT ? DP_SLOW_IN_FLIGHT : 0,
                              .duration_ns = (on_cpu + runnable + blocked + unseen) * MS};
}

static void settle(void)
{
    dp_stacks_settle(&profile.stacks);
    dp_reasons_settle(&profile.reasons);
}

static void end(void)
{
    profile.log.n_streams = 0;
    dp_profile_finish(&profile);
}

static void check_words(uint64_t id, uint64_t duration_ms, const char *expected)
{
    struct dp_reason reason;

    settle();
    dp_reason_find(&reason, &profile.reasons, &profile.stacks, id);
    CHECK(reason.known && dp_reason_ns(&reason) == duration_ms * MS);
    char *words = dp_reason_sentence(&reason, &style);
    CHECK_TEXT(words, expected);
    free(words);
    end();
}

/* ---- one call ---- */

static void a_lock_is_shown_with_its_holder(void)
{
    begin();
    add_call(7, 0, 10, 2, 483, 5);
    add_wait(7, LOCK, SYSCALL_FUTEX, "mutex 0x7ffe10", 12, "worker-3", FLUSH, 300 * MS);
    add_wait(7, LOCK, SYSCALL_FUTEX, "mutex 0x7ffe10", 12, "worker-3", CHECKPOINT, 182 * MS);
    add_sample(7, DP_THREAD_ON_CPU, QUERY, 10 * MS);
    check_words(7, 500,
                "483 of 500 ms blocked in futex: mutex held by worker-3 in "
                "`flush_pages` <- `checkpoint`");
}

static void a_file_is_shown_with_the_function_that_waits(void)
{
    begin();
    add_call(7, 0, 1, 0, 99, 0);
    add_wait(7, LOCK, SYSCALL_READ, "/var/lib/db", 0, "", 0, 99 * MS);
    check_words(7, 100, "99.0 of 100 ms blocked in read: /var/lib/db, in `get_page` <- `query`");
}

static void a_holder_without_a_name_is_a_number(void)
{
    begin();
    add_call(7, 0, 0, 0, 100, 0);
    add_wait(7, 0, SYSCALL_FUTEX, "mutex 0x1", 12, "", 0, 99 * MS);
    check_words(7, 100, "100 of 100 ms blocked in futex: mutex held by thread 12");
}

static void a_holder_that_is_not_known_is_said(void)
{
    static const struct {
        const char *object, *words;
    } locks[] = {{"semaphore 0x1", "semaphore, holder not known"},
                 {"rwlock 0x1", "rwlock, holder not known"},
                 {"condition 0x1", "condition"}}; /* nobody holds one */

    for (size_t i = 0; i < sizeof locks / sizeof *locks; i++) {
        char words[200];
        begin();
        add_call(7, 0, 0, 0, 100, 0);
        add_wait(7, LOCK, SYSCALL_FUTEX, locks[i].object, 0, "", 0, 99 * MS);
        snprintf(words, sizeof words, "100 of 100 ms blocked in futex: %s, in `get_page` <- `query`",
                 locks[i].words);
        check_words(7, 100, words);
    }
}

static void work_is_shown_with_its_function(void)
{
    begin();
    add_call(7, 0, 90, 0, 10, 0);
    add_sample(7, DP_THREAD_ON_CPU, QUERY, 40 * MS);
    add_sample(7, DP_THREAD_ON_CPU, FLUSH, 30 * MS);
    check_words(7, 100, "90.0 of 100 ms on CPU, 51.4 ms of it in `query` <- `handle`");
}

static void names_obey_no_terminal(void)
{
    begin();
    add_call(7, 0, 90, 0, 10, 0);
    add_sample(7, DP_THREAD_ON_CPU, PARSE, 90 * MS);
    check_words(7, 100, "90.0 of 100 ms on CPU in `parse\\x1b[31m`");
}

static void other_parts_have_their_words(void)
{
    begin();
    add_call(7, 0, 10, 80, 10, 0);
    check_words(7, 100, "80.0 of 100 ms waiting for a CPU");
    begin();
    add_call(7, 0, 10, 0, 10, 980);
    check_words(7, 1000, "980 ms of 1.00 s before the first look: unknown");
    begin();
    add_call(7, 0, 10, 0, 90, 0);
    check_words(7, 100, "90.0 of 100 ms blocked, where is not known");
    begin();
    add_call(7, DP_REASON_NO_RUNNABLE, 10, 0, 90, 0);
    check_words(7, 100, "90.0 of 100 ms blocked or waiting for a CPU, where is not known");
}

static void a_call_that_runs_has_a_reason_so_far(void)
{
    begin();
    add_call(7, DP_REASON_IN_FLIGHT, 1, 0, 99, 0);
    add_wait(7, CHECKPOINT, 12345, "", 0, "", 0, 99 * MS);
    check_words(7, 100, "99.0 of 100 ms so far blocked in system call 12345 in `checkpoint` <- ?");
}

static void page_faults_are_shown_where_they_may_explain_something(void)
{
    for (unsigned few = 0; few < 2; few++) {
        begin();
        add_call(7, 0, 10, 0, 90, 0);
        profile.reasons.events[0].major_faults = few ? 3 : 300;
        check_words(7, 100,
                    few ? "90.0 of 100 ms blocked, where is not known"
                        : "90.0 of 100 ms blocked, where is not known, 300 page faults "
                          "read from a disk");
    }
}

static void the_last_reason_of_a_call_holds(void)
{
    struct dp_reason reason;

    begin();
    add_call(7, 0, 100, 0, 300, 0);
    add_call(7, DP_REASON_IN_FLIGHT, 500, 0, 10, 0); /* an end is the last word */
    add_call(8, DP_REASON_IN_FLIGHT, 10, 0, 100, 0);
    add_call(8, DP_REASON_IN_FLIGHT, 10, 0, 200, 0);
    settle();
    dp_reason_find(&reason, &profile.reasons, &profile.stacks, 7);
    CHECK(reason.because == DP_BECAUSE_BLOCKED && reason.part_ns == 300 * MS);
    dp_reason_find(&reason, &profile.reasons, &profile.stacks, 8);
    CHECK(reason.part_ns == 200 * MS);
    dp_reason_find(&reason, &profile.reasons, &profile.stacks, 9);
    CHECK(!reason.known);
    dp_reason_find(&reason, &profile.reasons, &profile.stacks, 0);
    CHECK(!reason.known);
    end();
}

/* ---- many calls ---- */

static void many_calls_have_few_reasons(void)
{
    struct dp_reason_groups groups;

    begin();
    for (uint64_t i = 1; i <= 340; i++) {
        bool locked = i % 17 != 0;
        char object[32];
        /* Each call has a lock of its own, all of one type. */
        snprintf(object, sizeof object, "mutex 0x%llx", (unsigned long long)i);
        add_call(i, i == 5 ? DP_REASON_IN_FLIGHT : 0, locked ? 1 : 100 + i, 0, locked ? 100 + i : 1,
                 0);
        if (locked)
            add_wait(i, LOCK, SYSCALL_FUTEX, object, (uint32_t)i, "", FLUSH, 100 * MS);
        else
            add_sample(i, DP_THREAD_ON_CPU, QUERY, 100 * MS);
    }
    profile.slow =
        dp_append(profile.slow, &profile.n_slow, &profile.slow_capacity, sizeof *profile.slow);
    profile.slow[profile.n_slow - 1] = (struct dp_slow_call){.id = 1000, .site = 1};
    settle();
    dp_reason_groups_make(&groups, &profile);
    CHECK(groups.n == 2, "%zu", groups.n);
    CHECK(groups.calls == 340 && groups.unknown == 1);
    CHECK(groups.groups[0].calls == 20 && groups.groups[1].calls == 320);
    CHECK(groups.groups[0].call->id == 340);
    CHECK(groups.groups[1].call->id == 339);
    CHECK(groups.groups[1].reason.because == DP_BECAUSE_BLOCKED);
    CHECK(groups.groups[1].in_flight == 1 && groups.groups[0].in_flight == 0);
    CHECK(groups.groups[1].shortest_ns == 102 * MS);
    dp_reason_groups_finish(&groups);
    end();
}

static void another_holder_is_another_reason(void)
{
    struct dp_reason_groups groups;

    begin();
    for (uint64_t i = 1; i <= 4; i++)
        add_call(i, 0, 0, 0, 100, 0);
    add_wait(1, LOCK, SYSCALL_FUTEX, "mutex 0x1", 1, "", FLUSH, 100 * MS);
    add_wait(2, LOCK, SYSCALL_FUTEX, "mutex 0x1", 1, "", CHECKPOINT, 100 * MS);
    add_wait(3, LOCK, SYSCALL_FUTEX, "condition 0x1", 0, "", 0, 100 * MS);
    add_wait(4, LOCK, SYSCALL_READ, "/a", 0, "", 0, 100 * MS);
    settle();
    dp_reason_groups_make(&groups, &profile);
    CHECK(groups.n == 4, "%zu", groups.n);
    dp_reason_groups_finish(&groups);
    end();
}

/* ---- deadlocks ---- */

/* A call of `tid` that has not returned and waits for a lock of `holder`. */
static void add_waiting(uint64_t id, uint32_t tid, uint32_t holder, const char *name, bool returned)
{
    add_call(id, returned ? 0 : DP_REASON_IN_FLIGHT, 0, 0, 100, 0);
    profile.slow[profile.n_slow - 1].tid = tid;
    add_wait(id, LOCK, SYSCALL_FUTEX, "mutex 0x1", holder, name, 0, 100 * MS);
}

static void a_cycle_of_holders_is_a_deadlock(void)
{
    struct dp_deadlocks deadlocks;

    begin();
    add_waiting(1, 11, 12, "twelve", false);
    add_waiting(2, 12, 13, "", false);
    add_waiting(3, 13, 11, "eleven", false);
    add_waiting(4, 14, 11, "eleven", false);  /* waits for one of them, and is none */
    add_waiting(5, 15, 16, "sixteen", false); /* who waits for nobody */
    add_waiting(6, 17, 18, "", false);
    add_waiting(7, 18, 17, "", true);        /* it went on */
    add_waiting(8, 11, 12, "twelve", false); /* a call around the first */
    add_waiting(9, 21, 21, "itself", false);
    settle();
    dp_deadlocks_find(&deadlocks, &profile);
    CHECK(deadlocks.cycles == 2 && deadlocks.n == 4, "%zu %zu", deadlocks.cycles, deadlocks.n);
    for (uint32_t i = 0; i < 3; i++)
        CHECK(deadlocks.threads[i].tid == 11 + i && deadlocks.threads[i].last == (i == 2));
    CHECK_TEXT(deadlocks.threads[0].name, "eleven");
    CHECK_TEXT(deadlocks.threads[1].name, "twelve");
    CHECK_TEXT(deadlocks.threads[2].name, "");
    CHECK_TEXT(deadlocks.threads[0].function, "get_page");
    CHECK(deadlocks.threads[3].tid == 21 && deadlocks.threads[3].last);
    CHECK_TEXT(deadlocks.threads[3].name, "itself");
    dp_deadlocks_finish(&deadlocks);
    end();
}

/* ---- the report's section ---- */

static char *printed(void)
{
    struct dp_report_reasons reasons;
    char *text = NULL;
    size_t size;
    struct dp_style to = style;
    struct dp_fold fold;

    to.out = open_memstream(&text, &size);
    settle();
    dp_report_reasons_make(&reasons, &profile);
    dp_text_reasons(&reasons, dp_fold_start(&fold, &to, 0));
    dp_fold_finish(&fold);
    dp_report_reasons_finish(&reasons);
    fclose(to.out);
    end();
    return text;
}

static void findings_that_read_the_same_are_one_line(void)
{
    begin();
    add_stack(11, 0, (const char *const[]){"query", "handle", "main", "_start", NULL});
    add_call(7, 0, 60, 0, 30, 10);
    add_sample(7, DP_THREAD_ON_CPU, QUERY, 20 * MS);
    add_sample(7, DP_THREAD_ON_CPU, 11, 20 * MS);
    add_sample(7, DP_THREAD_ON_CPU, FLUSH, 20 * MS);
    add_wait(7, LOCK, SYSCALL_READ, "", 0, "", 0, 30 * MS);
    char *text = printed();
    CHECK_TEXT(text,
               "\nWhy they were slow\n"
               "1 slow call has 1 reason\n"
               "\n1 call of site 1:\n"
               "  60.0 of 100 ms on CPU, 40.0 ms of it in `query` <- `handle`\n"
               "    60.0 ms on CPU, 0 ns waiting for a CPU, 30.0 ms blocked, 10.0 ms unknown,\n"
               "      each +/- 0 ns\n"
               "     40.0 %  on CPU    query <- handle <- main\n"
               "     30.0 %  blocked   get_page <- query\n"
               "     20.0 %  on CPU    flush_pages <- checkpoint <- main\n");
    free(text);
}

/* Except names of functions, which are cut to 60. */
static void lines_fit_the_terminal(void)
{
    const char *line;

    begin();
    add_call(7, 0, 1, 1, 995, 3);
    add_stack(12, DP_STACK_CUT,
              (const char *const[]){
                  "std::vector<std::string, std::allocator<std::string> >::push_back",
                  "a_function_of_a_name_that_is_so_long_that_nobody_reads_it_to_its_end", "main",
                  NULL});
    add_wait(7, 12, SYSCALL_READ, "/var/lib/postgresql/data/base/16384/and/so/on/and/so/forth", 0,
             "", 0, 995 * MS);
    char *text = printed(), *rest = text;
    while ((line = strsep(&rest, "\n")))
        CHECK(dp_text_columns(line) <= 80, "%s", line);
    free(text);
}

int main(void)
{
    a_cycle_of_holders_is_a_deadlock();
    findings_that_read_the_same_are_one_line();
    lines_fit_the_terminal();
    a_lock_is_shown_with_its_holder();
    a_file_is_shown_with_the_function_that_waits();
    a_holder_without_a_name_is_a_number();
    a_holder_that_is_not_known_is_said();
    work_is_shown_with_its_function();
    names_obey_no_terminal();
    other_parts_have_their_words();
    a_call_that_runs_has_a_reason_so_far();
    page_faults_are_shown_where_they_may_explain_something();
    the_last_reason_of_a_call_holds();
    many_calls_have_few_reasons();
    another_holder_is_another_reason();
    return 0;
}
