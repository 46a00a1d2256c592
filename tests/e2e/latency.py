#!/usr/bin/env python3
"""Percentiles and categories of a report against the program's own clock.

Run by Meson: latency.py DEEP_PROFILE_CC DEEP_PROFILE [TEST...]. Each call of the program says how
long it took at least and at most, so that the machine may be as slow as it likes.
"""
import json
import math
import os
import shutil
import sys
import tempfile
import unittest

import dp

CC, TOOL = (os.path.abspath(path) for path in sys.argv[1:3])
SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs/figures/latency.c")
PERCENTILES = {"p50_ns": 0.5, "p90_ns": 0.9, "p95_ns": 0.95, "p99_ns": 0.99, "p99.9_ns": 0.999}
LIMITS = [0, 300e3, 2e6, 5e6, math.inf]


def at(share, values):
    return sorted(values)[math.ceil(share * len(values)) - 1]


class Latency(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="deep-profile-latency-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.program = f"{cls.folder}/latency"
        dp.run(CC, "-O2", "-g", "-fdeep-profile=all", SOURCE, "-pthread", "-o", cls.program)
        cls.watched = f"{cls.folder}/watched"
        dp.run(CC, "-O2", "-g", "-DWATCHED", SOURCE, "-pthread", "-o", cls.watched)

    def run_program(self, rules, *arguments, **variables):
        """Of each call the least and the most that it took; the log is self.log."""
        self.log = tempfile.mkdtemp(dir=self.folder) + "/log"
        env = dp.environment(DEEP_PROFILE=rules, DEEP_PROFILE_OUT=self.log, **variables)
        program = self.watched if "slow=" in rules else self.program
        lines = dp.run(program, *arguments, env=env).stdout.splitlines()
        self.calls = [tuple(int(word) for word in line.split()) for line in lines]
        return [call[0] for call in self.calls], [call[1] for call in self.calls]

    def function(self, *arguments):
        done = dp.run(TOOL, "report", "--format=json", *arguments, self.log)
        return {f["function"]: f for f in json.loads(done.stdout)["functions"]}["work"]

    def categories(self):
        latency = self.function("--categories=300us,2ms,5ms")["latency"]
        return {c["category"]: c for c in latency["categories"]}

    def test_of_timed_calls_is_within_one_percent(self):
        least, most = self.run_program("work:rate=1")
        found = self.function()
        self.assertEqual(found["latency"]["from"], "every_call")
        for key, share in PERCENTILES.items():
            low, high = at(share, least), at(share, most)
            self.assertGreaterEqual(found[key], low * 0.99, key)
            self.assertLessEqual(found[key], high * 1.01, key)
            self.assertLessEqual(found["latency"][key + "_low"], high, key)
            self.assertGreaterEqual(found["latency"][key + "_high"], low, key)

    def test_categories_of_timed_calls(self):
        least, most = self.run_program("work:rate=1")
        found = list(self.categories().values())
        self.assertAlmostEqual(sum(c["share"] for c in found), 1, places=4)
        self.assertAlmostEqual(sum(c["calls"] for c in found), len(least), delta=2)
        for category, begin, end in zip(found, LIMITS, LIMITS[1:]):
            certain = sum(low >= begin and high < end for low, high in zip(least, most))
            possible = sum(high >= begin and low < end for low, high in zip(least, most))
            self.assertLessEqual(category["calls_low"], possible, category)
            self.assertGreaterEqual(category["calls_high"], certain, category)

    def check_watched(self, rules, threshold_ns, **variables):
        """Every call far over the threshold is known, whether it was sampled or not."""
        least, most = self.run_program(rules, **variables)
        found = self.categories()["critical"]
        self.assertLessEqual(found["calls_low"], sum(high >= 5e6 for high in most))
        self.assertGreaterEqual(found["calls_high"], sum(low >= 5e6 for low in least))
        self.assertEqual(found["share"] is None, "BASELINE" in str(variables) and
                         self.function().get("sampled", 0) == 0)
        return found

    def test_categories_of_calls_that_the_tick_judges(self):
        self.check_watched("work:slow=2ms", 2e6, DEEP_PROFILE_SLOW_BASELINE="0.2")
        self.check_watched("work:slow=2ms", 2e6, DEEP_PROFILE_SLOW_BASELINE="0")

    def test_categories_of_calls_that_the_clock_judges(self):
        found = self.check_watched("work:slow=250us", 250e3, DEEP_PROFILE_SLOW_BASELINE="0")
        slow = self.function()["slow"]
        self.assertLessEqual(found["calls_high"], slow)

    def test_sampled_percentiles_are_never_exact(self):
        self.run_program("work:rate=0.3")
        found = self.function()["latency"]
        self.assertEqual(found["from"], "samples")
        self.assertLess(found["p50_ns_low"], found["p50_ns_high"])
        self.assertIsNone(found["p99.9_ns_high"], "of some hundred samples")
        text = dp.run(TOOL, "report", "--full", self.log).stdout
        self.assertRegex(text, r"~[0-9.]+ .s .*samples +work")
        self.assertRegex(text, r">=[0-9.]+ .s .*samples +work")

    def test_limits_that_are_none(self):
        for limits in ("1ms,2ms", "2ms,1ms,3ms", "fast,slow,lost"):
            done = dp.subprocess.run([TOOL, "report", f"--categories={limits}", "nowhere"],
                                     capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 2)
            self.assertIn("--categories takes three durations", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
