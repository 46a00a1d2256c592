/* The memory ceiling counts what is mapped, and nothing else: also when the kernel refuses, and
 * in a forked child. */
#include "base/memory_ceiling.h"
#include "check.h"

#include <stddef.h>

static bool refused;

void *__real_dp_os_map_memory(size_t bytes);
void *__wrap_dp_os_map_memory(size_t bytes);

void *__wrap_dp_os_map_memory(size_t bytes)
{
    return refused ? NULL : __real_dp_os_map_memory(bytes);
}

/* What is counted now, and what a child forked now counts. */
static void check_counted(uint64_t bytes)
{
    CHECK(dp_memory_ceiling_used() == bytes);
    dp_memory_ceiling_reset();
    CHECK(dp_memory_ceiling_used() == bytes);
}

int main(void)
{
    enum { BYTES = 1 << 16 };
    dp_memory_ceiling_init();
    void *kept = dp_memory_ceiling_map_for_good(BYTES);
    CHECK(kept);
    check_counted(BYTES);
    refused = true;
    CHECK(!dp_memory_ceiling_map_for_good(BYTES));
    check_counted(BYTES);
    refused = false;
    dp_memory_ceiling_unmap_for_good(kept, BYTES);
    dp_memory_ceiling_unmap_for_good(NULL, BYTES);
    check_counted(0);
    return 0;
}
