#!/usr/bin/env python3
"""100,000 calls in flight at once, in coroutines that migrate between threads.

Run by Meson: in_flight.py DEEP_PROFILE_CC DEEP_PROFILE [TEST...]. The program of
programs/in_flight.c keeps its own tally and times. What calls in flight cost in time
is measured by tests/bench/in_flight.py. Environment, for a long run:

    IN_FLIGHT=1000000   calls at once; a power of ten (100000)
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import dp

CC, TOOL = (os.path.abspath(path) for path in sys.argv[1:3])
SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs/in_flight.c")
STATES = {
    "watched": "DEEP_PROFILE_IF_SLOW(100ms, rate=1) DEEP_PROFILE_CALLS()",
    "sampled": "DEEP_PROFILE(rate=0.01) DEEP_PROFILE_CALLS()",
    "production": "DEEP_PROFILE_PRODUCTION() DEEP_PROFILE_CALLS()",
    "recorded": "DEEP_PROFILE(rate=1)",
}
CALLS, FEW, THREADS, ROUNDS, WORK = int(os.environ.get("IN_FLIGHT", "100000")), 1000, 8, 2, 100
STATUS = 7
THRESHOLD_NS = 100_000_000
SLACK_NS = 30_000_000 # the steward looks every 20 ms
TOLERANCE_NS = 20_000 # between two clocks, ours and the one it follows
# So many slow calls at once are all reported; why each was slow is not known of all.
NOT_EXPLAINED = ("looks", "not_asked", "look_moved")
PROFILER_BYTES = 256  # for a call in flight


class Run:
    """One run of the program: what it printed, its own books, and its log."""

    def __init__(self, folder, state, *, calls=CALLS, threads=THREADS, rounds=ROUNDS, naps=(0, 0),
                 on=True, times=True, **variables):
        self.log, self.file = folder + "/log", folder + "/times"
        shutil.rmtree(self.log, ignore_errors=True)
        if on:
            variables = {"DEEP_PROFILE": "1", "DEEP_PROFILE_OUT": self.log, **variables}
        command = [f"{folder}/{state}", calls, threads, rounds, WORK, *naps,
                   self.file if times else "-"]
        done = subprocess.run([str(word) for word in command], text=True, capture_output=True,
                              check=False, timeout=300, env=dp.environment(**variables))
        self.seen = (done.returncode, done.stdout)
        if done.returncode != STATUS or len(done.stderr.split()) != 3:
            raise AssertionError(f"{command}: status {done.returncode}\n{done.stdout}{done.stderr}")
        kb, _, self.ended_unix_ns = map(int, done.stderr.split())
        self.resident_bytes, self.tally = kb * 1024, int(done.stdout.split()[0])

    def times(self):
        """How long the calls took by the program's clock: inside, and around them."""
        with open(self.file, encoding="ascii") as file:
            lines = [tuple(map(int, line.split())) for line in file]
        return sorted(inside for inside, _ in lines), sorted(around for _, around in lines)

    def report(self):
        report = dp.report(TOOL, self.log)
        function, = (row for row in report["functions"] if row["function"] == "operation")
        return report, function

    def durations(self, event):
        """Sorted, of all such events; by their text, for there are hundreds of thousands."""
        lines = dp.run(TOOL, "events", "--format=json", self.log).stdout.splitlines()
        found = (re.search(r'"duration_ns":(\d+)', line) for line in lines
                 if f'"event":"profiler.{event}"' in line)
        return sorted(int(duration.group(1)) for duration in found)

    def slow(self):
        """Slow operations of the log: those reported at their end, and those in flight."""
        events = [event for event in dp.events(TOOL, self.log)
                  if event["event"] == "profiler.slow_operation"]
        return ([event for event in events if not event["metadata"].get("in_flight")],
                [event for event in events if event["metadata"].get("in_flight")])


class InFlight(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="deep-profile-in-flight-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        for state, attributes in STATES.items():
            dp.run(CC, "-O2", "-g", "-Wall", "-Wextra", f"-DATTRIBUTES={attributes}", SOURCE,
                   "-o", f"{cls.folder}/{state}", "-lpthread")
        cls.without = {state: Run(cls.folder, state, on=False) for state in STATES}

    def run_state(self, state, **options):
        """The same as without profiling, or it fails."""
        run = Run(self.folder, state, **options)
        if not set(options) & {"calls", "threads", "rounds"}:
            self.assertEqual(run.seen, self.without[state].seen)
        return run

    def check_durations(self, run, durations):
        inside, around = run.times()
        self.assertEqual(len(durations), len(inside))
        for low, duration, high in zip(inside, durations, around):
            self.assertLessEqual(low - TOLERANCE_NS, duration)
            self.assertLessEqual(duration, high + TOLERANCE_NS)

    def nothing_is_lost(self, report):
        self.assertEqual({reason: count for reason, count in report["loss"].items()
                          if count and reason not in ("tick_late", "clock_back", *NOT_EXPLAINED)}, {})
        self.assertEqual((report["open_calls"], report["damage"]["places"]), ([], 0))

    def test_every_call_is_recorded(self):
        run = self.run_state("recorded")
        report, function = run.report()
        self.assertEqual((function["sampled"], run.tally), (ROUNDS * CALLS, ROUNDS * CALLS))
        self.nothing_is_lost(report)
        self.check_durations(run, run.durations("stop"))

    def test_what_does_not_fit_is_counted(self):
        run = self.run_state("recorded", rounds=4, DEEP_PROFILE_SIZE_LIMIT="1MB")
        report, function = run.report()
        self.assertEqual(function["sampled"], run.tally)
        self.assertGreater(report["loss"]["log_full"], 0)
        # The runtime's own events find no room either, and are counted, too: the more of them, the
        # longer the program takes.
        self.assertGreaterEqual(len(run.durations("stop")) + report["loss"]["log_full"], run.tally)

    def check_samples(self, state, event, rate):
        run = self.run_state(state)
        report, function = run.report()
        self.assertEqual((function["counted"], run.tally), (ROUNDS * CALLS, ROUNDS * CALLS))
        self.assertAlmostEqual(function["sampled"], rate * run.tally,
                               delta=6 * (rate * run.tally) ** 0.5)
        self.nothing_is_lost(report)
        durations = run.durations(event)
        self.assertEqual(len(durations), function["sampled"])
        inside, around = run.times()
        self.assertGreaterEqual(durations[0], inside[0] - TOLERANCE_NS)
        self.assertLessEqual(durations[-1], around[-1] + TOLERANCE_NS)

    def test_a_share_is_sampled(self):
        self.check_samples("sampled", "stop", 0.01)

    def test_in_production(self):
        self.check_samples("production", "production", 0.001)

    def test_slow_calls(self):
        """Those of the first round last over the nap; of the others it depends."""
        for opened in ("0.001", "1"):
            with self.subTest(opened=opened):
                self.check_slow_calls(opened)

    def check_slow_calls(self, opened):
        run = self.run_state("watched", naps=(400, 200), DEEP_PROFILE_SLOW_BASELINE=opened)
        report, function = run.report()
        self.assertEqual((function["counted"], run.tally), (ROUNDS * CALLS, ROUNDS * CALLS))
        self.nothing_is_lost(report)
        slow, in_flight = run.slow()
        ends = {event["metadata"]["call_id"] for event in slow}
        reported = {event["metadata"]["call_id"] for event in in_flight}
        self.assertEqual((function["slow"], report["slow_events"]), (len(slow), len(ends | reported)))
        inside, around = run.times()
        error = max(event["measurements"]["duration_error_ns"] for event in slow)
        # A tick that is late hides at most so much of a call's begin, and of its end.
        certain = THRESHOLD_NS + error + 2 * report["loss"]["tick_late"]
        self.assertGreaterEqual(len(slow), sum(time > certain for time in inside))
        self.assertLessEqual(len(slow), sum(time >= THRESHOLD_NS - error for time in around))
        durations = sorted(event["measurements"]["duration_ns"] for event in slow)
        for low, duration, high in zip(inside[-len(slow):], durations, around[-len(slow):]):
            self.assertLessEqual(low - error - TOLERANCE_NS, duration)
            self.assertLessEqual(duration, high + error + TOLERANCE_NS)
        # In the nap they are reported in flight, a thread's latest 64; each is one call with
        # what is reported at its end.
        if not report["loss"]["tick_late"]:
            self.assertGreaterEqual(len(in_flight), THREADS * 64 / 2)
        self.assertEqual((len(ends), len(reported)), (len(slow), len(in_flight)))
        # docs/reliability.md: one that has ended on another thread may seem to run. Here it does
        # where the machine stops for longer than the threshold.
        if not report["loss"]["tick_late"]:
            self.assertLessEqual(reported, ends)
            self.assertEqual(self.after_the_end(run, in_flight), [])

    @staticmethod
    def after_the_end(run, in_flight):
        return [event for event in in_flight
                if event["time_unix_ns"] > run.ended_unix_ns + SLACK_NS]

    def test_a_call_that_ended_on_another_thread_is_not_in_flight(self):
        """Fast ones, begun by one thread and ended by the other; then both are idle. That
        calls migrate is seen by those that were opened, which are checked themselves."""
        for rounds, opened in ((1000, "0.02"), (1, "1")):
            with self.subTest(opened=opened):
                run = self.run_state("watched", calls=1, threads=2, rounds=rounds,
                                     naps=(0, 300), DEEP_PROFILE_SLOW_BASELINE=opened)
                report, function = run.report()
                self.assertEqual(function["counted"], rounds)
                if opened == "1":
                    self.assertEqual(function["sampled"], rounds)
                self.nothing_is_lost(report)
                slow, in_flight = run.slow()
                if not report["loss"]["tick_late"]:
                    self.assertEqual(self.after_the_end(run, in_flight), [])
                self.assertEqual(function.get("slow", 0), len(slow))

    def test_memory_of_a_call_in_flight(self):
        few = {on: Run(self.folder, "recorded", calls=FEW, times=False, on=on).resident_bytes
               for on in (False, True)}
        for state in STATES:
            many = {on: self.run_state(state, times=False, on=on).resident_bytes
                    for on in (False, True)}
            bytes_each = (many[True] - many[False] - few[True] + few[False]) / (CALLS - FEW)
            print(f"{state}: {bytes_each:.1f} bytes a call in flight")
            with self.subTest(state):
                self.assertLess(bytes_each, PROFILER_BYTES)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
