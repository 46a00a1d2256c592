#!/usr/bin/env python3
"""Every way of leaving a call: counts, durations, exceptions, and what stays open.

Run by Meson: jumps.py DEEP_PROFILE_CC DEEP_PROFILE [TEST...]. Each program of
programs/jumps is built four ways: with the gates of the attribute and with those
of whole-program mode, -O0 and -O2. It prints what its own clock said of every call;
what was recorded must lie between. Run a second time it kills itself at its end:
then the calls that the log shows as open are those that are.
"""
import collections
import functools
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import dp

CC, TOOL = (os.path.abspath(path) for path in sys.argv[1:3])
CXX = CC.removesuffix("cc") + "c++"
SOURCES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs/jumps")
BUILDS = list(itertools.product(("annotated", "whole"), ("-O0", "-O2")))
TOLERANCE_NS = 20_000 # between two clocks, ours and the one it follows


class Jumps(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="deep-profile-jumps-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.logs = itertools.count()

    @classmethod
    @functools.cache
    def program(cls, name, mode, level):
        source, = (path for path in (f"{SOURCES}/{name}.c", f"{SOURCES}/{name}.cc")
                   if os.path.exists(path))
        path = f"{cls.folder}/{name}-{mode}{level}"
        with open(source, encoding="utf-8") as file:
            head = file.read().split("*/")[0]
        options = head.partition("options:")[2].split()
        if mode == "whole":
            options += ["-DWHOLE", "-fdeep-profile=all"]
        dp.run(CXX if source.endswith(".cc") else CC, level, "-g", "-Wall", "-Wextra", *options,
               source, "-o", path, "-lpthread")
        return path

    def run_program(self, path, *arguments, status=0, rules="*:rate=1", **variables):
        log = f"{self.folder}/log-{next(self.logs)}"
        env = dp.environment(DEEP_PROFILE=rules, DEEP_PROFILE_OUT=log,
                             DEEP_PROFILE_PACKET_SIZE="4KB", **variables)
        done = subprocess.run([path, *arguments], env=env, text=True, capture_output=True,
                              check=False)
        self.assertEqual((done.returncode, done.stderr), (status, ""), f"{path} {arguments}")
        return log, done.stdout

    @staticmethod
    def measured(output):
        """function: sorted times inside, sorted times around."""
        found = collections.defaultdict(lambda: ([], []))
        for line in output.splitlines():
            function, inside, around = line.split()
            found[function][0].append(int(inside))
            found[function][1].append(int(around))
        return {function: tuple(map(sorted, times)) for function, times in found.items()}

    def recorded(self, log):
        """function: how its calls ended, counted; and how long they took, sorted."""
        ends, took = collections.defaultdict(collections.Counter), collections.defaultdict(list)
        for event in dp.events(TOOL, log):
            kind = event["event"].removeprefix("profiler.")
            if kind not in ("stop", "exception"):
                continue
            function = event["metadata"]["function"].split("(")[0]
            ends[function][event["metadata"].get("kind", "return")] += 1
            took[function].append(event["measurements"]["duration_ns"])
        return ends, {function: sorted(times) for function, times in took.items()}

    def check_times(self, took, measured):
        for function, (inside, around) in measured.items():
            times = took[function]
            self.assertEqual(len(times), len(inside), function)
            for low, time, high in zip(inside, times, around):
                self.assertLessEqual(low - TOLERANCE_NS, time, function)
                self.assertLessEqual(time, high + TOLERANCE_NS, function)

    @staticmethod
    def report(log):
        done = subprocess.run([TOOL, "report", "--format=json", log], text=True, check=False,
                              env=dp.environment(), capture_output=True)
        if done.returncode not in (0, 3): # 3: not one call in it has ended
            raise AssertionError(done.stderr)
        return json.loads(done.stdout)

    def lost(self, log):
        return {reason: count for reason, count in self.report(log)["loss"].items()
                if count and reason not in dp.BUSY}

    def open_calls(self, log):
        return collections.Counter(call["function"].split("(")[0]
                                   for call in self.report(log)["open_calls"])

    def check(self, name, expected, *arguments, open_calls=None, lost=None, times=True, status=0):
        """`expected`: function: how its calls end, counted."""
        for mode, level in BUILDS:
            with self.subTest(name, mode=mode, level=level, arguments=arguments):
                path = self.program(name, mode, level)
                log, output = self.run_program(path, *arguments, "-", status=status)
                ends, took = self.recorded(log)
                for function, ways in expected(mode).items():
                    self.assertEqual(ends[function], ways, function)
                if times:
                    self.check_times(took, self.measured(output))
                self.assertEqual(self.lost(log), lost or {})
                log, _ = self.run_program(path, *arguments, "kill", status=-9)
                found = self.open_calls(log)
                found.pop("main", None)
                self.assertEqual(found, open_calls or {})

    def test_longjmp(self):
        self.check("longjmp", lambda mode: {
            "returns_again": {"return": 5}, "stays": {"return": 15}, "over": {"longjmp": 16},
            "leaves": {"longjmp": 16}})

    def test_longjmp_out_of_a_handler(self):
        self.check("handler", lambda mode: {
            "interrupted": {"longjmp": 20}, "handler": {"longjmp": 20}, "quiet": {"return": 20}})

    def test_exceptions(self):
        # Whole-program mode has no landing pads of its own: noticed by the stack.
        self.check("exceptions", lambda mode: {
            "catches": {"return": 30}, "destroys": {"return": 20, "unwind": 10},
            "throws": {"return": 20, "longjmp" if mode == "whole" else "unwind": 10}})

    def test_threads_that_end_inside(self):
        self.check("threads", lambda mode: {
            "runs": {"thread_exit": 15}, "leaves": {"thread_exit": 5},
            "deferred": {"thread_exit": 5}, "asynchronous": {"thread_exit": 5}})

    def test_exit(self):
        self.check("exits", lambda mode: {"loops": {"exit": 1}, "ends": {"exit": 1}},
                   open_calls={"loops": 1, "ends": 1})

    def test_recursion(self):
        self.check("recursion", lambda mode: {"deep": {"return": 3 * 5001}})

    def test_values(self):
        self.check("values", lambda mode: {
            "variadic": {"return": 300}, "large": {"return": 300}, "lives": {"return": 300},
            "vectors": {"return": 900}, "nested": {"return": 600}, "wide": {"return": 300}},
                   times=False)

    def test_coroutines(self):
        for order in ("rising", "falling", "mixed"):
            self.check("coroutines", lambda mode: {
                "outer": {"return": 600}, "inner": {"return": 600}, "resume": {"return": 2400}},
                       order)

    def test_coroutines_that_migrate(self):
        self.check("coroutines", lambda mode: {
            "outer": {"return": 40}, "inner": {"return": 40}}, "migrating")

    def test_coroutines_that_are_abandoned(self):
        self.check("coroutines", lambda mode: {
            "outer": {"exit": 40}, "inner": {"exit": 40}, "resume": {"return": 80}}, "abandoned",
                   open_calls={"outer": 40, "inner": 40}, times=False)

    def test_handlers_that_interrupt_the_runtime(self):
        seconds = os.environ.get("DEEP_PROFILE_TEST_SECONDS", "0.5")
        for (mode, level), leave in itertools.product(BUILDS, ((), ("leave",))):
            with self.subTest(mode=mode, level=level, leave=leave):
                log, output = self.run_program(self.program("interrupts", mode, level),
                                               str(int(float(seconds) * 10)), *leave)
                works, quiet, handled, left = map(int, output.split())
                report = self.report(log)
                lost = report["loss"]["reentered"]
                self.assertGreater(lost, 0, "no signal came at the wrong moment")
                calls = {function["function"]: function["estimated_calls"]
                         for function in report["functions"]}
                reported, were = calls["work"] + calls["handler"], works + quiet + handled
                self.assertGreaterEqual(reported + lost, were)
                self.assertLessEqual(reported + lost, were + 2 * left) # exact without "leave"
                self.assertGreaterEqual(calls["work"], quiet)

    def test_the_smallest_stacks(self):
        for mode, level in BUILDS:
            with self.subTest(mode=mode, level=level):
                log, _ = self.run_program(self.program("small", mode, level))
                ends, _ = self.recorded(log)
                self.assertEqual(ends["work"], {"return": 6001})


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
