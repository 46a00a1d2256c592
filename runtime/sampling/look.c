/* See look.h. */
#include "look.h"

#include <string.h>

#include "base/clock.h"
#include "base/facts.h"
#include "base/os.h"
#include "readers.h"
#include "walk.h"

#define TRIES 2
#define ANSWER_NS 50000 /* a thread on another processor answers in a few microseconds */

static void no_stack(struct dp_look *look, uint32_t why)
{
    look->stack.n = 0;
    look->flags |= why;
    dp_process_lost(why == DP_SAMPLE_MOVED       ? DP_LOSS_LOOK_MOVED
                    : why == DP_SAMPLE_NO_SIGNAL ? DP_LOSS_NOT_ASKED
                                                 : DP_LOSS_LOOK_REFUSED,
                    1);
}

/* Walks a waiting thread's stack from pc and sp: the kernel shows no other registers. */
static void walk_waiting(const struct dp_thread_waits *waits, struct dp_frames *frames)
{
    struct dp_window window = {0};
    struct dp_registers registers = {.pc = waits->pc, .sp = waits->sp, .fp = DP_REGISTER_UNKNOWN};
    frames->n = dp_walk(&registers, dp_read_window, &window, frames->pcs, DP_FRAMES_MAX,
                        &frames->flags);
}

/* The thread has used no processor time since `cpu_ns` was read. */
static bool stood_still(uint32_t tid, uint64_t cpu_ns)
{
    uint64_t now;
    return dp_os_cpu_ns_of(tid, &now) == 0 && now == cpu_ns;
}

/* From the last look at the same thread; zeros: there was none. */
struct before {
    uint32_t tid;
    uint64_t cpu_ns, runnable_ns;
};

/*
 * ON_CPU or RUNNABLE, whichever the thread was for longer since the last look. The present
 * moment would say too little: on a busy machine the steward itself has just taken the processor
 * from the thread. At the first look the answer is whether its processor time advances.
 */
static uint32_t state_of_running(struct dp_look *look, const struct before *before)
{
    bool known = dp_thread_runnable_ns(look->tid, &look->runnable_ns);
    if (before->tid != look->tid || !known || !before->runnable_ns) {
        bool stood = stood_still(look->tid, look->cpu_ns);
        look->on_cpu = stood ? 0 : DP_SHARE_ONE;
    } else {
        uint64_t ran = look->cpu_ns - before->cpu_ns;
        uint64_t waited = look->runnable_ns - before->runnable_ns;
        look->on_cpu = (uint32_t)(DP_SHARE_ONE * ran / (ran + waited + 1));
    }
    return look->on_cpu >= DP_SHARE_ONE / 2 ? DP_THREAD_ON_CPU : DP_THREAD_RUNNABLE;
}

static void ask_running(struct dp_look *look, const struct before *before)
{
    look->state = state_of_running(look, before);
    enum dp_asked asked = dp_ask(look->tid, &look->ticket);
    if (asked != DP_ASKED) {
        look->ticket = 0;
        no_stack(look, DP_SAMPLE_NO_SIGNAL);
    } else if (dp_answer(look->ticket, ANSWER_NS, &look->stack)) {
        look->ticket = 0;
    }
}

static enum dp_task place_of(struct dp_look *look)
{
    struct dp_thread_waits *waits = &look->waits;
    enum dp_task place = DP_TASK_UNKNOWN;
    for (int i = 0; i < TRIES; i++) {
        place = dp_thread_place(look->tid, waits);
        if (place != DP_TASK_WAITS)
            return place;
        walk_waiting(waits, &look->stack);
        dp_wait_for(waits, look->stack.pcs, look->stack.n, &look->wait);
        if (stood_still(look->tid, look->cpu_ns))
            return place;
        dp_os_cpu_ns_of(look->tid, &look->cpu_ns);
        look->since_ns = dp_now_ns();
    }
    no_stack(look, DP_SAMPLE_MOVED);
    return place;
}

/* The holder's stack counts only when the waiting thread stood still meanwhile: then the holder
 * still held the lock when it was looked at. */
static void look_at_holder(struct dp_look *look)
{
    struct dp_thread_waits waits;
    uint64_t cpu_ns;
    uint32_t ticket, tid = look->wait.holder_tid;
    look->holder_stack.n = 0;
    if (!tid || dp_os_cpu_ns_of(tid, &cpu_ns) != 0)
        return;
    enum dp_task place = dp_thread_place(tid, &waits);
    if (place == DP_TASK_WAITS) {
        walk_waiting(&waits, &look->holder_stack);
        if (!stood_still(tid, cpu_ns))
            look->holder_stack.n = 0;
    } else if (place == DP_TASK_RUNS && dp_ask(tid, &ticket) == DP_ASKED &&
               !dp_answer(ticket, ANSWER_NS, &look->holder_stack)) {
        look->holder_stack.n = 0;
        dp_ask_forget(ticket);
    }
    if (!stood_still(look->tid, look->cpu_ns))
        look->holder_stack.n = 0;
}

/* The lock may have a new holder although this thread was not woken. */
static void look_again_at_holder(struct dp_look *look)
{
    if (!look->wait.holder_tid)
        return;
    dp_wait_for(&look->waits, look->stack.pcs, look->stack.n, &look->wait);
    look_at_holder(look);
}

/* The kernel refuses the file that says where the thread waits. A thread whose processor time
 * advanced is taken to be running. */
static void guess(struct dp_look *look, const struct before *before)
{
    char letter = dp_thread_letter(look->tid);
    bool has_run = before->tid == look->tid && before->cpu_ns != look->cpu_ns;
    if (letter == 'R' || (!letter && has_run)) {
        ask_running(look, before);
    } else {
        look->state = DP_THREAD_BLOCKED;
        no_stack(look, DP_SAMPLE_UNREADABLE);
    }
}

bool dp_look_at(uint32_t tid, struct dp_look *look)
{
    uint64_t cpu_ns, now = dp_now_ns();
    if (dp_os_cpu_ns_of(tid, &cpu_ns) != 0)
        return false;
    bool same = look->tid == tid && look->cpu_ns == cpu_ns;
    look->time_ns = now;
    if (same && look->state == DP_THREAD_BLOCKED && !look->flags) {
        look_again_at_holder(look);
        return true;
    }
    const struct before before = {look->tid, look->cpu_ns, look->runnable_ns};
    if (look->ticket)
        dp_ask_forget(look->ticket);
    look->since_ns = same ? look->since_ns : now;
    look->tid = tid;
    look->runnable_ns = 0;
    look->cpu_ns = cpu_ns;
    look->flags = look->ticket = look->stack.n = look->holder_stack.n = 0;
    memset(&look->wait, 0, sizeof look->wait);
    look->wait.syscall = -1;
    switch (place_of(look)) {
    case DP_TASK_GONE:
        return false;
    case DP_TASK_UNKNOWN:
        guess(look, &before);
        break;
    case DP_TASK_RUNS:
        look->flags = 0; /* a failed try may have set some */
        ask_running(look, &before);
        break;
    case DP_TASK_WAITS:
        look->state = DP_THREAD_BLOCKED;
        look_at_holder(look);
    }
    return true;
}

bool dp_look_answered(struct dp_look *look)
{
    if (look->ticket && dp_answer(look->ticket, 0, &look->stack))
        look->ticket = 0;
    return !look->ticket;
}

void dp_look_finish(struct dp_look *look)
{
    if (dp_look_answered(look))
        return;
    dp_ask_forget(look->ticket);
    no_stack(look, DP_SAMPLE_NO_SIGNAL);
    look->ticket = 0;
}
