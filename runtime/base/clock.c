/* Calibration of the clock; see clock.h. Never on the hot path. */
#include "clock.h"

#include <string.h>

#include "os.h"

#define LINES 64
#define FIRST_CALIBRATION_NS 1000000 /* 1 ms: good to about 50 ppm, corrected later */
#define JUMP_NS 100000000 /* more than any drift: 50 ppm of half an hour */
/* A line begins so many cycles before it is published, modulo 2^64: the counter may be behind,
 * on another processor or after a sleep, and dp_now_ns() knows no negative number of cycles. */
#define AHEAD_CYCLES (UINT64_C(1) << 62)

_Atomic(const struct dp_clock_line *) dp_clock_line;

static struct dp_clock_line lines[LINES];
static unsigned next_line;
static uint64_t first_tsc, first_ns, published_tsc;
static bool may_change; /* the choice is ours, not the user's */
/* In front of CLOCK_MONOTONIC, which stands still while a machine sleeps. */
static _Atomic uint64_t lead_ns;

struct moment {
    uint64_t tsc, ns;
};

/* Of several pairs of reads, the one whose two reads are closest together. */
static struct moment read_both(void)
{
    struct moment best = {0, 0};
    uint64_t best_gap = UINT64_MAX;
    for (int i = 0; i < 8; i++) {
        uint64_t before = dp_arch_tsc();
        uint64_t ns = dp_os_monotonic_ns();
        uint64_t gap = dp_arch_tsc() - before;
        if (gap < best_gap) {
            best_gap = gap;
            best.tsc = before + gap / 2;
            best.ns = ns;
        }
    }
    return best;
}

static void publish(uint64_t tsc, uint64_t ns, uint64_t mult)
{
    struct dp_clock_line *line = &lines[next_line++ % LINES];
    published_tsc = tsc;
    line->base_tsc = tsc - AHEAD_CYCLES;
    line->base_ns = ns - (AHEAD_CYCLES >> 32) * mult;
    line->mult = mult;
    /* pairs with the load in dp_now_ns */
    atomic_store_explicit(&dp_clock_line, line, memory_order_release);
}

static uint64_t slope(uint64_t ns, uint64_t cycles)
{
    return cycles ? (uint64_t)(((unsigned __int128)ns << 32) / cycles) : 0;
}

/* The kernel gives up the TSC as a clocksource when it finds it unstable. */
static bool kernel_trusts_tsc(void)
{
    char name[32];
    int64_t length = dp_os_read_file(
        "/sys/devices/system/clocksource/clocksource0/current_clocksource", name, sizeof name);
    return length < 0 || strncmp(name, "tsc", 3) == 0 || strncmp(name, "kvm-clock", 9) == 0 ||
           strncmp(name, "arch_sys_counter", 16) == 0;
}

void dp_clock_init(const char *choice)
{
    atomic_store_explicit(&dp_clock_line, NULL, memory_order_relaxed);
    may_change = strcmp(choice, "tsc") != 0;
    if (strcmp(choice, "monotonic") == 0)
        return;
    if (!dp_arch_tsc_invariant() || (may_change && !kernel_trusts_tsc()))
        return;
    struct moment start = read_both(), now = start;
    while (now.ns - start.ns < FIRST_CALIBRATION_NS)
        now = read_both();
    first_tsc = start.tsc;
    first_ns = start.ns;
    publish(now.tsc, now.ns, slope(now.ns - start.ns, now.tsc - start.tsc));
}

/* The machine slept or moved to another host: the two clocks have diverged, and the rates
 * measured before are not valid any more. Keep the old rate until there is a new one. */
static void start_over(struct moment now, uint64_t ours, uint64_t mult)
{
    first_tsc = now.tsc;
    first_ns = now.ns;
    lead_ns = ours - now.ns;
    publish(now.tsc, ours, mult);
}

/* The new line starts on the old one and reaches the true time a second later. So time
 * stays continuous and its error shrinks. */
void dp_clock_adjust(void)
{
    const struct dp_clock_line *line = atomic_load_explicit(&dp_clock_line, memory_order_relaxed);
    if (!line)
        return;
    struct moment now = read_both();
    uint64_t true_ns = now.ns + lead_ns;
    if (now.tsc <= published_tsc) { /* the counter has been reset */
        start_over(now, true_ns, line->mult);
        return;
    }
    uint64_t ours = dp_clock_line_at(line, now.tsc);
    int64_t ahead = (int64_t)(ours - true_ns);
    if (may_change && !kernel_trusts_tsc()) { /* any more */
        lead_ns = (ahead > 0 ? ours : true_ns) - now.ns;
        atomic_store_explicit(&dp_clock_line, NULL, memory_order_release);
        return;
    }
    if (ahead > JUMP_NS || ahead < -JUMP_NS) { /* never backwards: records would all get one time */
        start_over(now, ahead > 0 ? ours : true_ns, line->mult);
        return;
    }
    uint64_t mult = slope(now.ns - first_ns, now.tsc - first_tsc);
    if (ahead > 1000000)
        ahead = 1000000;
    else if (ahead < -1000000)
        ahead = -1000000;
    mult -= (uint64_t)((int64_t)(mult / 1000000) * ahead / 1000); /* ahead / 1 s of it */
    publish(now.tsc, ours, mult);
}

bool dp_clock_is_tsc(void)
{
    return atomic_load_explicit(&dp_clock_line, memory_order_relaxed) != NULL;
}

uint64_t dp_clock_monotonic(void *a, uintptr_t b, uintptr_t c)
{
    (void)a;
    (void)b;
    (void)c;
    return dp_os_monotonic_ns() + atomic_load_explicit(&lead_ns, memory_order_relaxed);
}
