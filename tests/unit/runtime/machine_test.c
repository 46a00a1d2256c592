/*
 * What the steward says of the process and its machine, by the kernel's files: texts of our own
 * replace them. Control groups of both versions, containers, machines without /proc.
 */
#include "steward/control_group.h"
#include "steward/machine_files.h"

#include <stdio.h>
#include <string.h>

#include "base/os.h"
#include "check.h"

int64_t __wrap_dp_os_read_file(const char *path, char *buffer, size_t capacity);
bool __wrap_dp_os_process_usage(struct dp_os_usage *usage);
uint64_t __wrap_dp_os_monotonic_ns(void);
uint32_t __wrap_dp_os_processors(void);

static struct file {
    const char *path, *text;
} files[32];
static int n_files;
static uint64_t now_ns = 1000000000;
static struct dp_os_usage usage;
static bool usage_known;

int64_t __wrap_dp_os_read_file(const char *path, char *buffer, size_t capacity)
{
    for (int i = n_files - 1; i >= 0; i--)
        if (strcmp(files[i].path, path) == 0)
            return snprintf(buffer, capacity, "%s", files[i].text);
    buffer[0] = 0;
    return -2;
}

bool __wrap_dp_os_process_usage(struct dp_os_usage *to)
{
    *to = usage;
    return usage_known;
}

uint64_t __wrap_dp_os_monotonic_ns(void)
{
    return now_ns;
}

uint32_t __wrap_dp_os_processors(void)
{
    return 4;
}

/* A later text of the same path replaces an earlier one. */
static void put(const char *path, const char *text)
{
    CHECK(n_files < (int)(sizeof files / sizeof *files));
    files[n_files++] = (struct file){path, text};
}

static void begin(void)
{
    n_files = 0;
    usage_known = false;
    memset(&usage, 0, sizeof usage);
    put("/proc/self/cgroup", "");
}

static bool knows(const struct dp_figures *figures, enum dp_figure figure)
{
    return dp_figure_known(figures, figure);
}

#define IS(figures, figure, expected) \
    CHECK(knows(&(figures), DP_FIGURE_##figure) && (figures).value[DP_FIGURE_##figure] == (expected))
#define IS_UNKNOWN(figures, figure) CHECK(!knows(&(figures), DP_FIGURE_##figure))

/* Only what needs no file is known: nothing is 0 for lack of a file. */
static void without_proc(void)
{
    struct dp_machine_reading one, other;
    struct dp_figures between;
    begin();
    dp_control_group_find();
    dp_machine_read(&one);
    now_ns += 1000000000;
    dp_machine_read(&other);
    dp_machine_between(&one, &other, &between);
    IS(between, PROCESSORS, 4000000);
    between.known &= ~(UINT64_C(1) << DP_FIGURE_PROCESSORS | UINT64_C(1) << DP_FIGURE_HEAP |
                       UINT64_C(1) << DP_FIGURE_THREADS_CREATED);
    CHECK(between.known == 0, "%llx", (unsigned long long)between.known);
}

static void sums_are_of_the_interval_and_shares_of_its_time(void)
{
    struct dp_machine_reading one, other;
    struct dp_figures between;
    begin();
    dp_control_group_find();
    usage_known = true;
    usage = (struct dp_os_usage){.cpu_ns = 500, .minor_faults = 7, .voluntary = 3};
    put("/proc/stat", "cpu  100 0 100 700 100 0 0 0 0 0\ncpu0 1 1\n");
    put("/proc/pressure/cpu", "some avg10=0.00 avg60=0.00 avg300=0.00 total=1000\n");
    put("/proc/loadavg", "0.20 0.18 0.12 5/80 11206\n");
    put("/proc/meminfo", "MemTotal: 1000 kB\nMemFree: 1 kB\nMemAvailable: 600 kB\n");
    put("/proc/thread-self/status", "Name:\tx\nVmPeak: 9 kB\nVmSize:\t 80 kB\nVmData:\t 40 kB\n"
                                    "VmStk:\t 8 kB\nRssAnon:\t 20 kB\nRssFile: 10 kB\n"
                                    "RssShmem:\t0 kB\nVmSwap:\t 4 kB\nThreads:\t3\n");
    dp_machine_read(&one);
    now_ns += 2000000000;
    usage = (struct dp_os_usage){.cpu_ns = 900, .minor_faults = 9, .voluntary = 3};
    put("/proc/stat", "cpu  200 0 150 850 200 0 0 0 0 0\ncpu0 1 1\n");
    put("/proc/pressure/cpu", "some avg10=0.00 avg60=0.00 avg300=0.00 total=501000\n");
    dp_machine_read(&other);
    dp_machine_between(&one, &other, &between);
    IS(between, CPU, 400);
    IS(between, MINOR_FAULTS, 2);
    IS(between, VOLUNTARY, 0);
    IS(between, MACHINE_CPU, 375000); /* 150 of 400 ticks */
    IS(between, CPU_PRESSURE, 250000);
    IS_UNKNOWN(between, IO_PRESSURE);
    IS_UNKNOWN(between, THROTTLED);
    IS_UNKNOWN(between, GROUP_USED);
    IS(between, RUN_QUEUE, 4); /* not the profiler */
    IS(between, MACHINE_AVAILABLE, 600 * 1024);
    IS(between, ANONYMOUS, 20 * 1024);
    IS(between, SHARED, 0);
    IS(between, SWAP, 4 * 1024);
    IS(between, THREADS, 2);
}

/* A counter that went backwards says nothing about the interval. */
static void a_counter_that_went_backwards_is_not_known(void)
{
    struct dp_machine_reading one, other;
    struct dp_figures between;
    begin();
    dp_control_group_find();
    put("/proc/pressure/io", "some avg10=0.00 avg60=0.00 avg300=0.00 total=1000\n");
    dp_machine_read(&one);
    now_ns += 1000000000;
    put("/proc/pressure/io", "some avg10=0.00 avg60=0.00 avg300=0.00 total=10\n");
    dp_machine_read(&other);
    dp_machine_between(&one, &other, &between);
    IS_UNKNOWN(between, IO_PRESSURE);
}

/* The limit may be that of a group around the process's own. */
static void groups_of_version_two(void)
{
    struct dp_group_cpu cpu;
    struct dp_group_memory memory;
    uint64_t waited;
    begin();
    put("/proc/self/cgroup", "0::/a/b\n");
    put("/sys/fs/cgroup/a/b/cgroup.controllers", "cpu memory\n");
    put("/sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
    put("/sys/fs/cgroup/a/cpu.max", "150000 100000\n");
    put("/sys/fs/cgroup/a/cpu.stat", "usage_usec 77\nuser_usec 1\nnr_throttled 2\nthrottled_usec 5\n");
    put("/sys/fs/cgroup/a/b/memory.max", "1000\n");
    put("/sys/fs/cgroup/a/b/memory.current", "900\n");
    put("/sys/fs/cgroup/a/b/memory.stat", "anon 1\ninactive_file 300\nactive_file 4\n");
    put("/sys/fs/cgroup/a/b/memory.pressure", "some total=3\nfull avg10=0.00 total=2\n");
    dp_control_group_find();
    dp_control_group_cpu(&cpu);
    CHECK(cpu.limited && cpu.quota_ppm == 1500000 && cpu.used_us == 77);
    CHECK(cpu.throttled_known && cpu.throttled_us == 5);
    dp_control_group_memory(&memory);
    CHECK(memory.limited && memory.limit_bytes == 1000 && memory.used_bytes == 600);
    CHECK(dp_control_group_pressure("memory", true, &waited) && waited == 2);
    CHECK(!dp_control_group_pressure("cpu", false, &waited));
}

/* In a container the path that the kernel says may not be there; the root of the mount is ours. */
static void groups_in_a_container(void)
{
    struct dp_group_cpu cpu;
    struct dp_group_memory memory;
    begin();
    put("/proc/self/cgroup", "0::/docker/abc\n");
    put("/sys/fs/cgroup/cpu.max", "50000 100000\n");
    put("/sys/fs/cgroup/cpu.stat", "usage_usec 7\n");
    put("/sys/fs/cgroup/memory.max", "max\n");
    dp_control_group_find();
    dp_control_group_cpu(&cpu);
    CHECK(cpu.limited && cpu.quota_ppm == 500000 && !cpu.throttled_known);
    dp_control_group_memory(&memory);
    CHECK(!memory.limited);
}

static void groups_of_version_one(void)
{
    struct dp_group_cpu cpu;
    struct dp_group_memory memory;
    begin();
    put("/proc/self/cgroup", "9:memory:/x\n4:cpu,cpuacct:/x/y\n3:cpuset:/\n0::/\n");
    put("/sys/fs/cgroup/cpu,cpuacct/x/y/cpu.cfs_quota_us", "-1\n");
    put("/sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_quota_us", "200000\n");
    put("/sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_period_us", "100000\n");
    put("/sys/fs/cgroup/cpu,cpuacct/x/cpu.stat", "nr_periods 1\nthrottled_time 7000\n");
    put("/sys/fs/cgroup/cpu,cpuacct/x/cpuacct.usage", "9000\n");
    put("/sys/fs/cgroup/memory/x/memory.limit_in_bytes", "9223372036854771712\n");
    put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "5000\n");
    put("/sys/fs/cgroup/memory/memory.usage_in_bytes", "4000\n");
    put("/sys/fs/cgroup/memory/memory.stat", "cache 1\ninactive_file 9\ntotal_inactive_file 1000\n");
    dp_control_group_find();
    dp_control_group_cpu(&cpu);
    CHECK(cpu.limited && cpu.quota_ppm == 2000000 && cpu.used_us == 9 && cpu.throttled_us == 7);
    dp_control_group_memory(&memory);
    CHECK(memory.limited && memory.limit_bytes == 5000 && memory.used_bytes == 3000);
}

/* Contents that no kernel writes. */
static void odd_files(void)
{
    static const char *const odd[] = {"", "\n", ":", "0", "0::", "0:::::", "cpu", "/", "some", "9:9",
                                      "-1", "99999999999999999999999 0", "Threads:", "a\0b"};
    static const char *const paths[] = {"/proc/self/cgroup", "/proc/stat", "/proc/loadavg",
                                        "/proc/meminfo", "/proc/thread-self/status",
                                        "/proc/thread-self/stat", "/proc/pressure/cpu",
                                        "/sys/fs/cgroup/cpu.max", "/sys/fs/cgroup/memory.max"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        struct dp_machine_reading one, other;
        struct dp_figures between;
        begin();
        for (size_t path = 0; path < sizeof paths / sizeof *paths; path++)
            put(paths[path], odd[i]);
        dp_control_group_find();
        dp_machine_read(&one);
        dp_machine_read(&other); /* at the same moment */
        dp_machine_between(&one, &other, &between);
        IS_UNKNOWN(between, MACHINE_CPU);
        IS_UNKNOWN(between, CPU_PRESSURE);
    }
}

int main(void)
{
    without_proc();
    sums_are_of_the_interval_and_shares_of_its_time();
    a_counter_that_went_backwards_is_not_known();
    groups_of_version_two();
    groups_in_a_container();
    groups_of_version_one();
    odd_files();
    return 0;
}
