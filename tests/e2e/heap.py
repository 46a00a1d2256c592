#!/usr/bin/env python3
"""Who holds memory: estimates of known amounts, whatever the allocator and the end.

    heap.py DEEP_PROFILE_CC DEEP_PROFILE LIBDEEP_PROFILE

The samples of a run are fewer than the queue to the steward has places, so that a machine
that gives it no processor loses none of them.
"""
import ctypes.util
import math
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import dp

CC, TOOL, RUNTIME = (os.path.abspath(path) for path in sys.argv[1:4])
PROGRAMS = os.path.dirname(os.path.abspath(__file__)) + "/programs/"
INTERVAL, MB = 65536, 1 << 20


class Heap(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = tempfile.mkdtemp(prefix="deep-profile-heap-")
        cls.addClassCleanup(shutil.rmtree, cls.root)
        build = (CC, "-O2", "-g", "-D_GNU_SOURCE", PROGRAMS + "holds.c", "-lpthread", "-o")
        dp.run(*build, cls.root + "/holds")
        dp.run(*build, cls.root + "/holds-static", "-static")

    def profile(self, *command, **variables):
        self.log = tempfile.mkdtemp(dir=self.root) + "/log"
        variables.setdefault("DEEP_PROFILE_HEAP", "64KB")
        return dp.profile(self.log, self.root + "/" + command[0], *command[1:], **variables)

    def heap(self, log=None):
        return dp.report(TOOL, log or self.log).get("heap")

    def of(self, heap, function, key):
        return sum(stack[key] for stack in heap["stacks"]
                   if function in [frame["function"] for frame in stack["frames"]])

    def assert_bytes(self, estimate, truth, piece):
        """Six standard deviations, of pieces of that size."""
        chance = -math.expm1(-piece / INTERVAL)
        self.assertLess(abs(estimate - truth), 6 * math.sqrt(truth * piece * (1 - chance) / chance))

    def assert_leak(self, heap):
        self.assertIsNone(heap["not_known"])
        self.assertEqual((heap["lost_allocations"], heap["lost_releases"]), (0, 0))
        self.assert_bytes(self.of(heap, "leak_records", "held_at_end_bytes"), 8 * MB, 1024)
        self.assert_bytes(self.of(heap, "leak_records", "held_at_peak_bytes"), 8 * MB, 1024)
        self.assert_bytes(self.of(heap, "fill_cache", "held_at_end_bytes"), 8 * MB, 8192)
        self.assert_bytes(self.of(heap, "work_on", "allocated_bytes"), 32 * MB, 4096)
        self.assertEqual(self.of(heap, "work_on", "held_at_end_bytes"), 0)

    def test_who_holds_a_known_amount(self):
        self.profile("holds", "leak")
        heap = self.heap()
        self.assert_leak(heap)
        self.assertEqual(heap["interval_bytes"], INTERVAL)
        for stack in heap["stacks"]:
            self.assertLessEqual(stack["held_at_end_bytes_low"], stack["held_at_end_bytes"])
            self.assertLess(stack["held_at_end_bytes"], stack["held_at_end_bytes_high"])

    def test_samples_without_a_call_are_data(self):
        self.log = tempfile.mkdtemp(dir=self.root) + "/log"
        dp.run(self.root + "/holds", "leak", env=dp.environment(
            DEEP_PROFILE="*:off", DEEP_PROFILE_HEAP="64KB", DEEP_PROFILE_OUT=self.log))
        text = dp.run(TOOL, "report", self.log).stdout # status 0
        self.assertIn("Who holds memory", text)
        self.assertNotIn("No call was recorded", text)
        self.assert_leak(self.heap())

    def test_the_text_and_the_pictures_say_the_same(self):
        self.profile("holds", "leak")
        text = dp.run(TOOL, "report", self.log).stdout
        self.assertIn("Who holds memory", text)
        self.assertRegex(text, r"~[0-9.]+ MB.* leak_records <- ")
        for of, function in ("bytes", "work_on"), ("held", "leak_records"), ("peak", "fill_cache"):
            folded = dp.run(TOOL, "flamegraph", "--of=" + of, "--format=folded", self.log).stdout
            self.assertIn(function, folded)
            if of == "held":
                self.assertNotIn("work_on", folded)

    def test_a_static_program(self):
        self.profile("holds-static", "leak")
        self.assert_leak(self.heap())

    def test_all_of_the_family_and_another_thread(self):
        for program in "holds", "holds-static":
            self.profile(program, "family")
            heap = self.heap()
            held = self.of(heap, "take_all", "held_at_end_bytes")
            self.assertEqual(held, 0, program)
            self.assert_bytes(self.of(heap, "take_all", "allocated_bytes"), 20 * MB, 262144)

    def test_what_a_killed_program_held_is_in_its_log(self):
        self.log = tempfile.mkdtemp(dir=self.root) + "/log"
        with subprocess.Popen([self.root + "/holds", "wait"], stdout=subprocess.PIPE,
                              env=dp.environment(DEEP_PROFILE="1", DEEP_PROFILE_OUT=self.log,
                                                 DEEP_PROFILE_HEAP="64KB")) as program:
            self.assertEqual(program.stdout.readline(), b"held\n")
            for _ in range(600): # the steward writes within 50 ms, when it gets a processor
                try:
                    self.assert_leak(self.heap())
                    break
                except AssertionError:
                    time.sleep(0.1)
            program.send_signal(signal.SIGKILL)
            program.wait()
        self.assert_leak(self.heap())

    def test_a_forked_child_has_what_it_allocated_itself(self):
        self.profile("holds", "fork")
        logs = [os.path.join(os.path.dirname(self.log), name)
                for name in os.listdir(os.path.dirname(self.log))]
        self.assertEqual(len(logs), 2)
        for log in logs:
            heap = self.heap(log)
            if log == self.log:
                self.assert_bytes(self.of(heap, "fill_cache", "held_at_end_bytes"), 16 * MB, 8192)
            self.assert_bytes(self.of(heap, "leak_records", "held_at_end_bytes"), 8 * MB, 1024)
            self.assertEqual(self.of(heap, "work_on", "held_at_end_bytes"), 0)

    def test_without_the_setting_nothing_is_said(self):
        self.profile("holds", "leak", DEEP_PROFILE_HEAP="0")
        self.assertIsNone(self.heap())

    def test_an_allocator_in_front_is_said_and_behind_is_seen(self):
        library = ctypes.util.find_library("jemalloc")
        if not library:
            self.skipTest("jemalloc is not installed (libjemalloc2)")
        self.profile("holds", "leak", LD_PRELOAD=library)
        heap = self.heap()
        self.assertIn("in front", heap["not_known"])
        self.assertNotIn("all", heap)
        self.assertIn("in front", dp.run(TOOL, "report", self.log).stdout)
        doctor = subprocess.run([TOOL, "doctor", self.log], env=dp.environment(), text=True,
                                capture_output=True, check=False).stdout
        self.assertIn("LD_PRELOAD", doctor)
        self.profile("holds", "leak", LD_PRELOAD=f"{RUNTIME} {library}")
        self.assert_leak(self.heap())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[4:], verbosity=2)
