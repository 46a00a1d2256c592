#!/usr/bin/env python3
"""The ceiling of the runtime's memory (runtime/base/memory_ceiling.h), by resident set.

Run by Meson: ceiling.py DEEP_PROFILE_CC DEEP_PROFILE. A program with THREADS threads
at once, each of which calls SITES recorded functions, prints its greatest resident set
(VmHWM) with profiling on and off: the difference is ours.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import dp

CC, TOOL = sys.argv[1:3]
THREADS, SITES = 300, 300
MB = 1 << 20
FIXED = 4 * MB + 1 * MB  # DP_MEMORY_CEILING_FIXED_BYTES, and a packet of the process's own
HOST = r"""
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
static pthread_barrier_t barrier;
static void nap(void) { struct timespec t = {0, 20000}; nanosleep(&t, 0); }
FUNCTIONS
static void *run(void *unused)
{
    pthread_barrier_wait(&barrier);
    for (int round = 0; round < 4; round++) {
        CALLS
    }
    nap();
    pthread_barrier_wait(&barrier);
    return unused;
}
int main(void)
{
    static pthread_t ids[THREADS];
    pthread_attr_t attributes;
    char line[256];
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 65536);
    pthread_barrier_init(&barrier, 0, THREADS);
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&ids[i], &attributes, run, 0) != 0)
            return 1;
    for (int i = 0; i < THREADS; i++)
        pthread_join(ids[i], 0);
    FILE *status = fopen("/proc/self/status", "r");
    while (fgets(line, sizeof line, status))
        if (strncmp(line, "VmHWM:", 6) == 0)
            fputs(line, stdout);
    return 0;
}
"""


def group_below_ours(limit):
    """A control group of our own with a memory limit; None and why there is none."""
    with open("/proc/self/cgroup", encoding="ascii") as file:
        lines = [line.strip().split(":", 2) for line in file]
    for _, controllers, path in lines:
        if controllers == "memory":
            folder, file = "/sys/fs/cgroup/memory" + path, "memory.limit_in_bytes"
        elif not controllers and os.path.exists("/sys/fs/cgroup" + path + "/cgroup.procs"):
            folder, file = "/sys/fs/cgroup" + path, "memory.max"
        else:
            continue
        group = f"{folder}/deep-profile-{os.getpid()}"
        try:
            os.mkdir(group)
        except OSError as error:
            return None, f"{folder}: {error}"
        try:
            with open(f"{group}/{file}", "w", encoding="ascii") as out:
                out.write(str(limit))
            return group, ""
        except OSError as error: # version 2: the controller is not passed on
            os.rmdir(group)
            reason = str(error)
    return None, reason if lines else "no control groups"


class Ceiling(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="deep-profile-ceiling-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        source, cls.host = cls.folder + "/host.c", cls.folder + "/host"
        # Some of them last, so that histograms have more than one block.
        functions = "".join(f"__attribute__((noinline)) void f{i}(int n) "
                            f'{{ __asm__ volatile(""); if (n == 3 && {i} % 30 == 0) nap(); }}\n' for i in range(SITES))
        calls = "".join(f"f{i}(round);" for i in range(SITES))
        with open(source, "w", encoding="ascii") as out:
            out.write(HOST.replace("FUNCTIONS", functions).replace("CALLS", calls)
                      .replace("THREADS", str(THREADS)))
        dp.run(CC, "-O1", "-w", "-fdeep-profile=all", source, "-o", cls.host, "-lpthread")
        cls.without = cls.resident()

    @classmethod
    def resident(cls, group=None, **variables):
        """Its own VmHWM in bytes; it must not be killed."""
        def enter():
            if group:
                with open(group + "/cgroup.procs", "w", encoding="ascii") as out:
                    out.write(str(os.getpid()))
        shutil.rmtree(cls.folder + "/log", ignore_errors=True)
        done = subprocess.run([cls.host], capture_output=True, text=True, check=True, timeout=120,
                              preexec_fn=enter, cwd=cls.folder, env=dp.environment(
                                  DEEP_PROFILE_OUT=cls.folder + "/log", **variables))
        return int(done.stdout.split()[1]) * 1024

    def ours(self, **variables):
        return self.resident(DEEP_PROFILE="*:rate=1", **variables) - self.without

    def test_what_is_set_is_not_exceeded(self):
        for limit in (8, 24):
            with self.subTest(limit=limit):
                self.assertLessEqual(self.ours(DEEP_PROFILE_OWN_MEMORY=f"{limit}MB"),
                                     limit * MB + FIXED)
        # It is the ceiling that held it, and what did not fit is counted.
        losses = dp.report(TOOL, self.folder + "/log")["loss"]
        self.assertGreater(losses["no_memory"] + losses["aggregates"], 0)
        self.assertGreater(self.ours(DEEP_PROFILE_OWN_MEMORY="1GB"), 2 * limit * MB)

    def test_a_machine_of_256_megabytes(self):
        """An eighth of it, without a setting; the host lives."""
        group, reason = group_below_ours(256 * MB)
        if not group:
            self.skipTest("no control group of our own: " + reason)
        self.addCleanup(os.rmdir, group)
        self.assertLessEqual(self.ours(group=group), 32 * MB + FIXED)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
