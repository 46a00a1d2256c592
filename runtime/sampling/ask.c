/* See ask.h. */
#include "ask.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "base/clock.h"
#include "base/os.h"
#include "mend.h"
#include "readers.h"
#include "thread_files.h"
#include "walk.h"

#define SLOTS 64

enum slot_state { FREE, SENT, ANSWERED };

struct slot {
    _Atomic uint32_t state;
    uint32_t tid;    /* only the steward reads and writes tid and askers */
    uint32_t askers; /* looks that wait for the answer; 0: nobody does any more */
    bool outside;    /* the handler may read other stacks than its own, by a system call */
    _Atomic uint32_t ticket; /* new for each signal: one that comes late finds no slot */
    struct dp_frames frames;
    struct dp_window window; /* for a coroutine's stack: the handler's own may be too small */
};

static struct slot *slots; /* never unmapped: a handler may run at any time */
static uint32_t last_ticket;
_Atomic int dp_ask_signal_in_use;
static _Atomic bool sending;  /* the steward is between its checks and the signal: see send() */
static _Atomic uint32_t held; /* threads that are between dp_ask_hold() and dp_ask_go_on() */
static _Atomic uint64_t not_mended;
static bool exec_holds; /* set before the first thread is asked */

static struct slot *slot_of(uint64_t ticket)
{
    struct slot *all = slots, *slot = all ? &all[ticket % SLOTS] : NULL;
    bool same = slot && atomic_load_explicit(&slot->ticket, memory_order_acquire) == ticket;
    return same ? slot : NULL;
}

static void answer(struct slot *slot, void *context)
{
    struct dp_registers registers;
    if (atomic_load_explicit(&slot->state, memory_order_acquire) != SENT)
        return;
    dp_walk_from_context(&registers, context);
    struct dp_direct stack = {.low = registers.sp,
                              .high = dp_os_stack_end(registers.sp),
                              .outside = slot->outside ? &slot->window : NULL};
    slot->window.bytes = 0;
    slot->frames.time_ns = dp_clock_is_tsc() ? dp_now_ns() : 0; /* no system call */
    slot->frames.n = dp_walk(&registers, dp_read_direct, &stack, slot->frames.pcs, DP_FRAMES_MAX,
                             &slot->frames.flags);
    atomic_store_explicit(&slot->state, ANSWERED, memory_order_release);
}

/* Somebody else sent the signal, and the host has no handler for it: take the default action. */
static void leave_to_default(int signal, siginfo_t *info)
{
    dp_os_leave_signal(signal);
    dp_os_signal_again(signal, info);
}

/* Without our handler a signal that is ignored would not have interrupted a wait, either. */
static void on_asked(int signal, siginfo_t *info, void *context)
{
    int saved_errno = errno;
    uint64_t ticket;
    bool is_ours = dp_os_asked_value(info, &ticket);
    struct slot *slot = is_ours ? slot_of(ticket) : NULL;
    if (slot)
        answer(slot, context);
    if (!is_ours && !dp_os_is_ignored_by_default(signal))
        leave_to_default(signal, info);
    else if (dp_mend(context) == DP_NOT_MENDED)
        atomic_fetch_add_explicit(&not_mended, 1, memory_order_relaxed);
    errno = saved_errno;
}

int dp_ask_init(void)
{
    if (!slots)
        slots = dp_os_map_memory(SLOTS * sizeof *slots);
    if (!slots)
        return -ENOMEM;
    for (int i = 0; i < SLOTS; i++)
        atomic_store_explicit(&slots[i].state, FREE, memory_order_relaxed);
    atomic_store_explicit(&sending, false, memory_order_relaxed);
    atomic_store_explicit(&held, 0, memory_order_relaxed);
    return 0;
}

void dp_ask_release(void)
{
    dp_ask_give_up();
}

/*
 * Waits until the steward has sent the signal that it may be about to send. The steward stores
 * `sending`, then loads `held` and `dp_ask_signal_in_use`. This thread stores one of those two,
 * then loads `sending`. All are sequentially consistent, so at least one of the two threads sees
 * the other's store: either the steward does not send, or this thread sees `sending` and waits.
 */
static void wait_for_sent(void)
{
    for (int i = 0; i < 1000 && atomic_load(&sending); i++)
        dp_os_yield();
}

void dp_ask_give_up(void)
{
    atomic_store(&dp_ask_signal_in_use, 0);
    wait_for_sent();
}

void dp_ask_hold(void)
{
    atomic_fetch_add(&held, 1);
    wait_for_sent();
    dp_os_yield(); /* a signal that was sent is handled when a system call returns */
}

void dp_ask_go_on(void)
{
    atomic_fetch_sub(&held, 1);
}

void dp_ask_exec_holds(void)
{
    exec_holds = true;
}

/* The signal to use. Installs the handler when there is none yet, or when the host has put its
 * own in the place of ours without our seeing it. */
static int signal_to_use(void)
{
    int signal = dp_ask_signal();
    if (signal && dp_os_handles(signal, on_asked))
        return signal;
    signal = dp_os_take_signal(exec_holds, on_asked);
    atomic_store(&dp_ask_signal_in_use, signal > 0 ? signal : 0);
    return signal > 0 ? signal : 0;
}

/* A free slot, or NULL. *asked: the slot of this thread if it was asked and has not answered. */
static struct slot *free_slot(uint32_t tid, struct slot **asked)
{
    struct slot *found = NULL;
    *asked = NULL;
    for (int i = 0; i < SLOTS; i++) {
        uint32_t state = atomic_load_explicit(&slots[i].state, memory_order_acquire);
        if (state == FREE || (state == ANSWERED && !slots[i].askers))
            found = &slots[i];
        else if (state == SENT && slots[i].tid == tid)
            *asked = &slots[i];
    }
    return found;
}

/* Threads that have ended do not answer: frees their slots. */
static void free_slots_of_the_gone(void)
{
    for (int i = 0; i < SLOTS; i++) {
        uint32_t state = atomic_load_explicit(&slots[i].state, memory_order_acquire);
        if (state == SENT && dp_os_thread_is_gone(slots[i].tid))
            atomic_store_explicit(&slots[i].state, FREE, memory_order_relaxed);
    }
}

static enum dp_asked send(struct slot *slot, uint32_t tid, bool in_sandbox, uint32_t *ticket)
{
    uint32_t number = (uint32_t)(slot - slots);
    last_ticket += SLOTS;
    *ticket = last_ticket + number;
    slot->tid = tid;
    slot->askers = 1;
    slot->outside = !in_sandbox;
    atomic_store_explicit(&slot->ticket, *ticket, memory_order_relaxed);
    atomic_store_explicit(&slot->state, SENT, memory_order_release);
    atomic_store(&sending, true);
    int signal = atomic_load(&held) ? 0 : dp_ask_signal();
    int error = signal ? dp_os_ask_thread(tid, signal, *ticket) : -EBUSY;
    atomic_store(&sending, false);
    if (!error)
        return DP_ASKED;
    atomic_store_explicit(&slot->state, FREE, memory_order_relaxed);
    return error == -ESRCH ? DP_ASKED_GONE : DP_ASKED_NOT;
}

enum dp_asked dp_ask(uint32_t tid, uint32_t *ticket)
{
    bool in_sandbox;
    uint64_t blocked;
    struct slot *asked;
    int signal = slots ? signal_to_use() : 0;
    if (!signal)
        return DP_ASKED_NOT;
    struct slot *slot = free_slot(tid, &asked);
    if (asked) { /* its answer is still to come: it holds for this question, too */
        asked->askers++;
        *ticket = atomic_load_explicit(&asked->ticket, memory_order_relaxed);
        return DP_ASKED;
    }
    if (!slot) {
        free_slots_of_the_gone();
        return DP_ASKED_NOT;
    }
    if (!dp_thread_signals(tid, &blocked, &in_sandbox))
        return DP_ASKED_NOT;
    if (blocked >> (signal - 1) & 1)
        return DP_ASKED_BLOCKED;
    return send(slot, tid, in_sandbox, ticket);
}

bool dp_answer(uint32_t ticket, uint64_t wait_ns, struct dp_frames *frames)
{
    struct slot *slot = slot_of(ticket);
    if (!slot)
        return false;
    uint64_t until = dp_now_ns() + wait_ns;
    while (atomic_load_explicit(&slot->state, memory_order_acquire) != ANSWERED) {
        if (dp_now_ns() >= until)
            return false;
        dp_os_yield();
    }
    memcpy(frames, &slot->frames, offsetof(struct dp_frames, pcs));
    memcpy(frames->pcs, slot->frames.pcs, frames->n * sizeof *frames->pcs);
    if (--slot->askers == 0)
        atomic_store_explicit(&slot->state, FREE, memory_order_relaxed);
    return true;
}

void dp_ask_forget(uint32_t ticket)
{
    struct slot *slot = slot_of(ticket);
    if (slot && slot->askers > 0)
        slot->askers--;
}

uint64_t dp_ask_take_not_mended(void)
{
    return atomic_exchange_explicit(&not_mended, 0, memory_order_relaxed);
}
