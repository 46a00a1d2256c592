/* See thread_uses.h. */
#include "thread_uses.h"

#include <stdbool.h>
#include <string.h>

#include "base/facts.h"
#include "base/os.h"
#include "sampling/thread_files.h"

#define MOST_LOOKED_AT 4096
#define LOOK_SHARE 500 /* a look may take 1/LOOK_SHARE of the time */

/* What one thread had used when it was last looked at. */
struct seen {
    uint32_t tid;
    bool wait_known;
    uint64_t cpu_ns, wait_ns;
};

/* Mapped when it is first needed; kept by a forked child. Three arrays of MOST_LOOKED_AT. */
static struct memory {
    struct seen before[MOST_LOOKED_AT], now[MOST_LOOKED_AT];
    uint32_t tids[MOST_LOOKED_AT];
} *memory;
static uint32_t n_before;
static uint64_t last_look, next_look;

void dp_thread_uses_init(void)
{
    n_before = 0;
    last_look = dp_process_start_ns;
    next_look = 0;
}

/* The kernel lists threads in the order of their creation, so those of the last look come in
 * the same order as now. *at: where to search on. */
static const struct seen *find_before(uint32_t tid, uint32_t *at)
{
    for (uint32_t i = *at; i < n_before; i++) {
        if (memory->before[i].tid == tid) {
            *at = i + 1;
            return &memory->before[i];
        }
    }
    return NULL;
}

static void keep_most(struct dp_thread_uses *uses, const struct dp_thread_use *use)
{
    uint32_t at = uses->count;
    while (at > 0 && uses->most[at - 1].cpu_ns < use->cpu_ns)
        at--;
    if (at == DP_MACHINE_THREADS)
        return;
    uses->count += uses->count < DP_MACHINE_THREADS;
    for (uint32_t i = uses->count - 1; i > at; i--)
        uses->most[i] = uses->most[i - 1];
    uses->most[at] = *use;
}

/* What a thread has used since the last look. A number that another thread has now would have
 * gone backwards. The time that a thread waited may be known in one of the looks only: it ends
 * while we look at it, or it was not scheduled yet. */
static struct dp_thread_use use_of(const struct seen *now, const struct seen *before)
{
    static const struct seen none = {.wait_known = true};
    bool both = before && before->wait_known && now->wait_known;
    if (!before || before->cpu_ns > now->cpu_ns || (both && before->wait_ns > now->wait_ns))
        before = &none;
    bool wait_known = before->wait_known && now->wait_known;
    return (struct dp_thread_use){
        .tid = now->tid,
        .cpu_ns = now->cpu_ns - before->cpu_ns,
        .wait_ns = wait_known ? (int64_t)(now->wait_ns - before->wait_ns) : -1,
    };
}

static void look_at(uint32_t count, struct dp_thread_uses *uses)
{
    uint32_t at = 0, n_now = 0, ours = dp_os_tid();
    for (uint32_t i = 0; i < count; i++) {
        struct seen *seen = &memory->now[n_now];
        *seen = (struct seen){.tid = memory->tids[i]};
        if (seen->tid == ours || dp_os_cpu_ns_of(seen->tid, &seen->cpu_ns) != 0)
            continue;
        seen->wait_known = dp_thread_runnable_ns(seen->tid, &seen->wait_ns);
        struct dp_thread_use use = use_of(seen, find_before(seen->tid, &at));
        uses->wait_known |= seen->wait_known;
        uses->wait_ns += use.wait_ns > 0 ? (uint64_t)use.wait_ns : 0;
        keep_most(uses, &use);
        n_now++;
    }
    memcpy(memory->before, memory->now, n_now * sizeof *memory->now);
    n_before = n_now;
}

void dp_thread_uses_look(uint64_t now, struct dp_thread_uses *uses)
{
    uint32_t count = 0;
    uint64_t cpu_ns = dp_os_thread_cpu_ns();
    memset(uses, 0, sizeof *uses);
    if (now < next_look)
        return;
    if (!memory)
        memory = dp_os_map_memory(sizeof *memory);
    if (!memory || dp_os_list_threads(memory->tids, MOST_LOOKED_AT, &count) != 0)
        return;
    look_at(count, uses);
    uses->interval_ns = now - last_look;
    last_look = now;
    next_look = now + (dp_os_thread_cpu_ns() - cpu_ns) * LOOK_SHARE;
}
