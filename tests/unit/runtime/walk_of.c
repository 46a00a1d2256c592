/*
 * Walks a stack of another process, which is stopped. The test (tests/e2e/walk.py) gives the
 * registers, and compares the result with gdb's.
 *
 *     walk_of PID
 *
 * A line in, a line out, numbers in hexadecimal:
 *     refresh                       modules, tables, rows, bytes of the tables
 *     registers PC R0 R1 ... R15    flags, frames; in DWARF's numbering, all known
 *     waiting PC SP                 the same for a thread whose other registers are not known
 */
#include <stdlib.h>
#include <sys/uio.h>
#include <ucontext.h>

#include "base/os.h"
#include "check.h"
#include "sampling/modules.h"
#include "sampling/processor.h"
#include "sampling/readers.h"
#include "sampling/walk.h"

enum { MOST_FRAMES = 4096 };

static int pid;

bool __wrap_dp_os_read_memory(uint64_t address, void *to, size_t bytes);
int __wrap_dp_os_open_read(int at, const char *path);
int __real_dp_os_open_read(int at, const char *path);

bool __wrap_dp_os_read_memory(uint64_t address, void *to, size_t bytes)
{
    struct iovec here = {to, bytes}, there = {(void *)(uintptr_t)address, bytes};
    return process_vm_readv(pid, &here, 1, &there, 1, 0) == (ssize_t)bytes;
}

int __wrap_dp_os_open_read(int at, const char *path)
{
    char name[64];
    if (strcmp(path, "/proc/self/maps") != 0)
        return __real_dp_os_open_read(at, path);
    snprintf(name, sizeof name, "/proc/%d/maps", pid);
    return __real_dp_os_open_read(at, name);
}

static void show(const struct dp_module *module, bool gone)
{
    fprintf(stderr, "%s %lx-%lx bias %lx id %u %s\n", gone ? "gone" : "met", module->start,
            module->end, module->bias, module->build_id_bytes, module->path);
}

static void refresh(void)
{
    struct dp_modules_size size;
    dp_modules_refresh(show);
    dp_modules_measure(&size);
    printf("%x %x %x %lx\n", size.modules, size.tables, size.rows, size.table_bytes);
}

static void walk(const struct dp_registers *from)
{
    static uint64_t frames[MOST_FRAMES];
    struct dp_window window = {.bytes = 0};
    uint32_t flags, count = dp_walk(from, dp_read_window, &window, frames, MOST_FRAMES, &flags);
    printf("%x", flags);
    for (uint32_t i = 0; i < count; i++)
        printf(" %lx", frames[i]);
    printf("\n");
}

static void walk_registers(char *line)
{
    ucontext_t context;
    struct dp_registers from;
    memset(&context, 0, sizeof context);
    uintptr_t at = (uintptr_t)&context;
    *(uint64_t *)dp_processor_saved_at(at, DP_PROGRAM_COUNTER) = strtoull(line, &line, 16);
    for (unsigned i = 0; i < 16; i++)
        *(uint64_t *)dp_processor_saved_at(at, i) = strtoull(line, &line, 16);
    dp_walk_from_context(&from, &context);
    walk(&from);
}

static void walk_waiting(char *line)
{
    uint64_t pc = strtoull(line, &line, 16), sp = strtoull(line, &line, 16);
    walk(&(struct dp_registers){pc, sp, DP_REGISTER_UNKNOWN, NULL});
}

int main(int count, char **arguments)
{
    char line[1024];
    CHECK(count == 2, "walk_of PID");
    pid = atoi(arguments[1]);
    setvbuf(stdout, NULL, _IOLBF, 0);
    while (fgets(line, sizeof line, stdin)) {
        if (strncmp(line, "refresh", 7) == 0)
            refresh();
        else if (strncmp(line, "registers ", 10) == 0)
            walk_registers(line + 10);
        else if (strncmp(line, "waiting ", 8) == 0)
            walk_waiting(line + 8);
    }
}
