#!/usr/bin/env python3
"""`report --last` and `--between`, against what the program itself says of its calls.

Run by Meson: windows.py DEEP_PROFILE_CC DEEP_PROFILE [TEST...].
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import dp

CC, TOOL = (os.path.abspath(path) for path in sys.argv[1:3])
SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs/figures/latency.c")


class Windows(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="deep-profile-windows-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.program = f"{cls.folder}/latency"
        dp.run(CC, "-O2", "-g", "-fdeep-profile=all", SOURCE, "-pthread", "-o", cls.program)
        cls.watched = f"{cls.folder}/watched"
        dp.run(CC, "-O2", "-g", "-DWATCHED", SOURCE, "-pthread", "-o", cls.watched)

    def run_program(self, rules, calls, us, *arguments, **variables):
        """Of each call when it ended, in ns after the start: not before the first, not after the
        second."""
        self.log = tempfile.mkdtemp(dir=self.folder) + "/log"
        env = dp.environment(DEEP_PROFILE=rules, DEEP_PROFILE_OUT=self.log, **variables)
        program = self.watched if "slow=100s" in rules else self.program
        lines = dp.run(program, str(calls), str(us), *arguments, env=env).stdout.splitlines()
        with open(self.log + "/state/process", "rb") as state:
            start = int.from_bytes(state.read()[32:40], "little")
        ends = [[int(word) - start for word in line.split()[2:]] for line in lines]
        return [(last, after) for after, last in ends]

    def report(self, *arguments):
        done = dp.run(TOOL, "report", "--format=json", *arguments, self.log)
        report = json.loads(done.stdout)
        return report, {f["function"]: f for f in report["functions"]}

    def count(self, ends, begin, end):
        """Calls that certainly, and that possibly, ended in there."""
        return (sum(first >= begin and last < end for first, last in ends),
                sum(last >= begin and first < end for first, last in ends))

    def check_exact(self, ends, begin, end, *arguments):
        certain, possible = self.count(ends, begin, end)
        report, functions = self.report(*arguments)
        self.assertEqual(report["window"]["functions_left_out"], 0)
        self.assertEqual(report["window"]["functions_cut_exactly"], 1)
        self.assertEqual((report["window"]["before_error_ns"], report["window"]["after_error_ns"]),
                         (0, 0))
        work = functions["work"]
        self.assertTrue(certain <= work["sampled"] <= possible, (certain, work, possible))
        self.assertEqual(work["estimated_calls"], work["sampled"])
        return work

    def test_of_recorded_calls_it_is_exact(self):
        ends = self.run_program("work:rate=1", 200, 1000)
        middle = ends[100][0] // 1000 * 1000
        for begin, end in ((0, middle), (middle, ends[150][0]), (ends[20][0], ends[30][0])):
            span = f"{begin}ns..{end}ns"
            self.check_exact(ends, begin, end, f"--between={span}")
        both = [self.report(f"--between={a}ns..{b}ns")[1]["work"]["sampled"]
                for a, b in ((0, middle), (middle, 10**12))]
        self.assertEqual(sum(both), 200)

    def test_the_last_time(self):
        ends = self.run_program("work:rate=1", 200, 1000)
        wall = self.report()[0]["wall_ns"]
        begin = wall - 50_000_000
        if self.count(ends, begin, wall)[1] > 0:
            self.check_exact(ends, begin, wall, "--last", "50ms")

    def test_slow_operations_of_the_window(self):
        ends = self.run_program("work:slow=5ms,rate=1", 10, 20000)
        begin, end = ends[3][1] + 1, ends[6][0]
        report, _ = self.report(f"--between={begin}ns..{end}ns")
        events = [call for call in dp.events(TOOL, self.log)
                  if call["event"] == "profiler.slow_operation" and
                  not call["metadata"]["in_flight"]]
        start = report["window"]["from_unix_ns"] - report["window"]["from_ns"]
        inside = sum(begin <= call["time_unix_ns"] - start < end for call in events)
        self.assertEqual(len({call["end_unix_ns"] for call in report["slow_operations"]}), inside)

    def check_cut(self, ends, begin, end):
        """Nothing is left out, and nothing counted that is further off than the report says."""
        report, functions = self.report(f"--between={begin}ns..{end}ns")
        window = report["window"]
        if window["functions_left_out"]:
            self.assertNotIn("work", functions)
            return 0
        before, after = window["before_error_ns"], window["after_error_ns"]
        least = self.count(ends, begin + before, end - after)[0]
        most = self.count(ends, begin - before, end + after)[1]
        found = functions["work"]["sampled"] if "work" in functions else 0
        self.assertTrue(least <= found <= most, (least, found, most, window))
        return found

    def test_what_is_only_added_up(self):
        """Timed calls that leave no record. On a slow machine an interval may be longer than the
        window; then there is no figure."""
        ends = self.run_program("work:slow=100s", 100, 10000, DEEP_PROFILE_SLOW_BASELINE="1",
                                DEEP_PROFILE_INTERVAL="100ms")
        self.assertEqual(self.report()[1]["work"]["sampled"], 100)
        self.assertEqual(self.check_cut(ends, 0, 10**12), 100)
        for begin, end in ((0, 50), (50, 99), (20, 80)):
            self.check_cut(ends, ends[begin][0], ends[end][1])

    def test_without_intervals_there_is_no_figure(self):
        """Of the whole run there is one: all of what was added up belongs to it."""
        ends = self.run_program("work:slow=100s", 60, 10000, DEEP_PROFILE_SLOW_BASELINE="1",
                                DEEP_PROFILE_INTERVAL="0")
        self.assertEqual(self.check_cut(ends, 0, 10**12), 60)
        begin = ends[10][0]
        report, functions = self.report(f"--between={begin}ns..{begin + 10_000_000}ns")
        self.assertEqual(report["window"]["functions_left_out"], 1)
        self.assertNotIn("work", functions)

    def test_percentiles_of_a_window(self):
        """Short calls, then long ones: the same as without a window, of each part."""
        self.run_program("work:slow=100s", 300, 1000, DEEP_PROFILE_SLOW_BASELINE="1",
                         DEEP_PROFILE_INTERVAL="100ms")
        whole = self.report()[1]["work"]
        cut = self.report("--between=0s..1000s")[1]["work"]
        for key in ("p50_ns", "p90_ns", "p95_ns", "p99_ns", "sampled", "mean_ns", "total_ns"):
            self.assertAlmostEqual(cut[key], whole[key], delta=whole[key] * 0.01, msg=key)

    def test_threads_that_come_and_go(self):
        """A lane whose thread has ended rests after a second, and the next thread takes it."""
        ends = self.run_program("work:slow=100s", 60, 500, "20", "1400",
                                DEEP_PROFILE_SLOW_BASELINE="1", DEEP_PROFILE_INTERVAL="100ms")
        self.assertEqual(self.check_cut(ends, 0, 10**12), 60)
        for first in (0, 20, 40):
            begin, end = ends[first][0] - 10**8, ends[first + 19][1] + 6 * 10**8
            self.check_cut(ends, max(begin, 0), end)
        both = [self.report(f"--between={a}ns..{b}ns") for a, b in
                ((0, ends[30][0]), (ends[30][0], 10**12))]
        if not any(report["window"]["functions_left_out"] for report, _ in both):
            self.assertEqual(sum(f["work"]["sampled"] for _, f in both if "work" in f), 60)

    def test_windows_that_are_none(self):
        self.run_program("work:rate=1", 2, 1000)
        for arguments, status, words in (
                (["--between=1000s..1001s"], 3, "did not run then"),
                (["--between=5s..1s"], 3, "did not run then"),
                (["--between=soon"], 2, "--between takes two moments"),
                (["--last=soon"], 2, "--last takes a duration")):
            done = subprocess.run([TOOL, "report", *arguments, self.log], capture_output=True,
                                  text=True, check=False)
            self.assertEqual(done.returncode, status, done.stderr)
            self.assertIn(words, done.stderr)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
