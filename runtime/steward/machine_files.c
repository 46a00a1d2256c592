/* See machine_files.h. */
#include "machine_files.h"

#include <string.h>

#include "base/os.h"
#include "base/proc_text.h"
#include "base/threads_created.h"
#include "control_group.h"

#define MILLION UINT64_C(1000000)

static char text[8192]; /* only the steward reads it */

static bool read_text(const char *path)
{
    return dp_os_read_file(path, text, sizeof text) > 0;
}

static void set(struct dp_figures *figures, enum dp_figure figure, uint64_t value)
{
    figures->known |= UINT64_C(1) << figure;
    figures->value[figure] = value;
}

/* The number behind `key`, in kilobytes; nothing if the text does not have it. */
static void set_kilobytes(struct dp_figures *figures, enum dp_figure figure, const char *key)
{
    const char *at = strstr(text, key);
    if (!at)
        return;
    at += strlen(key);
    set(figures, figure, dp_proc_number(&at) * 1024);
}

static void read_processors(struct dp_machine_reading *reading)
{
    uint64_t busy;
    if (read_text("/proc/stat") && dp_proc_processors(text, &busy, &reading->all_ticks))
        set(&reading->figures, DP_FIGURE_MACHINE_CPU, busy);
}

/* "0.20 0.18 0.12 1/80 11206": the fourth counts those that run, the caller among them. */
static void read_run_queue(struct dp_figures *figures)
{
    if (!read_text("/proc/loadavg"))
        return;
    const char *slash = strchr(text, '/'), *at = slash;
    while (at && at > text && at[-1] != ' ')
        at--;
    if (!at || at == slash)
        return;
    uint64_t running = dp_proc_number(&at);
    set(figures, DP_FIGURE_RUN_QUEUE, running ? running - 1 : 0);
}

static void read_limits(struct dp_figures *figures)
{
    struct dp_group_cpu cpu;
    struct dp_group_memory memory;
    uint64_t processors = dp_os_processors() * MILLION;
    dp_control_group_cpu(&cpu);
    dp_control_group_memory(&memory);
    if (cpu.limited && cpu.quota_ppm < processors)
        processors = cpu.quota_ppm;
    set(figures, DP_FIGURE_PROCESSORS, processors);
    if (cpu.throttled_known)
        set(figures, DP_FIGURE_THROTTLED, cpu.throttled_us);
    if (memory.limited) {
        set(figures, DP_FIGURE_GROUP_LIMIT, memory.limit_bytes);
        set(figures, DP_FIGURE_GROUP_USED, memory.used_bytes);
    }
}

static void read_pressure(struct dp_figures *figures)
{
    static const struct {
        enum dp_figure figure;
        const char *resource;
    } pressures[] = {{DP_FIGURE_CPU_PRESSURE, "cpu"},
                     {DP_FIGURE_MEMORY_PRESSURE, "memory"},
                     {DP_FIGURE_IO_PRESSURE, "io"}};
    for (size_t i = 0; i < sizeof pressures / sizeof *pressures; i++) {
        uint64_t waited_us;
        if (dp_control_group_pressure(pressures[i].resource, false, &waited_us))
            set(figures, pressures[i].figure, waited_us);
    }
}

static void read_memory(struct dp_figures *figures)
{
    if (!read_text("/proc/meminfo"))
        return;
    set_kilobytes(figures, DP_FIGURE_MACHINE_MEMORY, "MemTotal:");
    set_kilobytes(figures, DP_FIGURE_MACHINE_AVAILABLE, "MemAvailable:");
}

/* That of the process's first thread has no memory any more once it has ended. */
static void read_status(struct dp_figures *figures)
{
    if (!read_text("/proc/thread-self/status") && !read_text("/proc/self/status"))
        return;
    set_kilobytes(figures, DP_FIGURE_ANONYMOUS, "\nRssAnon:");
    set_kilobytes(figures, DP_FIGURE_FILE, "\nRssFile:");
    set_kilobytes(figures, DP_FIGURE_SHARED, "\nRssShmem:");
    set_kilobytes(figures, DP_FIGURE_SWAP, "\nVmSwap:");
    set_kilobytes(figures, DP_FIGURE_STACK, "\nVmStk:");
    set_kilobytes(figures, DP_FIGURE_PRIVATE, "\nVmData:");
    set_kilobytes(figures, DP_FIGURE_MAPPED, "\nVmSize:");
    uint64_t threads = dp_proc_number_after(text, "\nThreads:");
    if (threads)
        set(figures, DP_FIGURE_THREADS, threads - 1);
}

/* Field 47 of `stat` is where the heap begins: 0 where the kernel does not say. */
static void read_heap(struct dp_figures *figures)
{
    uint64_t end = dp_os_program_break();
    const char *start = end && read_text("/proc/thread-self/stat") ? dp_proc_stat_field(text, 47)
                                                                    : NULL;
    uint64_t begin = start ? dp_proc_number(&start) : 0;
    if (begin && begin <= end)
        set(figures, DP_FIGURE_HEAP, end - begin);
}

static void read_usage(struct dp_figures *figures)
{
    struct dp_os_usage usage;
    uint64_t created;
    if (dp_os_process_usage(&usage)) {
        set(figures, DP_FIGURE_CPU, usage.cpu_ns);
        set(figures, DP_FIGURE_MINOR_FAULTS, usage.minor_faults);
        set(figures, DP_FIGURE_MAJOR_FAULTS, usage.major_faults);
        set(figures, DP_FIGURE_VOLUNTARY, usage.voluntary);
        set(figures, DP_FIGURE_INVOLUNTARY, usage.involuntary);
    }
    if (dp_threads_created_known(&created))
        set(figures, DP_FIGURE_THREADS_CREATED, created);
}

void dp_machine_read(struct dp_machine_reading *reading)
{
    memset(reading, 0, sizeof *reading);
    reading->time_ns = dp_os_monotonic_ns();
    read_usage(&reading->figures);
    read_processors(reading);
    read_run_queue(&reading->figures);
    read_limits(&reading->figures);
    read_pressure(&reading->figures);
    read_memory(&reading->figures);
    read_status(&reading->figures);
    read_heap(&reading->figures);
}

enum of { LEVEL, SUM, SHARE };
static const uint8_t of_what[DP_FIGURE_COUNT] = {
#define DP_FIGURE(id, name, unit, of, what) [DP_FIGURE_##id] = of,
#include "deep_profile/machine.def"
};

static uint64_t share_of(uint64_t part, uint64_t whole)
{
    if (part >= whole)
        return MILLION;
    return (uint64_t)((unsigned __int128)part * MILLION / whole);
}

/* Counters that went backwards say nothing: the control group is another one now, or the
 * machine was moved. */
void dp_machine_between(const struct dp_machine_reading *before,
                        const struct dp_machine_reading *now, struct dp_figures *figures)
{
    uint64_t elapsed_us = (now->time_ns - before->time_ns) / 1000;
    figures->known = 0;
    for (int i = 0; i < DP_FIGURE_COUNT; i++) {
        enum dp_figure figure = (enum dp_figure)i;
        uint64_t value = now->figures.value[i], last = before->figures.value[i];
        if (!dp_figure_known(&now->figures, figure))
            continue;
        if (of_what[i] == LEVEL) {
            set(figures, figure, value);
            continue;
        }
        if (!dp_figure_known(&before->figures, figure) || value < last)
            continue;
        uint64_t whole =
            figure == DP_FIGURE_MACHINE_CPU ? now->all_ticks - before->all_ticks : elapsed_us;
        if (of_what[i] == SUM)
            set(figures, figure, value - last);
        else if (whole > 0)
            set(figures, figure, share_of(value - last, whole));
    }
}
