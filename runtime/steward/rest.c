/* See rest.h. */
#include "rest.h"

#include "base/clock.h"
#include "base/os.h"

#define QUIET_NS 20000      /* with more than this, another thread has used the processor */
#define BUSY_NS 1000000     /* the same, since the rest began */
#define LEAST_QUIET 2       /* ticks */
#define MOST_QUIET 64
#define SHORT_REST_NS 20000000
#define LOOK_SHARE 200      /* a measurement may take 1/LOOK_SHARE of the time */
#define WAKES_MEASURED 64

static uint64_t others_ns;  /* processor time of the host's threads when they last were not quiet */
static uint64_t next_look, began_ns;
static uint32_t quiet, needed;
static uint64_t wakes, wakes_cpu_ns, shortest_period;

void dp_rest_init(void)
{
    others_ns = next_look = began_ns = 0;
    quiet = 0;
    needed = LEAST_QUIET;
    wakes = wakes_cpu_ns = shortest_period = 0;
}

/* The kernel sums over all threads of the process, which takes time if there are thousands. */
static uint64_t read_others(void)
{
    uint64_t all = dp_os_process_cpu_ns(), ours = dp_os_thread_cpu_ns();
    return all > ours ? all - ours : 0;
}

bool dp_rest_is_time(uint64_t now)
{
    if (now < next_look)
        return false;
    uint64_t others = read_others(), after = dp_now_ns();
    next_look = now + (after > now ? after - now : 0) * LOOK_SHARE;
    if (!others) /* not known */
        return false;
    if (others > others_ns + QUIET_NS) {
        others_ns = others;
        quiet = 0;
        return false;
    }
    if (++quiet < needed)
        return false;
    began_ns = now;
    return true;
}

bool dp_rest_is_over(void)
{
    return read_others() > others_ns + BUSY_NS;
}

void dp_rest_has_ended(uint64_t now)
{
    quiet = 0;
    if (now - began_ns >= SHORT_REST_NS)
        needed = LEAST_QUIET;
    else if (needed < MOST_QUIET)
        needed *= 2;
}

void dp_rest_count_wake(void)
{
    const uint64_t now_cpu = dp_os_thread_cpu_ns();
    if (wakes++ % WAKES_MEASURED)
        return;
    uint64_t each = wakes > 1 ? (now_cpu - wakes_cpu_ns) / WAKES_MEASURED : 0;
    wakes_cpu_ns = now_cpu;
    shortest_period = each * 100 / dp_os_processors();
}

uint64_t dp_rest_shortest_period(void)
{
    return shortest_period;
}
