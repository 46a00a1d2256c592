#!/usr/bin/env python3
"""The runtime in real programs: what each option does, and what a host notices.

Run by Meson: runtime.py DEEP_PROFILE_CC DEEP_PROFILE [TEST...]. The programs in programs/ are built
with it; events are read from DEEP_PROFILE_EVENTS and, through babeltrace2,
from the log itself.
"""
import collections
import glob
import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import dp

CC, TOOL = sys.argv[1:3]
CXX = CC.removesuffix("cc") + "c++"
CLOCKS_NS = 200_000 # between two clocks, ours and the one it follows
HERE = os.path.dirname(os.path.abspath(__file__))


class Runtime(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.programs = tempfile.mkdtemp(prefix="deep-profile-runtime-")
        cls.addClassCleanup(shutil.rmtree, cls.programs)

    @classmethod
    def program(cls, name, *flags):
        path = f"{cls.programs}/{name}{''.join(flags)}"
        if not os.path.exists(path):
            dp.run(CC, "-O2", "-g", *flags, f"{HERE}/programs/{name}.c", "-o", path, "-lpthread")
        return path

    def setUp(self):
        self.folder = tempfile.mkdtemp(dir=self.programs)
        self.out = self.folder + "/log"
        self.sink = self.folder + "/events"

    def run_on(self, name, *arguments, status=0, **variables):
        """Runs a program with profiling on; returns its events from the sink."""
        variables = {"DEEP_PROFILE": "1", "DEEP_PROFILE_SEED": "1", "DEEP_PROFILE_OUT": self.out,
                     "DEEP_PROFILE_EVENTS": self.sink, **variables}
        done = subprocess.run([self.program(name), *arguments], env=dp.environment(**variables),
                              cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, check=False)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertEqual(done.stderr, "")
        self.stdout = done.stdout
        return self.read_sink()

    def printed(self, name):
        """The numbers that the program printed of something."""
        return [int(line.split()[1]) for line in self.stdout.splitlines() if line.split()[0] == name]

    def row(self, function):
        """The function's row of the report."""
        return next(f for f in dp.report(TOOL, self.out)["functions"] if f["function"] == function)

    def read_sink(self):
        if not os.path.exists(self.sink):
            return []
        if os.path.exists(self.out + "/metadata") and dp.report(TOOL, self.out)["loss"]["sink"]:
            return dp.events(TOOL, self.out)  # too slow a machine: exit() does not wait for all lines
        with open(self.sink, encoding="utf-8") as lines:
            # Death or exec may cut what is being written; the log has it whole.
            return [json.loads(line) for line in lines if line.endswith("\n")]

    def trace(self, out=None):
        """The records of the log as babeltrace2 names them, counted."""
        text = dp.run("babeltrace2", out or self.out).stdout
        names = re.findall(r"^\[[^]]*\] \(\+[^)]*\) (\w+):", text, re.MULTILINE)
        # Of a call during which the machine stopped the record is a wide one.
        return collections.Counter(name.removesuffix("_wide") for name in names)

    @staticmethod
    def of(events, function, event):
        return [e for e in events if e["event"] == "profiler." + event
                and e["metadata"].get("function") == function]

    def slow(self, events, function, in_flight=False):
        return [e for e in self.of(events, function, "slow_operation")
                if bool(e["metadata"].get("in_flight")) == in_flight]


class Options(Runtime):
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


class Slow(Runtime):
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


class Threads(Runtime):
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


class Ends(Runtime):
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


class Leaves(Runtime):
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


class Guest(Runtime):
    def test_off_leaves_no_trace(self):
        for value in (None, "0", "off", "false", "no", ""):
            variables = {} if value is None else {"DEEP_PROFILE": value}
            done = dp.run(self.program("guest"), cwd=self.folder, env=dp.environment(**variables))
            self.assertEqual(done.stdout, "threads 1 descriptors 3 handlers 0 errno 0\n", value)
            self.assertEqual(done.stderr, "")
            self.assertEqual(os.listdir(self.folder), [])

    def test_on_is_one_thread_and_one_descriptor(self):
        self.run_on("guest")
        self.assertEqual(self.stdout, "threads 2 descriptors 4 handlers 0 errno 0\n")

    def test_setuid_like_programs_obey_no_variable(self):
        """Checked through secure_getenv's own test: AT_SECURE by file capabilities."""
        if os.geteuid() != 0 or not shutil.which("setcap"):
            self.skipTest("needs root and setcap")
        path = self.program("guest", "-static")
        if subprocess.run(["setcap", "cap_net_raw+ep", path], check=False).returncode != 0:
            self.skipTest("the file system keeps no capabilities")
        os.chmod(self.programs, 0o755)
        done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", path],
                              env=dp.environment(DEEP_PROFILE="1", DEEP_PROFILE_OUT="/tmp/dp-%p"),
                              stdout=subprocess.PIPE, text=True, check=True)
        self.assertIn("threads 1 ", done.stdout)


class Allocators(Runtime):
    def test_a_library_s_malloc_that_cannot_tell_sizes(self):
        library, path = self.folder + "/liballocator.so", self.folder + "/allocator"
        source = f"{HERE}/programs/allocator.c"
        dp.run(CC, "-O2", "-fPIC", "-fno-builtin", "-shared", source, "-o", library)
        dp.run(CC, "-O1", "-fno-builtin", "-DPROGRAM", source, "-o", path,
               "-Wl,--no-as-needed", library, "-Wl,-rpath," + self.folder)
        dp.run(path, env=dp.environment(DEEP_PROFILE="1", DEEP_PROFILE_OUT=self.out,
                                        DEEP_PROFILE_EVENTS=self.sink))
        found = self.read_sink()
        self.assertEqual(len(self.of(found, "allocates", "stop")), 10)
        self.assertEqual(self.of(found, "allocates", "complete"), []) # that would say bytes
        function, = dp.report(TOOL, self.out)["functions"]
        self.assertGreaterEqual(function["memory"]["allocations"], 30)
        self.assertIsNone(function["memory"]["allocated_bytes"])
        self.assertIn("malloc is another library's", dp.run(TOOL, "report", self.out).stdout)


class Output(Runtime):
    """A directory that cannot be made switches profiling off, and that is all."""

    def runs_unprofiled(self, out, **variables):
        done = subprocess.run([self.program("ends"), "exit"], cwd=self.folder, text=True,
                              env=dp.environment(DEEP_PROFILE="1", DEEP_PROFILE_OUT=out, **variables),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (3, "still here\n", ""))

    def test_impossible_directories(self):
        with open(self.folder + "/file", "w", encoding="utf-8") as file:
            file.write("mine")
        self.runs_unprofiled("/proc/nowhere/log")
        self.runs_unprofiled(self.folder + "/file/log")
        self.runs_unprofiled("x" * 5000)
        with open(self.folder + "/file", encoding="utf-8") as file:
            self.assertEqual(file.read(), "mine")

    def test_parents_are_made_and_patterns_filled_in(self):
        self.out = self.folder + "/a/b/%e.%p"
        self.run_on("ends", "exit", status=3)
        (log,) = glob.glob(self.folder + "/a/b/*")
        self.assertRegex(log, r"/ends\.\d+$")

    def test_a_directory_that_is_in_use_is_left_alone(self):
        os.mkdir(self.out)
        with open(self.out + "/mine", "w", encoding="utf-8") as file:
            file.write("mine")
        self.run_on("ends", "exit", status=3)
        self.assertEqual(os.listdir(self.out), ["mine"])
        (log,) = glob.glob(self.out + ".*")
        self.assertEqual(self.trace(log)["call"], 100)

    def test_an_empty_directory_is_used(self):
        os.mkdir(self.out)
        self.run_on("ends", "exit", status=3)
        self.assertEqual(self.trace()["call"], 100)

    def test_a_full_disk_loses_records_and_says_so(self):
        if os.geteuid() != 0:
            self.skipTest("needs root to mount")
        disk = self.folder + "/disk"
        os.mkdir(disk)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "none", disk],
                          check=False).returncode != 0:
            self.skipTest("cannot mount")
        try:
            self.out = disk + "/log"
            self.run_on("ends", "running", status=5)
            self.assertGreater(self.trace()["call"], 100)
            lost = [e for e in self.read_sink() if e["event"] == "profiler.lost"]
            self.assertIn("no_space", {e["metadata"]["reason"] for e in lost})
        finally:
            subprocess.run(["umount", disk], check=True)

    def test_a_limit_on_file_sizes_kills_nobody(self):
        path = self.program("ends")
        done = subprocess.run(["sh", "-c", f"ulimit -f 200; exec {path} running"],
                              env=dp.environment(DEEP_PROFILE="1", DEEP_PROFILE_OUT=self.out,
                                                 DEEP_PROFILE_EVENTS=self.sink,
                                                 DEEP_PROFILE_AGGREGATE_LIMIT="256KB"),
                              cwd=self.folder, stdout=subprocess.PIPE, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (5, "still here\n"))

    def test_size_limit_discards_or_keeps_the_newest(self):
        for policy, reason in (("discard", "log_full"), ("keep", "overwritten")):
            with self.subTest(policy):
                self.setUp()
                found = self.run_on("ends", "running", status=5, DEEP_PROFILE_SIZE_LIMIT="1MB",
                                    DEEP_PROFILE_WHEN_FULL=policy, DEEP_PROFILE_PACKET_SIZE="16KB")
                size = sum(os.path.getsize(path) for path in glob.glob(self.out + "/stream*"))
                self.assertLessEqual(size, 1 << 20)
                self.assertGreater(size, 1 << 19)
                lost = {e["metadata"]["reason"] for e in found if e["event"] == "profiler.lost"}
                self.assertIn(reason, lost)
                self.assertGreater(self.trace()["call"], 1000)


class Load(Runtime):
    """The program prints how often it called; what is refused goes by when the gate was closed."""
    CLOSED = {"DEEP_PROFILE_CHECK_LOAD": "true", "DEEP_PROFILE_MEMORY_LIMIT": "0",
              "DEEP_PROFILE_LOAD_PERIOD": "50ms"}

    @staticmethod
    def moves(found):
        return [e for e in found if e["event"] == "profiler.load"]

    @classmethod
    def closed(cls, found):
        """From when to when, each time."""
        times, since = [], {}
        for move in cls.moves(found):
            if move["metadata"]["gate"] == "closed":
                since.setdefault(move["metadata"]["resource"], move["time_unix_ns"])
            elif move["metadata"]["resource"] in since:
                times.append((since.pop(move["metadata"]["resource"]), move["time_unix_ns"]))
        return times + [(begin, math.inf) for begin in since.values()]

    def calls_while_closed(self, found, function):
        begun = [e["time_unix_ns"] - e["measurements"]["duration_ns"]
                 for e in self.of(found, function, "stop")]
        closed = self.closed(found)
        return sum(begin + CLOCKS_NS < time < end - CLOCKS_NS for time in begun for begin, end in closed)

    def wait_for(self, what, seconds):
        """Of the lines that the sink has by now."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            lines = []
            if os.path.exists(self.sink):
                with open(self.sink, encoding="utf-8") as sink:
                    lines = [json.loads(line) for line in sink if line.endswith("\n")]
            if what(lines):
                return True
            time.sleep(0.5)
        return False

    def test_the_gate_closes_under_load_and_opens_again(self):
        variables = dp.environment(DEEP_PROFILE="1", DEEP_PROFILE_OUT=self.out,
                                   DEEP_PROFILE_EVENTS=self.sink, DEEP_PROFILE_CHECK_LOAD="true",
                                   DEEP_PROFILE_LOAD_PERIOD="100ms", DEEP_PROFILE_CPU_LIMIT="0.95",
                                   DEEP_PROFILE_MEMORY_LIMIT="1")
        goes_on = self.folder + "/goes-on"
        with open(goes_on, "w", encoding="ascii"):
            pass
        busy = [subprocess.Popen(["sh", "-c", "while :; do :; done"])
                for _ in range(2 * os.cpu_count())]
        with subprocess.Popen([self.program("load"), "200", goes_on], env=variables,
                              stdout=subprocess.DEVNULL) as program:
            closed = self.wait_for(self.moves, 60) and \
                self.wait_for(lambda found: self.calls_while_closed(found, "unchecked") > 20, 60)
            for process in busy:
                process.kill()
                process.wait()
            # Other programs may keep the machine busy.
            opened = closed and self.wait_for(lambda found: len(self.moves(found)) > 1, 10) and \
                self.wait_for(lambda found: any(e["time_unix_ns"] > self.moves(found)[1]["time_unix_ns"]
                                                for e in self.of(found, "checked", "stop")), 10)
            os.unlink(goes_on)
            self.assertEqual(program.wait(), 0)
        if not closed:
            self.skipTest("we may not use 95 % of this machine's processors")
        found = self.read_sink()
        first = self.moves(found)[0]
        self.assertEqual((first["metadata"]["resource"], first["metadata"]["gate"]), ("cpu", "closed"))
        self.assertGreater(first["measurements"]["value"], 0.95)
        self.assertEqual(self.calls_while_closed(found, "checked"), 0)
        self.assertGreater(self.calls_while_closed(found, "unchecked"), 20)
        print("opened again" if opened else "the machine stayed busy")

    def test_closed_from_the_start_when_any_load_is_too_much(self):
        found = self.run_on("load", "1", **self.CLOSED)
        self.assertEqual([m["metadata"]["resource"] for m in self.moves(found)
                          if m["metadata"]["resource"] == "memory"], ["memory"])
        self.assertEqual(len(self.of(found, "unchecked", "stop")), self.printed("calls")[0])
        self.assertLess(len(self.of(found, "checked", "stop")), self.printed("calls")[0])
        self.assertGreater(self.calls_while_closed(found, "unchecked"), 0)
        self.assertEqual(self.calls_while_closed(found, "checked"), 0)

    def test_a_rule_is_obeyed_while_it_is_closed(self):
        def stops(rule):
            shutil.rmtree(self.folder)
            os.mkdir(self.folder)
            found = self.run_on("load", "1", DEEP_PROFILE=rule, **self.CLOSED)
            self.assertTrue(self.closed(found))
            return (len(self.of(found, "checked", "stop")), self.printed("calls")[0],
                    self.calls_while_closed(found, "checked"))

        sampled, calls, _ = stops("checked:rate=1")
        self.assertEqual(sampled, calls)
        self.assertNotIn("machine was busy", dp.run(TOOL, "report", self.out).stdout)
        sampled, calls, while_closed = stops("checked:rate=1,check_load=true")
        self.assertLess(sampled, calls)
        self.assertEqual(while_closed, 0)
        self.assertRegex(dp.run(TOOL, "report", self.out).stdout,
                         r"the machine was busy [0-9.]+ % of the time: [0-9.]+ of "
                         r"[0-9.]+ sampled calls were refused")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
