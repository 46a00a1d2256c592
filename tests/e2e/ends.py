#!/usr/bin/env python3
"""Threads and processes that end, fork or leave their calls: nothing is lost and nothing is
counted twice.

Run by Meson: ends.py DEEP_PROFILE_CC DEEP_PROFILE [TEST...]. See profiled.py.
"""
import collections
import glob
import os
import re
import subprocess
import sys
import unittest

import dp
from profiled import CC, HERE, Profiled

CXX = CC.removesuffix("cc") + "c++"


class Threads(Profiled):
    def test_counts_add_up_over_short_lived_threads(self):
        found = self.run_on("threads", "300", "10", "1000", status=7)
        calls = self.of(found, "counted", "calls")
        self.assertEqual(sum(e["measurements"]["calls"] for e in calls), 300 * 1000 + 1)
        self.assertEqual(len(self.of(found, "recorded", "stop")), 301)
        self.assertLessEqual(len(glob.glob(self.out + "/state/lane-*")), 12,
                             "lanes pass from thread to thread")
        self.assertEqual(self.trace()["call"], 301)

    def test_counts_come_while_the_program_runs_when_asked_for(self):
        found = self.run_on("threads", "20", "10", "1000", "long", status=7,
                            DEEP_PROFILE_CALLS_PERIOD="50ms")
        calls = self.of(found, "counted", "calls")
        self.assertEqual(sum(e["measurements"]["calls"] for e in calls), 20 * 1000 + 1)
        last = max(calls, key=lambda e: e["time_unix_ns"])
        self.assertLess(last["time_unix_ns"], self.printed("at")[0], "only at the end")

    def test_counts_for_which_the_log_has_no_room_come_later(self):
        # 3,200 events, of which a log of 1 MB takes about 400 while the program runs.
        found = self.run_on("counted", DEEP_PROFILE_CALLS_PERIOD="10ms",
                            DEEP_PROFILE_SIZE_LIMIT="1MB")
        calls = [e for e in found if e["event"] == "profiler.calls"]
        self.assertEqual(sum(e["measurements"]["calls"] for e in calls), 64 * 50 * 3)
        self.assertGreater(len(calls), 64, "none while the program ran")
        text = dp.run("babeltrace2", self.out).stdout
        in_log = re.findall(r" calls: .* calls = (\d+)", text)
        self.assertEqual(sum(int(calls) for calls in in_log), 64 * 50 * 3)
        self.assertNotIn("log_full", [e["metadata"].get("reason") for e in found])

    def test_many_threads_at_once(self):
        found = self.run_on("threads", "200", "200", "10", status=7)
        calls = self.of(found, "counted", "calls")
        self.assertEqual(sum(e["measurements"]["calls"] for e in calls), 200 * 10 + 1)


class Ends(Profiled):
    def test_whatever_way_it_ends_the_log_is_there(self):
        for how, status in (("exit", 3), ("_exit", 4), ("abort", -6), ("kill", -9), ("exec", 0)):
            with self.subTest(how):
                self.setUp()
                self.run_on("ends", how, status=status)
                self.assertEqual(self.stdout, "still here\n")
                self.assertEqual(self.trace()["call"], 100)

    def test_a_thread_still_runs_at_exit(self):
        self.run_on("ends", "running", status=5)
        self.assertGreater(self.trace()["call"], 100)

    def test_a_forked_child_gets_a_log_of_its_own(self):
        self.run_on("ends", "fork", status=6)
        logs = sorted(glob.glob(self.out + "*"))
        self.assertEqual(len(logs), 2)
        self.assertRegex(logs[1], r"log\.\d+$")
        self.assertEqual(self.trace(logs[0])["call"], 110)
        self.assertEqual(self.trace(logs[1])["call"], 10)

    def calls_of(self, log):
        return self.trace(log)["call"]

    def test_the_threads_of_a_child_begin_at_once(self):
        for _ in range(5):
            self.setUp()
            self.run_on("forks", "threads")
            logs = sorted(glob.glob(self.out + "*"))
            self.assertEqual(len(logs), 2)
            self.assertEqual(self.calls_of(logs[0]), 1)
            self.assertEqual(self.calls_of(logs[1]), 800)
            self.assertEqual(os.listdir(logs[0] + "/state").count("lane-0001"), 0)

    def test_a_child_unloads_a_library_before_its_first_call(self):
        library = self.folder + "/loaded.so"
        dp.run(CC, "-O2", "-fPIC", "-shared", f"{HERE}/programs/loaded.c", "-o", library)
        self.run_on("forks", "unload", library)
        logs = sorted(glob.glob(self.out + "*"))
        self.assertEqual([self.calls_of(log) for log in logs], [1, 100])

    def test_a_child_of_a_program_that_writes_over_its_environment(self):
        self.run_on("forks", "title", DEEP_PROFILE="work:rate=1")
        logs = sorted(glob.glob(self.out + "*"))
        self.assertEqual([self.calls_of(log) for log in logs], [1, 100])

    def test_two_programs_with_the_same_directory(self):
        both = [subprocess.Popen([self.program("ends")], cwd=self.folder, stdout=subprocess.PIPE,
                                 env=dp.environment(DEEP_PROFILE="1", DEEP_PROFILE_OUT=self.out))
                for _ in range(2)]
        for process in both:
            process.communicate()
            self.assertEqual(process.returncode, 0)
        logs = glob.glob(self.out + "*")
        self.assertEqual(len(logs), 2)
        for log in logs:
            self.assertEqual(self.trace(log)["call"], 101)


class Leaves(Profiled):
    def test_calls_left_otherwise_than_by_return(self):
        path, library = self.folder + "/leaves", self.folder + "/loaded.so"
        dp.run(CXX, "-O2", f"{HERE}/programs/leaves.cc", "-o", path, "-lpthread", "-ldl")
        dp.run(CC, "-O2", "-fPIC", "-shared", f"{HERE}/programs/loaded.c", "-o", library)
        variables = dp.environment(DEEP_PROFILE="1", DEEP_PROFILE_OUT=self.out,
                                   DEEP_PROFILE_EVENTS=self.sink)
        done = subprocess.run([path, library], env=variables, check=False)
        self.assertEqual(done.returncode, 3)
        found = self.read_sink()

        def left(function):
            return collections.Counter(e["metadata"]["kind"] for e in found
                                       if e["event"] == "profiler.exception"
                                       and e["metadata"]["function"].startswith(function))
        self.assertEqual(left("jumps"), {"longjmp": 10})
        self.assertEqual(left("over"), {"longjmp": 10})
        self.assertEqual(left("throws"), {"unwind": 15})
        self.assertEqual(sum(left("ends_thread").values()), 1)
        self.assertEqual(left("ends_program"), {"exit": 1})
        self.assertEqual(left("plain"), {})
        stops = collections.Counter(e["metadata"]["function"].split("(")[0] for e in found
                                    if e["event"] == "profiler.stop")
        self.assertEqual(stops, {"plain": 10, "inside": 50})
        self.assertEqual(sum(e["measurements"]["calls"]
                             for e in self.of(found, "loaded", "calls")), 50)
        sites = [e["metadata"]["site"] for e in found if e["metadata"].get("function") == "inside"]
        self.assertEqual(len(set(sites)), 1, "loaded again, it is the same function")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
