#!/usr/bin/env python3
"""What each option of an attribute does in a real program, and what is judged slow.

Run by Meson: options.py DEEP_PROFILE_CC DEEP_PROFILE [TEST...]. See profiled.py.
"""
import math
import sys
import unittest

import dp
from profiled import CLOCKS_NS, Profiled, TOOL


class Options(Profiled):
    dev = records = None

    def setUp(self):
        super().setUp()
        if Options.dev is None: # one run serves most tests
            Options.dev = self.run_on("options")
            Options.records = self.trace()
            super().setUp()

    def count(self, function, event="stop"):
        return len(self.of(self.dev, function, event))

    def test_rate(self):
        self.assertEqual(self.count("every"), 1)
        self.assertEqual(self.count("every", "start"), 1)
        self.assertEqual(self.count("never"), 0)
        self.assertAlmostEqual(self.count("half"), 10000, delta=6 * math.sqrt(5000))
        self.assertAlmostEqual(self.count("in_production", "production"), 1000,
                               delta=6 * math.sqrt(1000))

    def test_env(self):
        self.assertEqual(self.count("in_dev"), 1)
        self.assertEqual(self.count("in_test_and_prod"), 0)
        prod = self.run_on("options", DEEP_PROFILE_ENV="prod")
        self.assertEqual(len(self.of(prod, "in_dev", "stop")), 0)
        self.assertEqual(len(self.of(prod, "in_test_and_prod", "stop")), 1)
        self.assertEqual(len(self.of(prod, "fibonacci", "calls")), 0, "calls default to dev|test")
        self.assertEqual(len(self.of(prod, "allocates", "memory")), 0, "memory too")
        self.assertEqual(len(self.of(prod, "combined", "slow_operation")), 0, "slow too")

    def test_enabled(self):
        self.assertEqual(self.count("disabled"), 0)
        self.assertEqual(self.count("switched"), 0)
        for value, expected in (("true", 1), ("0", 0), ("maybe", 0)):
            self.setUp()
            found = self.run_on("options", SWITCH=value)
            self.assertEqual(len(self.of(found, "switched", "stop")), expected, value)

    def test_metadata(self):
        (stop,) = self.of(self.dev, "labelled", "stop")
        self.assertEqual(stop["metadata"]["team"], "db")
        self.assertEqual(stop["metadata"]["tier"], "gold")
        self.assertEqual(stop["metadata"]["strategy"], "sample")
        self.assertTrue(stop["metadata"]["file"].endswith("options.c"))

    def test_emit_metrics(self):
        self.assertEqual(self.count("quiet"), 0)

    def test_threshold_of_a_profile(self):
        durations = [e["measurements"]["duration_ns"] for e in self.of(self.dev, "over_threshold", "stop")]
        self.assertGreaterEqual(min(durations), 20_000_000)
        self.assertGreaterEqual(max(durations), 40_000_000 - CLOCKS_NS)

    def test_strategy_memory(self):
        (done,) = self.of(self.dev, "with_memory", "complete")
        self.assertGreaterEqual(done["measurements"]["memory_delta_bytes"], 1000)
        self.assertLess(done["measurements"]["memory_delta_bytes"], 1100)

    def test_duration_ends_what_is_gathered(self):
        (done,) = self.of(self.dev, "capped", "complete")
        self.assertLess(done["measurements"]["memory_delta_bytes"], 2000)
        self.assertGreaterEqual(done["measurements"]["duration_ns"], 200_000_000)
        self.assertIs(done["metadata"]["capped"], True)

    def test_memory(self):
        (event,) = self.of(self.dev, "allocates", "memory")
        found = event["measurements"]
        self.assertEqual(found["delta_bytes"], found["after_bytes"] - found["before_bytes"])
        self.assertEqual((found["allocations"], found["frees"]), (2, 1))
        self.assertGreaterEqual(found["delta_bytes"], 20000)
        self.assertLess(found["peak_bytes"], 21000)
        self.assertGreaterEqual(found["allocated_bytes"], 40000)

    def test_calls_are_exact_through_recursion(self):
        calls = self.of(self.dev, "fibonacci", "calls")
        self.assertEqual(sum(e["measurements"]["calls"] for e in calls), 21891)

    def test_attributes_combine(self):
        self.assertEqual(self.count("combined"), 2)
        self.assertEqual(sum(e["measurements"]["calls"]
                             for e in self.of(self.dev, "combined", "calls")), 2)
        durations = [e["measurements"]["duration_ns"] for e in self.slow(self.dev, "combined")]
        self.assertGreaterEqual(min(durations), 20_000_000)
        self.assertGreaterEqual(max(durations), 40_000_000 - CLOCKS_NS)

    def test_the_log_holds_what_the_sink_wrote(self):
        stops = sum(e["event"] == "profiler.stop" for e in self.dev)
        self.assertEqual(self.records["call"] + self.records["call_memory"], stops)
        productions = sum(e["event"] == "profiler.production" for e in self.dev)
        self.assertEqual(self.records["production"], productions)

    def test_rules(self):
        found = self.run_on(
            "options", DEEP_PROFILE="never:rate=1;every:off;disabled:rate=1;half:calls,slow=1s;"
            "in_test*:rate=1;fib*:slow=100us")
        self.assertEqual(len(self.of(found, "never", "stop")), 1)
        self.assertEqual(len(self.of(found, "every", "stop")), 0)
        self.assertEqual(len(self.of(found, "disabled", "stop")), 1)
        self.assertEqual(len(self.of(found, "in_test_and_prod", "stop")), 1)
        self.assertAlmostEqual(len(self.of(found, "half", "stop")), 10000,
                               delta=6 * math.sqrt(5000), msg="its own attribute goes on")
        self.assertGreater(len(self.of(found, "fibonacci", "slow_operation")), 0)

    def test_same_seed_same_sample(self):
        again = self.run_on("options")
        self.assertEqual(len(self.of(again, "half", "stop")), self.count("half"))
        self.setUp()
        other = self.run_on("options", DEEP_PROFILE_SEED="2")
        self.assertNotEqual(len(self.of(other, "half", "stop")), self.count("half"))


class Slow(Profiled):
    def test_every_slow_call_is_judged_and_no_fast_one(self):
        found = self.run_on("slow")
        # A busy machine may stop a fast one for longer than its threshold, too; and where the
        # tick was late, a slow one may only have been slow. slow_bounds.py says of each.
        were_slow = [took for took in self.printed("coarse") if took >= 64e6]
        coarse = [e["measurements"] for e in self.slow(found, "coarse")]
        self.assertGreaterEqual(len(were_slow), 2)
        self.assertLessEqual(len(coarse), len(were_slow))
        self.assertGreaterEqual(len(coarse) + self.row("coarse").get("maybe_slow", 0), 2)
        if not dp.report(TOOL, self.out)["loss"]["tick_late"]:
            self.assertGreaterEqual(len(coarse), 2)
            self.assertGreater(max(m["duration_error_ns"] for m in coarse), 0)
        for m in coarse:
            self.assertEqual(m["threshold_ns"], 64_000_000)
            self.assertGreaterEqual(m["duration_ns"] - m["duration_error_ns"], 64_000_000 - 2)
            self.assertLessEqual(m["duration_ns"] - m["duration_error_ns"], max(were_slow) + CLOCKS_NS)
        exact = [e["measurements"] for e in self.slow(found, "exact")]
        self.assertTrue(all(m["duration_error_ns"] == 0 for m in exact))
        self.assertTrue(all(m["duration_ns"] >= m["threshold_ns"] == 900_000 for m in exact))
        self.assertLessEqual(len(exact), sum(took >= 900_000 for took in self.printed("exact")))
        self.assertTrue(20e6 - CLOCKS_NS <= max(m["duration_ns"] for m in exact)
                        <= max(self.printed("exact")) + CLOCKS_NS)

    def test_rate_is_the_share_of_slow_calls_that_leaves_events(self):
        found = self.run_on("slow", DEEP_PROFILE_ENV="test")
        self.assertTrue(0 < len(self.slow(found, "sometimes")) < 40) # 6 sigma around 20

    def test_a_call_is_reported_while_it_runs(self):
        found = self.run_on("slow")
        in_flight = self.slow(found, "stuck", in_flight=True)
        at_end = self.slow(found, "stuck")
        self.assertEqual((len(in_flight), len(at_end)), (1, 1))
        self.assertLess(in_flight[0]["measurements"]["duration_ns"],
                        at_end[0]["measurements"]["duration_ns"])
        self.assertEqual(in_flight[0]["metadata"]["tid"], at_end[0]["metadata"]["tid"])
        self.assertEqual(in_flight[0]["metadata"]["call_id"], at_end[0]["metadata"]["call_id"])
        self.assertIs(at_end[0]["metadata"]["reported_in_flight"], True)

    def test_a_call_is_its_threads_also_where_the_state_was_cut(self):
        found = self.run_on("slow", "cut", self.out + "/state/lane-0001")
        reported = self.slow(found, "stuck", in_flight=True) + self.slow(found, "stuck")
        self.assertEqual([e["metadata"]["tid"] for e in reported], [int(self.stdout)] * 2)

    def test_what_has_ended_deeper_than_the_list_reaches_is_not_in_flight(self):
        found = self.run_on("slow", "nested")
        if self.printed("deepest")[0] < 400e6: # not where the machine stopped in them
            self.assertEqual([self.slow(found, "deepest", running) for running in (True, False)], [[], []])
        in_flight, at_end = ({e["metadata"]["call_id"] for e in self.slow(found, "nested", running)}
                             for running in (True, False))
        self.assertEqual(len(at_end), 50)
        self.assertTrue(in_flight)
        self.assertLessEqual(in_flight, at_end)

    def test_nor_does_a_report_call_it_open(self):
        self.run_on("slow", "nested", "abort", status=-6)
        still_open = {call["function"] for call in dp.report(TOOL, self.out)["open_calls"]}
        self.assertEqual(still_open, {"nested"})


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
