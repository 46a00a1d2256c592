/* See stacks_signal.h. */
#include "stacks_signal.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>

#include "base/facts.h"
#include "base/os.h"
#include "common/values.h"
#include "mend.h"
#include "thread_files.h"

#define LOOK_NS UINT64_C(100000000) /* between two looks at signals that wait */

_Atomic int dp_stacks_signal_in_use;
static _Atomic bool came; /* stored by the handler, taken by the steward */
static bool waited;       /* at the last look, in a sandbox, where it cannot be taken */
static uint64_t next_look;

/* Those whose default does no harm to who has other plans with them, or that people use so. */
static const struct {
    const char *name;
    int number;
} names[] = {{"HUP", SIGHUP},   {"QUIT", SIGQUIT}, {"USR1", SIGUSR1}, {"USR2", SIGUSR2},
             {"ALRM", SIGALRM}, {"URG", SIGURG},   {"VTALRM", SIGVTALRM}, {"PROF", SIGPROF},
             {"WINCH", SIGWINCH}, {"IO", SIGIO},   {"PWR", SIGPWR}};

static bool is_allowed(int number)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].number == number)
            return true;
    return number >= dp_os_first_signal() && number <= dp_os_last_signal();
}

static bool after(const char *text, const char *prefix, uint64_t *value)
{
    size_t length = strlen(prefix);
    return strncmp(text, prefix, length) == 0 &&
           dp_parse_integer(text + length, strlen(text + length), value) == 0 && *value <= 64;
}

/* 0: none of those that may be used. */
static int number_of(const char *name)
{
    uint64_t value = 0;
    int number = 0;
    if (strncmp(name, "SIG", 3) == 0)
        name += 3;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i].name, name) == 0)
            return names[i].number;
    if (strcmp(name, "RTMIN") == 0)
        number = dp_os_first_signal();
    else if (strcmp(name, "RTMAX") == 0)
        number = dp_os_last_signal();
    else if (after(name, "RTMIN+", &value))
        number = dp_os_first_signal() + (int)value;
    else if (after(name, "RTMAX-", &value))
        number = dp_os_last_signal() - (int)value;
    else if (after(name, "", &value))
        number = (int)value;
    return is_allowed(number) ? number : 0;
}

static void on_signal(int signal, siginfo_t *info, void *context)
{
    int saved_errno = errno;
    (void)signal;
    (void)info;
    atomic_store_explicit(&came, true, memory_order_release);
    if (dp_mend(context) == DP_NOT_MENDED)
        dp_process_lost(DP_LOSS_INTERRUPTED, 1);
    errno = saved_errno;
}

const char *dp_stacks_signal_start(const char *name)
{
    atomic_store(&came, false);
    next_look = 0;
    if (!*name || dp_stacks_signal())
        return NULL;
    int number = number_of(name);
    if (!number)
        return "is no signal that can be used, such as USR2 or RTMIN+1";
    if (dp_os_take_this_signal(number, on_signal) != 0)
        return "is a signal for which the program has an action of its own";
    atomic_store(&dp_stacks_signal_in_use, number);
    return NULL;
}

/* In a sandbox the call that takes it may end the process: there it counts when it was not
 * there before. */
static bool waits(int signal, uint64_t now)
{
    uint64_t waiting;
    bool in_sandbox, before = waited;
    if (now < next_look)
        return false;
    next_look = now + LOOK_NS;
    if (!dp_process_signals(dp_os_tid(), &waiting, &in_sandbox))
        return false;
    waited = waiting >> (signal - 1) & 1;
    if (!waited || in_sandbox)
        return waited && !before;
    waited = false;
    /* It is not ours where the host has its own action without our seeing it. */
    return dp_os_handles(signal, on_signal) && dp_os_take_waiting(signal);
}

bool dp_stacks_signal_came(uint64_t now)
{
    int signal = dp_stacks_signal();
    if (!signal)
        return false;
    if (atomic_load_explicit(&came, memory_order_relaxed))
        return atomic_exchange_explicit(&came, false, memory_order_acquire);
    return waits(signal, now);
}

void dp_stacks_signal_give_up(void)
{
    atomic_store(&dp_stacks_signal_in_use, 0);
}
