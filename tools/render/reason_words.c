/* See reason_words.h. */
#include "reason_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clean.h"
#include "base/syscall_names.h"
#include "base/units.h"
#include "deep_profile/abi/stack.h"

enum {
    MOST_COLUMNS = 60, /* of one name */
    FAULT_NS = 100000, /* the time to read a page from an SSD */
};

/* ---- pieces ---- */

const char *dp_state_words(uint32_t state)
{
    switch (state) {
    case DP_THREAD_ON_CPU:
        return "on CPU";
    case DP_THREAD_RUNNABLE:
        return "waiting for a CPU";
    case DP_THREAD_BLOCKED:
        return "blocked";
    }
    return "unknown";
}

const char *dp_no_stack_words(uint32_t flags)
{
    if (flags & DP_SAMPLE_MOVED)
        return "it moved on while it was looked at";
    if (flags & DP_SAMPLE_UNREADABLE)
        return "its registers or its memory could not be read";
    if (flags & DP_SAMPLE_NO_SIGNAL)
        return "it took no signal: blocked, or no processor";
    if (flags & DP_SAMPLE_NO_ROOM)
        return "there was no room for more stacks";
    return "not known";
}

static void put_name(FILE *out, const char *name, const char *quote)
{
    char *clean = dp_clean_copy(name);

    dp_text_cut(clean, MOST_COLUMNS, !dp_clean_to_ascii);
    fprintf(out, "%s%s%s", quote, clean, quote);
    free(clean);
}

/* Returns whether it wrote something. */
static bool put_stack(FILE *out, const struct dp_stack *stack, size_t most, const char *quote)
{
    size_t n = 0, at = stack ? dp_stack_own_frame(stack, 0) : SIZE_MAX;
    bool own = at != SIZE_MAX;

    if (!stack || stack->n_frames == 0)
        return false;
    for (at = own ? at : 0; at < stack->n_frames && n < most; n++) {
        fputs(n > 0 ? " <- " : "", out);
        put_name(out, stack->frames[at].function, quote);
        at = own ? dp_stack_own_frame(stack, at + 1) : at + 1;
    }
    if (n < most && stack->flags & DP_STACK_ENDED_EARLY)
        fputs(" <- ?", out);
    return true;
}

size_t dp_stack_words_frames(const struct dp_stack *stack)
{
    size_t n = 0;

    for (size_t at = dp_stack_own_frame(stack, 0); at < stack->n_frames; n++)
        at = dp_stack_own_frame(stack, at + 1);
    return n > 0 ? n : stack->n_frames;
}

char *dp_stack_words(const struct dp_stack *stack, size_t most, const char *quote)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return NULL;
    put_stack(out, stack, most, quote);
    fclose(out);
    return text;
}

/* "482 of 500 ms", "9.1 ms of 1.2 s" */
static void put_part(FILE *out, uint64_t part_ns, uint64_t duration_ns, bool utf8)
{
    char part[DP_UNIT_TEXT], whole[DP_UNIT_TEXT];

    dp_unit_ns(part, (double)part_ns, utf8);
    dp_unit_ns(whole, (double)duration_ns, utf8);
    char *unit = strchr(part, ' ');
    const char *other = strchr(whole, ' ');
    if (unit && other && strcmp(unit, other) == 0)
        *unit = 0;
    fprintf(out, "%s of %s", part, whole);
}

/* ---- the sentence ---- */

static void put_syscall(FILE *out, int32_t number)
{
    const char *name = dp_syscall_name(number);

    if (name)
        fprintf(out, " in %s", name);
    else if (number >= 0)
        fprintf(out, " in system call %d", number);
}

/* Of a lock somebody is the holder; of a rwlock that is held by readers, and of a semaphore, the
 * lock does not say who. */
static bool is_lock(const char *object)
{
    static const char *const locks[] = {"mutex 0x", "rwlock 0x", "semaphore 0x"};

    for (size_t i = 0; i < sizeof locks / sizeof *locks; i++)
        if (strncmp(object, locks[i], strlen(locks[i])) == 0)
            return true;
    return false;
}

/* "mutex held by worker-3 in `flush_pages`": the address of a lock says nothing. */
static bool put_object(FILE *out, const struct dp_stack_sample *wait, bool whole)
{
    size_t bytes = whole ? strlen(wait->object) : dp_object_type_bytes(wait->object);
    char *object = strndup(wait->object, bytes);

    if (!object)
        return false;
    if (bytes > 0) {
        fputs(": ", out);
        put_name(out, object, "");
    }
    free(object);
    if (wait->holder_tid == 0 && is_lock(wait->object))
        fputs(", holder not known", out);
    if (wait->holder_tid == 0)
        return false;
    fputs(bytes > 0 ? " held by " : ", held by ", out);
    if (*wait->holder)
        put_name(out, wait->holder, "");
    else
        fprintf(out, "thread %u", wait->holder_tid);
    if (wait->holder_stack && wait->holder_stack->n_frames > 0) {
        fputs(" in ", out);
        put_stack(out, wait->holder_stack, 2, "`");
    }
    return true;
}

char *dp_wait_words(const struct dp_stack_sample *wait, bool whole)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return NULL;
    fputs(dp_state_words(wait->state), out);
    if (wait->state == DP_THREAD_BLOCKED) {
        put_syscall(out, wait->syscall);
        put_object(out, wait, whole);
    }
    fclose(out);
    return text;
}

static void put_blocked(FILE *out, const struct dp_reason *reason, uint64_t duration_ns, bool utf8)
{
    const struct dp_stack_sample *wait = reason->main;

    put_part(out, wait ? reason->main_ns : reason->part_ns, duration_ns, utf8);
    fputs(reason->event.flags & DP_REASON_IN_FLIGHT ? " so far blocked" : " blocked", out);
    if (reason->event.flags & DP_REASON_NO_RUNNABLE)
        fputs(" or waiting for a CPU", out);
    if (!wait) {
        fputs(", where is not known", out);
        return;
    }
    put_syscall(out, wait->syscall);
    if (!put_object(out, wait, false) && wait->stack && wait->stack->n_frames > 0) {
        fputs(*wait->object ? ", in " : " in ", out);
        put_stack(out, wait->stack, 2, "`");
    }
}

static void put_on_cpu(FILE *out, const struct dp_reason *reason, uint64_t duration_ns, bool utf8)
{
    const struct dp_stack_sample *main = reason->main;
    char text[DP_UNIT_TEXT];

    put_part(out, reason->part_ns, duration_ns, utf8);
    fputs(reason->event.flags & DP_REASON_IN_FLIGHT ? " so far on CPU" : " on CPU", out);
    if (!main || !main->stack || main->stack->n_frames == 0)
        return;
    if (reason->main_ns < reason->part_ns / 10 * 9)
        fprintf(out, ", %s of it", dp_unit_ns(text, (double)reason->main_ns, utf8));
    fputs(" in ", out);
    put_stack(out, main->stack, 2, "`");
}

char *dp_reason_sentence(const struct dp_reason *reason, const struct dp_style *style)
{
    uint64_t duration_ns = dp_reason_ns(reason);
    const char *so_far = reason->event.flags & DP_REASON_IN_FLIGHT ? " so far" : "";
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return NULL;
    switch (reason->because) {
    case DP_BECAUSE_BLOCKED:
        put_blocked(out, reason, duration_ns, style->utf8);
        break;
    case DP_BECAUSE_ON_CPU:
        put_on_cpu(out, reason, duration_ns, style->utf8);
        break;
    case DP_BECAUSE_RUNNABLE:
        put_part(out, reason->part_ns, duration_ns, style->utf8);
        fprintf(out, "%s waiting for a CPU", so_far);
        break;
    case DP_BECAUSE_UNSEEN:
        put_part(out, reason->part_ns, duration_ns, style->utf8);
        fprintf(out, "%s before the first look: unknown", so_far);
        break;
    }
    if (!(reason->event.flags & DP_REASON_NO_FAULTS) &&
        reason->event.major_faults * FAULT_NS > duration_ns / 20)
        fprintf(out, ", %llu page faults read from a disk",
                (unsigned long long)reason->event.major_faults);
    fclose(out);
    return text;
}
