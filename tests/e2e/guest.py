#!/usr/bin/env python3
"""What a host notices of the runtime, and what the runtime does with what it finds there: its
allocator, its log directory.

Run by Meson: guest.py DEEP_PROFILE_CC DEEP_PROFILE [TEST...]. See profiled.py.
"""
import glob
import os
import shutil
import subprocess
import sys
import unittest

import dp
from profiled import CC, HERE, Profiled, TOOL


class Guest(Profiled):
    def test_functions_of_another_gate_are_not_profiled_and_it_says_so(self):
        self.run_on("other_gate")
        report = dp.report(TOOL, self.out)
        self.assertEqual([(f["function"], f["sampled"]) for f in report["functions"]], [("ours", 2)])
        self.assertEqual(report["loss"]["other_gate"], 1)
        for what, said in ((self.out, "problem  lost: 1 functions not profiled: built for another "
                                      "version of the gate"),
                           (self.program("other_gate"), "problem  1 function was built for version "
                                                        "3 of the gate")):
            done = subprocess.run([TOOL, "doctor", what], env=dp.environment(DEEP_PROFILE="1"),
                                  text=True, capture_output=True, check=False)
            self.assertIn(said, done.stdout)
            self.assertEqual(done.returncode, 1)

    def test_off_leaves_no_trace(self):
        for value in (None, "0", "off", "false", "no", ""):
            variables = {} if value is None else {"DEEP_PROFILE": value}
            done = dp.run(self.program("guest"), cwd=self.folder, env=dp.environment(**variables))
            self.assertEqual(done.stdout, "threads 1 descriptors 3 handlers 0 errno 0\n", value)
            self.assertEqual(done.stderr, "")
            self.assertEqual(os.listdir(self.folder), [])

    def test_on_is_one_thread_and_one_descriptor(self):
        self.run_on("guest")
        self.assertEqual(self.stdout, "threads 2 descriptors 4 handlers 0 errno 0\n")

    def test_setuid_like_programs_obey_no_variable(self):
        """Checked through secure_getenv's own test: AT_SECURE by file capabilities."""
        if os.geteuid() != 0 or not shutil.which("setcap"):
            self.skipTest("needs root and setcap")
        path = self.program("guest", "-static")
        if subprocess.run(["setcap", "cap_net_raw+ep", path], check=False).returncode != 0:
            self.skipTest("the file system keeps no capabilities")
        os.chmod(self.programs, 0o755)
        done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", path],
                              env=dp.environment(DEEP_PROFILE="1", DEEP_PROFILE_OUT="/tmp/dp-%p"),
                              stdout=subprocess.PIPE, text=True, check=True)
        self.assertIn("threads 1 ", done.stdout)


class Allocators(Profiled):
    def test_a_library_s_malloc_that_cannot_tell_sizes(self):
        library, path = self.folder + "/liballocator.so", self.folder + "/allocator"
        source = f"{HERE}/programs/allocator.c"
        dp.run(CC, "-O2", "-fPIC", "-fno-builtin", "-shared", source, "-o", library)
        dp.run(CC, "-O1", "-fno-builtin", "-DPROGRAM", source, "-o", path,
               "-Wl,--no-as-needed", library, "-Wl,-rpath," + self.folder)
        dp.run(path, env=dp.environment(DEEP_PROFILE="1", DEEP_PROFILE_OUT=self.out,
                                        DEEP_PROFILE_EVENTS=self.sink))
        found = self.read_sink()
        self.assertEqual(len(self.of(found, "allocates", "stop")), 10)
        self.assertEqual(self.of(found, "allocates", "complete"), []) # that would say bytes
        function, = dp.report(TOOL, self.out)["functions"]
        self.assertGreaterEqual(function["memory"]["allocations"], 30)
        self.assertIsNone(function["memory"]["allocated_bytes"])
        self.assertIn("malloc is another library's", dp.run(TOOL, "report", self.out).stdout)


class Output(Profiled):
    """A directory that cannot be made switches profiling off, and that is all."""

    def runs_unprofiled(self, out, **variables):
        done = subprocess.run([self.program("ends"), "exit"], cwd=self.folder, text=True,
                              env=dp.environment(DEEP_PROFILE="1", DEEP_PROFILE_OUT=out, **variables),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (3, "still here\n", ""))

    def test_impossible_directories(self):
        with open(self.folder + "/file", "w", encoding="utf-8") as file:
            file.write("mine")
        self.runs_unprofiled("/proc/nowhere/log")
        self.runs_unprofiled(self.folder + "/file/log")
        self.runs_unprofiled("x" * 5000)
        with open(self.folder + "/file", encoding="utf-8") as file:
            self.assertEqual(file.read(), "mine")

    def test_parents_are_made_and_patterns_filled_in(self):
        self.out = self.folder + "/a/b/%e.%p"
        self.run_on("ends", "exit", status=3)
        (log,) = glob.glob(self.folder + "/a/b/*")
        self.assertRegex(log, r"/ends\.\d+$")

    def test_a_directory_that_is_in_use_is_left_alone(self):
        os.mkdir(self.out)
        with open(self.out + "/mine", "w", encoding="utf-8") as file:
            file.write("mine")
        self.run_on("ends", "exit", status=3)
        self.assertEqual(os.listdir(self.out), ["mine"])
        (log,) = glob.glob(self.out + ".*")
        self.assertEqual(self.trace(log)["call"], 100)

    def test_an_empty_directory_is_used(self):
        os.mkdir(self.out)
        self.run_on("ends", "exit", status=3)
        self.assertEqual(self.trace()["call"], 100)

    def test_a_full_disk_loses_records_and_says_so(self):
        if os.geteuid() != 0:
            self.skipTest("needs root to mount")
        disk = self.folder + "/disk"
        os.mkdir(disk)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "none", disk],
                          check=False).returncode != 0:
            self.skipTest("cannot mount")
        try:
            self.out = disk + "/log"
            self.run_on("ends", "running", status=5)
            self.assertGreater(self.trace()["call"], 100)
            lost = [e for e in self.read_sink() if e["event"] == "profiler.lost"]
            self.assertIn("no_space", {e["metadata"]["reason"] for e in lost})
        finally:
            subprocess.run(["umount", disk], check=True)

    def test_a_limit_on_file_sizes_kills_nobody(self):
        path = self.program("ends")
        done = subprocess.run(["sh", "-c", f"ulimit -f 200; exec {path} running"],
                              env=dp.environment(DEEP_PROFILE="1", DEEP_PROFILE_OUT=self.out,
                                                 DEEP_PROFILE_EVENTS=self.sink,
                                                 DEEP_PROFILE_AGGREGATE_LIMIT="256KB"),
                              cwd=self.folder, stdout=subprocess.PIPE, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (5, "still here\n"))

    def test_size_limit_discards_or_keeps_the_newest(self):
        for policy, reason in (("discard", "log_full"), ("keep", "overwritten")):
            with self.subTest(policy):
                self.setUp()
                found = self.run_on("ends", "running", status=5, DEEP_PROFILE_SIZE_LIMIT="1MB",
                                    DEEP_PROFILE_WHEN_FULL=policy, DEEP_PROFILE_PACKET_SIZE="16KB")
                size = sum(os.path.getsize(path) for path in glob.glob(self.out + "/stream*"))
                self.assertLessEqual(size, 1 << 20)
                self.assertGreater(size, 1 << 19)
                lost = {e["metadata"]["reason"] for e in found if e["event"] == "profiler.lost"}
                self.assertIn(reason, lost)
                self.assertGreater(self.trace()["call"], 1000)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
