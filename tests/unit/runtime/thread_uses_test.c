/*
 * Which threads have used the processor since the last look (steward/thread_uses.h), where the
 * kernel says how long one waited in one look only. What the kernel says is made up here.
 */
#include "steward/thread_uses.h"

#include "base/os.h"
#include "check.h"
#include "sampling/thread_files.h"

#define THREAD 7777777 /* not the test's own */

int __wrap_dp_os_list_threads(uint32_t *tids, uint32_t most, uint32_t *count);
int __wrap_dp_os_cpu_ns_of(uint32_t tid, uint64_t *ns);
bool __wrap_dp_thread_runnable_ns(uint32_t tid, uint64_t *ns);

static uint64_t cpu_ns, wait_ns;
static bool wait_known;

int __wrap_dp_os_list_threads(uint32_t *tids, uint32_t most, uint32_t *count)
{
    *count = most > 0;
    tids[0] = THREAD;
    return 0;
}

int __wrap_dp_os_cpu_ns_of(uint32_t tid, uint64_t *ns)
{
    (void)tid;
    *ns = cpu_ns;
    return 0;
}

bool __wrap_dp_thread_runnable_ns(uint32_t tid, uint64_t *ns)
{
    (void)tid;
    if (wait_known)
        *ns = wait_ns;
    return wait_known;
}

/* Far behind the look before: a look is not due earlier. */
static struct dp_thread_use look(uint64_t cpu, bool known, uint64_t wait)
{
    static uint64_t now = 1;
    struct dp_thread_uses uses;
    now += UINT64_C(1) << 50;
    cpu_ns = cpu;
    wait_known = known;
    wait_ns = wait;
    dp_thread_uses_look(now, &uses);
    CHECK(uses.count == 1 && uses.most[0].tid == THREAD);
    return uses.most[0];
}

static void check(struct dp_thread_use use, uint64_t cpu, int64_t wait)
{
    CHECK(use.cpu_ns == cpu && use.wait_ns == wait, "%llu %lld", (unsigned long long)use.cpu_ns,
          (long long)use.wait_ns);
}

int main(void)
{
    dp_thread_uses_init();
    check(look(1000, true, 500), 1000, 500);
    check(look(1300, true, 600), 300, 100);
    check(look(1400, false, 0), 100, -1);  /* it ends at this moment */
    check(look(1600, true, 900), 200, -1); /* since when it waited 900 is not known */
    check(look(1700, true, 950), 100, 50);
    check(look(200, true, 20), 200, 20); /* another thread has the number */
    return 0;
}
