#!/usr/bin/env python3
"""An idle host costs nothing, and loses nothing: the tick rests while nobody runs.

Run by Meson: idle.py DEEP_PROFILE_CC DEEP_PROFILE [TEST...]. The program is
programs/idle.c, annotated and in whole-program mode.
"""
import glob
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import dp

CC, TOOL = (os.path.abspath(path) for path in sys.argv[1:3])
SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs/idle.c")
SHARE = 0.004  # of a processor; where a system call costs what it costs here, 0.001
WAKES = 40     # a second; 20 of a rest, and what the host's own wake-ups bring
THRESHOLD_NS = 50_000_000
CLOCKS_NS = 300_000


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
    def steward(pid):
        """Processor time in nanoseconds, and how often it went to sleep."""
        for task in glob.glob(f"/proc/{pid}/task/*"):
            with open(task + "/comm", encoding="ascii") as name:
                if name.read().strip() != "deep-profile":
                    continue
            with open(task + "/schedstat", encoding="ascii") as times:
                ran = int(times.read().split()[0])
            with open(task + "/status", encoding="ascii") as status:
                for line in status:
                    if line.startswith("voluntary_ctxt_switches"):
                        return ran, int(line.split()[1])
        raise AssertionError("no steward")

    def test_an_idle_host_costs_nothing(self):
        for name in ("annotated", "whole"):
            with self.subTest(name):
                program = self.start(name, "4")
                time.sleep(1.5)
                cpu, wakes = self.steward(program.pid)
                time.sleep(2)
                cpu_then, wakes_then = self.steward(program.pid)
                self.assertEqual(program.wait(timeout=60), 0)
                program.stdout.close()
                share, a_second = (cpu_then - cpu) / 2e9, (wakes_then - wakes) / 2
                print(f"{name}: {share:.3%} of a processor, {a_second} wake-ups a second")
                self.assertLess(share, SHARE)
                self.assertLess(a_second, WAKES)

    def check_slow(self, printed, logs):
        """Each call that the program timed is one event, right within its error."""
        events = [event for log in logs for event in dp.events(TOOL, log)
                  if event["event"] == "profiler.slow_operation" and
                  not event["metadata"].get("in_flight")]
        timed = [tuple(map(int, line.split())) for line in printed.splitlines()]
        maybe = sum(row.get("maybe_slow", 0) for log in logs
                    for row in dp.report(TOOL, log)["functions"])
        self.assertGreater(len(timed), 0)
        self.assertGreaterEqual(len(events) + maybe, len(timed))
        self.assertLessEqual(len(events), len(timed))
        for tid in {tid for tid, _ in timed}:
            own = [ns for thread, ns in timed if thread == tid]
            reported = [event["measurements"] for event in events if event["metadata"]["tid"] == tid]
            self.assertLessEqual(len(reported), len(own))
            if len(reported) == len(own):
                for ns, measured in zip(own, reported):
                    self.assertLessEqual(abs(measured["duration_ns"] - ns),
                                         measured["duration_error_ns"] + 20_000_000)
                    self.assertGreaterEqual(measured["duration_ns"] +
                                            measured["duration_error_ns"], ns - CLOCKS_NS)
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
        self.assertEqual(program.wait(timeout=60), 0)
        program.stdout.close()
        self.assertFalse([event for event in dp.events(TOOL, self.log)
                          if event["event"] == "profiler.slow_operation"])

    def test_the_end_does_not_wait_for_a_rest(self):
        times = []
        for _ in range(5):
            program = self.start("annotated", "0.3")
            start = time.monotonic()
            self.assertEqual(program.wait(timeout=60), 0)
            program.stdout.close()
            shutil.rmtree(self.log)
            times.append(time.monotonic() - start)
        self.assertLess(min(times), 0.6)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
