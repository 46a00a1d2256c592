#!/usr/bin/env python3
"""Whole-program mode with the real runtime: what rules make of functions that
nobody annotated, in threads and forked children that open no call.

Run by Meson: whole_program_rules.py DEEP_PROFILE DEEP_PROFILE_CC.
"""
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import dp

TOOL, CC = sys.argv[1:3]
HERE = os.path.dirname(os.path.abspath(__file__))


class Rules(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="deep-profile-whole-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.paths = {}

    def program(self, flags):
        if flags not in self.paths:
            path = self.paths[flags] = f"{self.folder}/whole_rules-{len(self.paths)}"
            dp.run(CC, "-fdeep-profile=all", *flags, f"{HERE}/programs/whole_rules.c", "-o", path,
                   "-lpthread")
        return self.paths[flags]

    def logs(self, rules, *arguments, flags=("-O2",), **variables):
        """The run's logs, the parent's first."""
        out = tempfile.mkdtemp(dir=self.folder) + "/log"
        path = self.program(flags)
        dp.run(path, *map(str, arguments),
               env=dp.environment(DEEP_PROFILE=rules, DEEP_PROFILE_OUT=out, **variables))
        return sorted(glob.glob(out + "*"), key=len)

    def functions(self, log):
        return {f["function"]: f for f in dp.report(TOOL, log)["functions"]}

    def slow(self, log):
        return sorted(e["metadata"]["function"] for e in dp.events(TOOL, log)
                      if e["event"] == "profiler.slow_operation" and
                      not e["metadata"]["in_flight"])

    def test_exact_counts(self):
        for flags in (("-O2",), ("-O0",), ("-O2", "-mcmodel=large"), ("-O2", "-static")):
            (log,) = self.logs("*:calls", 3, 12345, flags=flags)
            found = self.functions(log)
            self.assertEqual({name: found[name]["estimated_calls"] for name in ("busy", "work", "main")},
                             {"busy": 3 * 12345, "work": 3, "main": 1}, flags)
            self.assertTrue(found["busy"]["exact"])

    def test_counts_and_samples_together(self):
        (log,) = self.logs("*:calls,rate=0.05", 2, 50000, DEEP_PROFILE_SEED="7")
        busy = self.functions(log)["busy"]
        self.assertEqual(busy["estimated_calls"], 100000)
        # five standard deviations of Binomial(100000, 0.05)
        self.assertLess(abs(busy["sampled"] - 5000), 5 * (100000 * 0.05 * 0.95) ** 0.5)

    def test_every_call_recorded(self):
        (log,) = self.logs("busy:rate=1", 2, 5000)
        found = self.functions(log)
        self.assertEqual(found["busy"]["sampled"], 10000)
        self.assertNotIn("work", found)

    def test_slow_calls_of_threads_that_opened_none(self):
        (log,) = self.logs("waits:slow=20ms", 3, 1000, 80)
        self.assertEqual(self.slow(log), ["waits"] * 3)

    def test_slow_calls_of_everything(self):
        (log,) = self.logs("*:slow=20ms", 2, 1000, 80)
        self.assertEqual(self.slow(log), ["main", "waits", "waits", "work", "work"])

    def found(self, log, function):
        """The report's rows about slow calls of a function."""
        text = subprocess.run((TOOL, "report", "--format=json", log), env=dp.environment(),
                              stdout=subprocess.PIPE, check=False).stdout # 3: nothing recorded yet
        return [row for row in json.loads(text)["slow_operations"] if row["function"] == function]

    def hang(self, rules, flags):
        """Starts the program, and waits until its report knows a call that has not returned."""
        out = tempfile.mkdtemp(dir=self.folder) + "/log"
        path = self.program(flags)
        program = subprocess.Popen([path, "hang"], stdin=subprocess.PIPE, env=dp.environment(
            DEEP_PROFILE=rules, DEEP_PROFILE_OUT=out))
        self.addCleanup(program.stdin.close)
        self.addCleanup(program.kill)
        for _ in range(600):
            time.sleep(0.1)
            if os.path.exists(out + "/metadata") and any("reason" in row and row["reason"]["stacks"]
                                                         for row in self.found(out, "asks")):
                return out, program
        self.fail(f"{flags}: not found in a minute")

    def test_a_call_that_has_not_returned_has_its_reason(self):
        for flags in (("-O2",), ("-O0",), ("-O2", "-static")):
            with self.subTest(flags=flags):
                log, program = self.hang("*:slow=20ms", flags)
                before, = self.found(log, "asks")
                self.assertTrue(before["in_flight"] and before["at_least"])
                self.assertGreaterEqual(before["duration_ns"], 20e6)
                self.assertIn("read", {wait["syscall"] for wait in before["reason"]["waits"]})
                self.assertTrue(self.found(log, "hangs")[0]["in_flight"])
                program.stdin.write(b"x")
                program.stdin.close()
                self.assertEqual(program.wait(60), 0)
                after, = self.found(log, "asks")
                self.assertFalse(after["in_flight"] or after.get("at_least"))
                self.assertGreaterEqual(after["duration_ns"], before["duration_ns"])
                # One call, whose end has the id of its report in flight.
                ids = {(e["metadata"]["function"], e["metadata"]["call_id"])
                       for e in dp.events(TOOL, log) if e["event"] == "profiler.slow_operation"}
                self.assertEqual(sorted(name for name, _ in ids), ["asks", "hang", "hangs", "main"])

    def test_only_watched_calls_are_in_flight(self):
        log, program = self.hang("*:calls;asks:slow=20ms", ("-O2",))
        self.assertEqual(self.found(log, "hangs"), [])
        program.stdin.close()
        self.assertEqual(program.wait(60), 0)
        self.assertEqual(self.slow(log), ["asks"])

    def follow(self):
        """Events of a call that hangs, as they are followed while it hangs and ends."""
        log, program = self.hang("asks:slow=20ms", ("-O2",))
        follower = subprocess.Popen((TOOL, "events", "--follow", "--format=json", log),
                                    env=dp.environment(), stdout=subprocess.PIPE, text=True)
        with follower.stdout as lines:
            found = [json.loads(lines.readline())] # what is there already
            program.stdin.close()
            found += [json.loads(line) for line in lines]
        self.assertEqual((program.wait(60), follower.wait(60)), (0, 0))
        return [e for e in found if e["event"] == "profiler.slow_operation"]

    def test_reasons_are_followed(self):
        for _ in range(10): # a reason that comes too late, on a busy machine, is not waited for
            begun, ended = self.follow()
            self.assertTrue(begun["metadata"]["in_flight"])
            self.assertTrue(ended["metadata"]["reported_in_flight"])
            if "reason" in ended:
                break
        self.assertIn("read", {wait["syscall"] for wait in ended["reason"]["waits"]})
        frames = [frame["function"] for stack in ended["reason"]["stacks"] for frame in stack["frames"]]
        self.assertIn("asks", frames)

    def test_forked_child_is_watched(self):
        for rules in ("*_in_child:slow=20ms", "*_in_child:slow=20ms;busy:calls"):
            parent, child = self.logs(rules, 0, 1000, 80, 1)
            self.assertEqual((self.slow(parent), self.slow(child)), ([], ["waits_in_child"]), rules)

    def test_forked_child_counts_for_itself(self):
        parent, child = self.logs("*:calls", 1, 1000, 0, 1)
        self.assertEqual([self.functions(log)["busy"]["estimated_calls"] for log in (parent, child)],
                         [1000, 1000])

    def test_off(self):
        self.assertEqual(self.logs("0", 2, 1000, 20, 1), [])
        (log,) = self.logs("nobody:rate=1", 2, 1000, 20)
        self.assertEqual(dp.events(TOOL, log), [])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
