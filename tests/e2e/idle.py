#!/usr/bin/env python3
"""An idle host costs nothing, and loses nothing: the tick rests while nobody runs.

Run by Meson: idle.py DEEP_PROFILE_CC DEEP_PROFILE [TEST...]. The program is
programs/idle.c, annotated and in whole-program mode.
"""
import ctypes
import glob
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import dp

CC, TOOL = (os.path.abspath(path) for path in sys.argv[1:3])
SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs/idle.c")
WAKES = 40     # a second; 20 of a rest, and what the host's own wake-ups bring
SLEEPS = 400   # a second: what it may cost, in sleeps of this script
THRESHOLD_NS = 50_000_000
CLOCKS_NS = 300_000
LINUX = tuple(int(part) for part in re.findall(r"\d+", platform.release())[:2])


class Idle(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="deep-profile-idle-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        for name, flags in (("annotated", ["-DANNOTATED"]), ("whole", ["-fdeep-profile=all"])):
            dp.run(CC, "-O2", "-g", *flags, SOURCE, "-o", f"{cls.folder}/{name}", "-lpthread")

    def start(self, name, *arguments):
        self.log = f"{self.folder}/log-{self._testMethodName}-{name}"
        rules = "operation:slow=50ms" if name == "whole" else "1"
        return subprocess.Popen([f"{self.folder}/{name}", *arguments], text=True,
                                stdout=subprocess.PIPE,
                                env=dp.environment(DEEP_PROFILE=rules, DEEP_PROFILE_OUT=self.log,
                                                   DEEP_PROFILE_SLOW_BASELINE="0"))

    @staticmethod
    def task_of_steward(pid):
        for _ in range(600): # until it has its name
            for task in glob.glob(f"/proc/{pid}/task/*"):
                with open(task + "/comm", encoding="ascii") as name:
                    if name.read().strip() == "deep-profile":
                        return task
            time.sleep(0.1)
        raise AssertionError("no steward")

    def steward(self, pid):
        """Processor time in nanoseconds, and how often it went to sleep."""
        task = self.task_of_steward(pid)
        with open(task + "/schedstat", encoding="ascii") as times:
            ran = int(times.read().split()[0])
        with open(task + "/status", encoding="ascii") as status:
            (switches,) = re.findall(r"^voluntary_ctxt_switches:\s+(\d+)", status.read(), re.M)
        return ran, int(switches)

    @unittest.skipUnless(LINUX >= (6, 12), "from Linux 6.12 on")
    @unittest.skipUnless(dp.is_outside_of_sandboxes(), "not in a sandbox")
    def test_the_tick_asks_for_a_short_slice(self):
        """Which brings it before the host's threads where every processor is busy."""
        program = self.start("annotated", "60")
        self.assertEqual(self.slice_ns(os.path.basename(self.task_of_steward(program.pid))), 100_000)
        self.assertNotEqual(self.slice_ns(program.pid), 100_000)
        program.kill()
        program.communicate()

    @staticmethod
    def slice_ns(tid):
        """`runtime` of struct sched_attr, at byte 24."""
        number = 315 if platform.machine() == "x86_64" else 275
        attributes = ctypes.create_string_buffer(48)
        if ctypes.CDLL(None).syscall(number, int(tid), attributes, 48, 0) != 0:
            raise OSError("sched_getattr")
        return int.from_bytes(attributes.raw[24:32], sys.byteorder)

    def test_an_idle_host_costs_nothing(self):
        for name in ("annotated", "whole"):
            with self.subTest(name):
                program = self.start(name, "60")
                time.sleep(1.5)
                began, (cpu, wakes) = time.monotonic(), self.steward(program.pid)
                sleeps = self.cost_of_a_sleep() # meanwhile, on the same busy machine
                time.sleep(2)
                cpu_then, wakes_then = self.steward(program.pid)
                took = time.monotonic() - began
                program.kill()
                program.communicate()
                share, a_second = (cpu_then - cpu) / took / 1e9, (wakes_then - wakes) / took
                print(f"{name}: {share:.3%} of a processor, {a_second:.0f} wake-ups a second; "
                      f"a sleep costs {sleeps * 1e6:.0f} us")
                self.assertLess(share, SLEEPS * sleeps)
                self.assertLess(a_second, WAKES)

    @staticmethod
    def cost_of_a_sleep():
        """Seconds of processor time."""
        before = time.process_time()
        for _ in range(20):
            time.sleep(0.01)
        return (time.process_time() - before) / 20

    def check_slow(self, printed, logs):
        """Each call that the program timed is one event, right within its error; but calls that
        lay between two ticks, of which one came late, are not seen."""
        events = [event for log in logs for event in dp.events(TOOL, log)
                  if event["event"] == "profiler.slow_operation" and
                  not event["metadata"].get("in_flight")]
        rows = [tuple(map(int, line.split())) for line in printed.splitlines()]
        timed = [row for row in rows if row[1] >= THRESHOLD_NS] # and others, if it stopped at their edge
        maybe = sum(row.get("maybe_slow", 0) for log in logs
                    for row in dp.report(TOOL, log)["functions"])
        late = sum(dp.report(TOOL, log)["loss"]["tick_late"] for log in logs)
        self.assertGreater(len(timed), 0)
        if not late:
            self.assertGreaterEqual(len(events) + maybe, len(timed))
        self.assertLessEqual(len(events), len(rows))
        for tid in {row[0] for row in rows}:
            own = [row for row in rows if row[0] == tid]
            reported = [event["measurements"] for event in events if event["metadata"]["tid"] == tid]
            self.assertLessEqual(len(reported), len(own))
            if len(reported) == len(own):
                for (_, inside, around), measured in zip(own, reported):
                    duration, error = measured["duration_ns"], measured["duration_error_ns"]
                    self.assertLessEqual(inside - CLOCKS_NS, duration + error)
                    self.assertLessEqual(duration - error, around + CLOCKS_NS)
        errors = sorted(event["measurements"]["duration_error_ns"] for event in events)
        return maybe, errors[len(errors) // 2] if errors else None

    def test_slow_calls_across_rests(self):
        for name in ("annotated", "whole"):
            with self.subTest(name):
                program = self.start(name, "naps", "12")
                printed, _ = program.communicate(timeout=60)
                maybe, error = self.check_slow(printed, [self.log])
                late = dp.report(TOOL, self.log)["loss"]["tick_late"]
                print(f"{name}: {len(printed.splitlines())} calls, {maybe} may be slow, "
                      f"half of the errors are below {error} ns; late by {late} ns")
                if not late:
                    self.assertLess(error, 3_000_000)

    def test_a_child_of_a_process_at_rest(self):
        for name in ("annotated", "whole"):
            with self.subTest(name):
                program = self.start(name, "fork", "6")
                printed, _ = program.communicate(timeout=60)
                self.assertEqual(program.returncode, 0)
                logs = [self.log, *glob.glob(self.log + ".*")]
                self.assertEqual(len(logs), 2)
                self.check_slow(printed, logs)

    def test_a_signal_handler_ends_the_rest(self):
        program = self.start("annotated", "handler")
        printed, _ = program.communicate(timeout=60)
        self.assertEqual(program.returncode, 0)
        if int(printed) < THRESHOLD_NS: # where the machine did not stop in one
            self.assertFalse([event for event in dp.events(TOOL, self.log)
                              if event["event"] == "profiler.slow_operation"])

    def test_a_process_ends_in_a_rest(self):
        for _ in range(5):
            program = self.start("annotated", "0.3")
            program.communicate(timeout=60)
            self.assertEqual(program.returncode, 0)
            shutil.rmtree(self.log)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
