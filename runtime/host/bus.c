/* See bus.h. The handler runs in any thread, at a store into one of our mappings. So it
 * takes no lock, does not allocate, and calls async-signal-safe functions only. It stores
 * into no other mapping: that one may be cut as well, and the signal is blocked. */
#include "bus.h"

#include <errno.h>
#include <stdatomic.h>

#include "base/compiler.h"
#include "base/facts.h"
#include "base/lock.h"
#include "base/os.h"
#include "log/process_log.h"
#include "log/stream.h"
#include "sampling/ask.h"
#include "sampling/stacks_signal.h"
#include "thread/lane.h"

/* glibc's own names: the ones without underscores may be ours, or a sanitizer's. */
int __sigaction(int, const struct sigaction *, struct sigaction *);
void (*bsd_signal(int, void (*)(int)))(int);

/* The host's action. Two copies, since the handler may run while one is being written;
 * current_host says which is valid. */
static struct sigaction hosts[2];
static _Atomic unsigned current_host;
static struct dp_lock hosts_lock;
static _Atomic bool guarding; /* our action is in place, or soon will be again */
static _Atomic bool gave_way; /* to the host's action, for a fault of the host's own */
static _Atomic uint64_t losses; /* not yet added to the process's state */

static bool inside(uintptr_t address, const void *mapping, size_t bytes)
{
    uintptr_t start = (uintptr_t)mapping;
    return mapping && address >= start && address - start < bytes;
}

static bool mend_stream(struct dp_stream *stream, uintptr_t address)
{
    uint32_t bytes = stream->packet_bytes;
    if (!inside(address, stream->packet, bytes) || dp_os_map_over(stream->packet, bytes) != 0)
        return false;
    dp_stream_ruined(stream);
    return true;
}

static bool mend_lane(struct dp_lane *lane, uintptr_t address)
{
    struct dp_lane_state *mapped = __atomic_load_n(&lane->mapped, __ATOMIC_ACQUIRE);
    if (mend_stream(&lane->stream, address))
        return true;
    if (!inside(address, mapped, lane->state_bytes) || dp_lane_map_over(lane, mapped) != 0)
        return false;
    atomic_fetch_add_explicit(&losses, 1, memory_order_relaxed);
    return true;
}

static bool mend(uintptr_t address)
{
    struct dp_process_state *process = dp_process_state();
    if (inside(address, process, sizeof *process))
        return dp_os_map_over(process, sizeof *process) == 0;
    if (mend_stream(dp_log_stream_written(), address))
        return true;
    uint32_t count = dp_lanes_count();
    for (uint32_t i = 0; i < count; i++) {
        if (mend_lane(dp_lane_at(i), address))
            return true;
    }
    return false;
}

static const struct sigaction *hosts_action(void)
{
    return &hosts[atomic_load_explicit(&current_host, memory_order_acquire)];
}

static void on_bus(int signal, siginfo_t *info, void *context);

static bool is_ours(const struct sigaction *action)
{
    return action->sa_flags & SA_SIGINFO && action->sa_sigaction == on_bus;
}

static bool ignores(const struct sigaction *action)
{
    return !(action->sa_flags & SA_SIGINFO) && action->sa_handler == SIG_IGN;
}

/* The fault is the host's own, or the signal was sent by kill: puts the host's action in
 * place of ours and lets the kernel deliver the signal to it, exactly as without us. */
static void leave_to_host(int signal, siginfo_t *info, void *context)
{
    struct sigaction now, host = *hosts_action();
    bool in_place = __sigaction(signal, NULL, &now) == 0 && is_ours(&now);
    bool function = host.sa_flags & SA_SIGINFO ||
                    (host.sa_handler != SIG_DFL && host.sa_handler != SIG_IGN);
    if (!in_place && function) { /* a handler installed over ours has passed it on */
        if (host.sa_flags & SA_SIGINFO)
            host.sa_sigaction(signal, info, context);
        else
            host.sa_handler(signal);
        return;
    }
    atomic_store_explicit(&gave_way, in_place, memory_order_relaxed);
    __sigaction(signal, &host, NULL);
    if (!function && !ignores(&host)) /* a store that fails, too, ends the process by SIGBUS */
        dp_process_note_end(DP_END_SIGNAL, (uint32_t)signal);
    /* the kernel will not raise it again */
    if (info->si_code <= 0 || info->si_code == BUS_MCEERR_AO)
        dp_os_signal_again(signal, info);
}

static void on_bus(int signal, siginfo_t *info, void *context)
{
    int saved_errno = errno;
    if (info->si_code <= 0 || !mend((uintptr_t)info->si_addr))
        leave_to_host(signal, info, context);
    errno = saved_errno;
}

static int put_in_place(struct sigaction *before)
{
    struct sigaction ours = {.sa_sigaction = on_bus,
                             .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
    sigemptyset(&ours.sa_mask);
    return __sigaction(SIGBUS, &ours, before);
}

static void keep_hosts(const struct sigaction *action)
{
    unsigned other = !atomic_load_explicit(&current_host, memory_order_relaxed);
    hosts[other] = *action;
    atomic_store_explicit(&current_host, other, memory_order_release);
}

uint64_t dp_bus_take_losses(void)
{
    return atomic_exchange_explicit(&losses, 0, memory_order_relaxed);
}

void dp_bus_guard(void)
{
    struct sigaction found;
    if (__sigaction(SIGBUS, NULL, &found) != 0 || ignores(&found) || is_ours(&found))
        return;
    keep_hosts(&found);
    if (put_in_place(NULL) == 0)
        atomic_store_explicit(&guarding, true, memory_order_release);
}

void dp_bus_leave(void)
{
    struct dp_os_signals saved;
    struct sigaction now;
    dp_lock_take(&hosts_lock, &saved);
    if (atomic_exchange_explicit(&guarding, false, memory_order_acq_rel) &&
        __sigaction(SIGBUS, NULL, &now) == 0 && is_ours(&now))
        __sigaction(SIGBUS, hosts_action(), NULL);
    dp_lock_give(&hosts_lock, &saved);
}

/* Does nothing if the host has installed another action behind our back: that one might
 * pass the signal on to us, and we would pass it back. */
void dp_bus_guard_again(void)
{
    struct dp_os_signals saved;
    struct sigaction found, host;
    if (!atomic_load_explicit(&gave_way, memory_order_relaxed))
        return;
    dp_lock_take(&hosts_lock, &saved);
    host = *hosts_action();
    atomic_store_explicit(&gave_way, false, memory_order_relaxed);
    if (__sigaction(SIGBUS, NULL, &found) == 0) {
        bool spent = host.sa_flags & SA_RESETHAND && found.sa_handler == SIG_DFL;
        if (spent)
            keep_hosts(&found);
        if (spent || found.sa_sigaction == host.sa_sigaction)
            put_in_place(NULL);
    }
    dp_lock_give(&hosts_lock, &saved);
}

void dp_bus_unlock(void)
{
    dp_lock_init(&hosts_lock);
}

/* The signals that ask threads for their stacks are at their default, as far as the host can
 * see, and its own as soon as it wants them. */
static bool is_asking(int signal)
{
    return signal && (signal == dp_ask_signal() || signal == dp_stacks_signal());
}

static void give_up(int signal)
{
    if (signal == dp_ask_signal())
        dp_ask_give_up();
    else
        dp_stacks_signal_give_up();
}

static int asking_sigaction(int signal, const struct sigaction *action, struct sigaction *old)
{
    int result = 0;
    if (action) {
        give_up(signal);
        result = __sigaction(signal, action, NULL);
    }
    if (old && result == 0)
        *old = (struct sigaction){.sa_handler = SIG_DFL};
    return result;
}

DP_FROM_HOST int dp_bus_sigaction(int signal, const struct sigaction *action,
                                  struct sigaction *old)
{
    struct dp_os_signals saved;
    struct sigaction now, host;
    int saved_errno = errno, result = 0;
    if (is_asking(signal))
        return asking_sigaction(signal, action, old);
    if (signal != SIGBUS || !atomic_load_explicit(&guarding, memory_order_acquire))
        return __sigaction(signal, action, old);
    dp_lock_take(&hosts_lock, &saved);
    host = *hosts_action();
    bool hidden = atomic_load_explicit(&gave_way, memory_order_relaxed) ||
                  (__sigaction(SIGBUS, NULL, &now) == 0 && is_ours(&now));
    if (!hidden || (action && ignores(action))) { /* not ours to hide, or to be ignored */
        result = __sigaction(SIGBUS, action, old);
        if (result == 0 && action)
            atomic_store_explicit(&guarding, !hidden, memory_order_release);
    } else if (action) {
        keep_hosts(action);
        put_in_place(NULL);
        atomic_store_explicit(&gave_way, false, memory_order_relaxed);
    }
    if (hidden && old && result == 0)
        *old = host;
    dp_lock_give(&hosts_lock, &saved);
    errno = result ? errno : saved_errno;
    return result;
}

DP_FROM_HOST void (*dp_bus_signal(int signal, void (*handler)(int)))(int)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART}, old;
    if (is_asking(signal) && handler != SIG_ERR) {
        give_up(signal);
        return bsd_signal(signal, handler) == SIG_ERR ? SIG_ERR : SIG_DFL;
    }
    if (signal != SIGBUS || handler == SIG_ERR ||
        !atomic_load_explicit(&guarding, memory_order_acquire))
        return bsd_signal(signal, handler);
    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, signal);
    return dp_bus_sigaction(signal, &action, &old) == 0 ? old.sa_handler : SIG_ERR;
}
