#!/usr/bin/env python3
"""DEEP_PROFILE_BUDGET: what is costly is profiled in a share of the time, and the report says so.

Run by Meson: governor.py DEEP_PROFILE_CC DEEP_PROFILE [TEST...]. See profiled.py. How much a
machine grants each thread is not known here, so nothing is said of times.
"""
import glob
import unittest

import dp
from profiled import Profiled, TOOL


class Governor(Profiled):
    def report_of(self, rules, budget, log=""):
        self.name = self.program("governed", "-fdeep-profile=all")
        self.done = dp.run(self.name, "1500", env=dp.environment(
            DEEP_PROFILE=rules, DEEP_PROFILE_OUT=self.out + log, DEEP_PROFILE_EVENTS=self.sink,
            DEEP_PROFILE_BUDGET=budget, DEEP_PROFILE_SIZE_LIMIT="256MB"))
        self.stdout = self.done.stdout
        return dp.report(TOOL, self.out + log)

    @staticmethod
    def calls(report, function):
        found = [f for f in report["functions"] if f["function"] == function]
        return found[0] if found else {"sampled": 0}

    def check_hot(self, report, made):
        """Most calls were not seen, and nothing says that there were fewer than were seen, or
        that the number is exact."""
        hot = self.calls(report, "hot")
        self.assertLess(hot["sampled"], made / 2)
        self.assertFalse(hot.get("exact", False), hot)
        for least in ("estimated_calls_low", "calls_at_least"):
            if hot.get("estimated_calls_high") is None and least in hot:
                self.assertLessEqual(hot[least], made)

    def test_recording_everything_is_cut_to_the_budget(self):
        report = self.report_of("*:rate=1", "1%")
        self.check_hot(report, self.printed("hot")[0])
        governor = report["governor"]
        self.assertAlmostEqual(governor["budget"], 0.01)
        self.assertGreater(governor["functions"], 2)
        self.assertGreaterEqual(governor["throttled"], 1)
        self.assertLess(governor["least_share"], 1)
        told = [e for e in self.read_sink() if e["event"] == "profiler.governor"]
        self.assertGreaterEqual(told[-1]["measurements"]["throttled"], 1)
        text = dp.run(TOOL, "report", self.out).stdout
        self.assertIn("\nBudget\n", text)
        self.assertIn("are profiled in a share of the time", text.replace("\n", " "))

    def test_a_child_has_a_governor_of_its_own(self):
        self.report_of("*:rate=1", "1%")
        logs = glob.glob(self.out + ".*")
        self.assertEqual(len(logs), 1)
        self.check_hot(dp.report(TOOL, logs[0]), self.printed("child")[0])

    def test_exact_counts_become_estimates_that_say_so(self):
        report = self.report_of("*:calls", "0.1%")
        made, hot = self.printed("hot")[0], self.calls(report, "hot")
        self.assertFalse(hot.get("exact", False), hot)
        self.assertLess(hot.get("counted", 0), made)

    def test_without_a_budget_there_is_none(self):
        report = self.report_of("*:calls", "0")
        self.assertNotIn("governor", report)
        self.assertEqual(self.calls(report, "hot")["counted"], self.printed("hot")[0])
        self.assertNotIn("Budget", dp.run(TOOL, "report", self.out).stdout)


if __name__ == "__main__":
    unittest.main(argv=[__file__, "-v", *__import__("sys").argv[3:]])
