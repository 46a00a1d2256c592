#!/usr/bin/env python3
"""Processes and threads, however they come and go: each process has its own log,
every call stands in one of them once, and what threads needed is given back.

Run by Meson: processes.py DEEP_PROFILE_CC DEEP_PROFILE. With `threads` behind it
only what is about the memory of threads, with 4,000 at once and 100,000 in a row.
"""
import collections
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
LONG = "threads" in sys.argv[3:]
CXX = CC.removesuffix("cc") + "c++"
HERE = os.path.dirname(os.path.abspath(__file__))
N = 100  # CALLS of programs/processes.c


def calls(log):
    """{(event, function): count}, and of `calls` events the calls. What was lost is
    looked at by Case.logs()."""
    found = collections.Counter()
    for event in dp.events(TOOL, log):
        what = event["event"].removeprefix("profiler.")
        if what not in ("start", "lost"):
            function = event["metadata"].get("function", "").split("(")[0]
            found[what, function] += event["measurements"].get("calls", 1)
    return found


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.programs = tempfile.mkdtemp(prefix="deep-profile-processes-")
        cls.addClassCleanup(shutil.rmtree, cls.programs)

    @staticmethod
    def of_functions(log, what):
        return {f["function"]: f.get(what) for f in dp.report(TOOL, log)["functions"]}

    def sampled(self, log):
        return self.of_functions(log, "sampled")["recorded"]

    @classmethod
    def program(cls, source, *flags, compiler=CC, name=None):
        path = f"{cls.programs}/{name or source.split('.')[0]}"
        if not os.path.exists(path):
            dp.run(compiler, "-O2", "-g", *flags, f"{HERE}/programs/{source}", "-o", path,
                   "-lpthread", "-ldl")
        return path

    def library(self, name, options="rate=1"):
        return self.program("module.c", "-fPIC", "-shared", f'-DOPTIONS="{options}"', name=name)

    def setUp(self):
        self.folder = tempfile.mkdtemp(dir=self.programs)

    def run_in(self, *command, status=0, **variables):
        """Runs a program with its logs below the case's folder; what it printed."""
        env = dp.environment(DEEP_PROFILE="1", **variables)
        done = subprocess.run(command, env=env, cwd=self.folder, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (status, ""))
        return done.stdout

    def logs(self):
        """Those of the case, in the order of their processes' starts."""
        found = {log: dp.report(TOOL, log) for log in glob.glob(self.folder + "/deep-profile.*")}
        for log, report in found.items():
            lost = {k: v for k, v in report["loss"].items()
                    if v and k not in dp.BUSY}
            self.assertEqual((lost, report["damage"]["places"]), ({}, 0), log)
        return sorted(found, key=lambda log: found[log]["start_unix_ns"])


class Processes(Case):
    def test_every_generation_has_its_log_and_nothing_is_written_twice(self):
        self.run_in(self.program("processes.c", "-D_GNU_SOURCE"), "generations")
        parent, *children = (calls(log) for log in self.logs())
        self.assertEqual(parent["stop", "recorded"], 3 * N)
        self.assertEqual(parent["calls", "counted"], 3 * N)
        self.assertEqual(parent["stop", "enclosing"], 1)
        self.assertEqual(len(children), 2)
        for child in children: # not the calls around the fork: they are the parent's
            self.assertEqual(child, {("stop", "recorded"): 2 * N, ("calls", "counted"): 2 * N})

    def test_a_child_that_opens_no_gate_counts_nothing_for_its_parent(self):
        for how in ("fork", "_Fork", "clone"):
            with self.subTest(how):
                self.setUp()
                self.run_in(self.program("processes.c", "-D_GNU_SOURCE"), "silent", how)
                parent = calls(self.logs()[0])
                self.assertEqual(parent, {("stop", "recorded"): 2 * N, ("calls", "counted"): 2 * N})

    def test_vfork_children_write_for_the_thread_that_they_stand_in_for(self):
        self.run_in(self.program("processes.c", "-D_GNU_SOURCE"), "vfork")
        (log,) = self.logs()
        by_thread = collections.Counter(e["metadata"]["tid"] for e in dp.events(TOOL, log)
                                        if e["event"] == "profiler.stop")
        # Of a thread that had made no call before, the child's are not recorded.
        self.assertEqual(sorted(by_thread.values()), [N, 3 * N, 3 * N])
        self.assertIn(int(log.split(".")[-1]), by_thread)
        self.assertEqual(len(dp.report(TOOL, log)["lanes"]), 2)

    def test_many_forks_at_once_while_threads_record(self):
        printed = self.run_in(self.program("processes.c", "-D_GNU_SOURCE"), "storm")
        parent, *children = self.logs()
        self.assertEqual(self.sampled(parent), int(printed))
        self.assertEqual([calls(log)["stop", "recorded"] for log in children], 20 * [N])

    def test_a_fork_in_a_handler_that_interrupted_the_runtime(self):
        """The child comes back to what the parent goes on with."""
        printed = self.run_in(self.program("processes.c", "-D_GNU_SOURCE"), "handler",
                              DEEP_PROFILE_PACKET_SIZE="4KB")
        made, children_ended = (int(word) for word in printed.split())
        self.assertEqual(children_ended, 100)
        parent, *children = self.logs()
        self.assertEqual(self.sampled(parent), made)
        self.assertEqual(self.of_functions(parent, "counted")["counted"], made)
        text = dp.run("babeltrace2", parent).stdout
        self.assertEqual(text.count(") call: ") + text.count(") call_wide: "), made, "sampled, but not in the log")
        # One more where the interrupted call had not begun for the runtime.
        self.assertLessEqual({self.sampled(log) for log in children}, {10, 11, 20, 21})

    def test_programs_that_are_started_have_their_own(self):
        path = self.program("processes.c", "-D_GNU_SOURCE")
        self.run_in(path, "spawn", path)
        found = [calls(log)["stop", "recorded"] for log in self.logs()]
        self.assertEqual(found, [2 * N] + 4 * [N])

    def both_finished(self):
        logs = glob.glob(self.folder + "/deep-profile.*")
        try:
            return len(logs) == 2 and all(dp.report(TOOL, log)["phase"] == "finished"
                                          for log in logs)
        except AssertionError: # a log that is being made
            return False

    def test_a_daemon_logs_where_it_was_started(self):
        self.run_in(self.program("processes.c", "-D_GNU_SOURCE"), "daemon")
        deadline = time.monotonic() + 60
        while not self.both_finished():
            self.assertLess(time.monotonic(), deadline, "the daemon has no log, or no end")
            time.sleep(0.05)
        self.assertEqual([calls(log)["stop", "recorded"] for log in self.logs()], [N, N])


class Edges(Case):
    """Code before main, after it, and at the end of threads."""
    ONCE = ("in_constructor", "in_static_object", "in_main", "in_atexit", "in_static_destructor",
            "in_destructor")

    def edges(self, *flags):
        return self.program("edges.cc", *flags, compiler=CXX, name="edges" + "".join(flags))

    def test_all_calls_between_first_and_last_destructor_are_there(self):
        for flags in ((), ("-static",)):
            with self.subTest(flags):
                self.setUp()
                self.run_in(self.edges(*flags), "5", status=3)
                (log,) = self.logs()
                expected = {("stop", function): 1 for function in self.ONCE}
                expected["stop", "in_thread"] = expected["stop", "in_thread_local_destructor"] = 5
                expected["stop", "in_key_destructor"] = 4 * 5  # PTHREAD_DESTRUCTOR_ITERATIONS
                self.assertEqual(calls(log), expected)

    def test_main_may_end_before_other_threads(self):
        self.run_in(self.edges(), "exit_main", status=4)
        (log,) = self.logs()
        self.assertEqual(calls(log), {("stop", f): 1 for f in (*self.ONCE, "in_thread")})
        self.assertEqual(dp.report(TOOL, log)["phase"], "finished")

    def test_a_thread_that_ends_unheard_leaves_its_lane_to_others(self):
        self.run_in(self.edges(), "leak", DEEP_PROFILE_OUT=self.folder + "/deep-profile.leak")


    def test_a_process_ends_with_its_last_thread(self):
        """Ours is none of the host's. It looks twice a second."""
        last = self.program("last.c")
        for way, status, printed, found in (("thread", 0, "exit\n", 3), ("both", 0, "exit\n", 3),
                                            ("raw", 3, "", 1)):
            with self.subTest(way):
                self.setUp()
                self.assertEqual(self.run_in("timeout", "-s", "KILL", "30", last, way, status=status),
                                 printed)
                (log,) = self.logs()
                self.assertEqual(calls(log)["stop", "recorded"], found)


class Modules(Case):
    def test_libraries_come_and_go_while_threads_run(self):
        libraries = [self.library(f"{name}.so") for name in "abc"]
        printed = self.run_in(self.program("modules.c"), "loop", "100", *libraries)
        (log,) = self.logs()
        found = calls(log)
        self.assertEqual(found["stop", "work"], int(printed))
        self.assertEqual(found["stop", "inside"], 3000)
        self.assertEqual(found["calls", "counted_inside"], 3000)
        self.assertEqual(self.modules_of(log, "inside"), {"a.so": 1000, "b.so": 1000, "c.so": 1000})
        size = os.path.getsize(log + "/runtime-0000")
        self.assertLess(size, 64 << 10, "a library that comes again is not written down again")

    def modules_of(self, log, function):
        return collections.Counter(e["metadata"]["module"] for e in dp.events(TOOL, log)
                                   if e["event"] == "profiler.stop"
                                   and e["metadata"]["function"] == function)

    def test_a_library_that_was_replaced_is_asked_again_what_it_wants(self):
        library = shutil.copy(self.library("asks.so"), self.folder + "/replaced.so")
        other = shutil.copy(self.library("less.so", "rate=1, threshold=1min"), self.folder)
        printed = self.run_in(self.program("modules.c"), "replace", library, other)
        (log,) = self.logs()
        found = calls(log)
        self.assertEqual(found["stop", "inside"], 20, "the third ten were of the other")
        self.assertEqual(found["calls", "counted_inside"], 30)
        self.assertEqual(found["stop", "work"], int(printed))
        self.assertIn("threshold=1min", dp.run(TOOL, "sites", "--format=json", log).stdout)

    def test_the_runtime_comes_late(self):
        library = self.library("late.so")
        self.run_in(self.program("late.c", compiler="cc"), library, status=5)
        (log,) = self.logs()
        self.assertEqual(calls(log), {("stop", "inside"): 500, ("calls", "counted_inside"): 500})
        by_thread = collections.Counter(e["metadata"]["tid"] for e in dp.events(TOOL, log)
                                        if e["event"] == "profiler.stop")
        self.assertEqual(sorted(by_thread.values()), [100, 100, 100, 200])


class Memory(Case):
    """What a thread takes, and that it comes back: docs/reliability.md has the figures."""

    def figures(self, threads, at_once, on):
        out = self.folder + "/deep-profile.many"
        shutil.rmtree(out, ignore_errors=True)
        env = dp.environment(DEEP_PROFILE=str(on), DEEP_PROFILE_OUT=out)
        text = dp.run(self.program("many.c"), str(threads), str(at_once), env=env).stdout
        return {line.split()[0]: [int(word) for word in line.split()[1:]]
                for line in text.splitlines()}

    def test_thousands_at_once(self):
        threads = 4000 if LONG else 1000
        off, on = self.figures(threads, threads, 0), self.figures(threads, threads, 1)
        log = self.folder + "/deep-profile.many"
        (rss, virtual, mappings), (rss_off, virtual_off, _) = on["while"], off["while"]
        self.assertGreaterEqual(mappings, 2 * threads)
        self.assertLess((rss - rss_off) / threads, 80, "KB of memory a thread")
        self.assertLess((virtual - virtual_off) / threads, 5 << 10, "KB of addresses a thread")
        later, later_off = on["later"], off["later"]
        self.assertLessEqual(later[2], 2, "mappings when they are gone")
        self.assertLess((later[0] - later_off[0]) / threads, 12, "KB of memory a thread that is gone")
        disk = sum(os.stat(path).st_blocks * 512
                   for path in glob.glob(log + "/**", recursive=True) if os.path.isfile(path))
        self.assertLess(disk / threads, 48 << 10, "bytes on disk a thread")
        self.assertEqual(self.sampled(log), 10 * threads + 1)

    def test_thousands_in_a_row(self):
        threads = 100000 if LONG else 5000
        on = self.figures(threads, 1, 1)
        log = self.folder + "/deep-profile.many"
        self.assertLessEqual(len(glob.glob(log + "/state/lane-*")), 4)
        self.assertLessEqual(on["later"][2], 2)
        self.assertLess(on["after"][0] - on["before"][0], 2 << 10, "KB")
        disk = sum(os.stat(path).st_blocks * 512 for path in glob.glob(log + "/stream-*"))
        self.assertLess(disk / threads, 4500, "bytes of log a thread: a page")
        self.assertEqual(self.sampled(log), 10 * threads + 1)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + (["Memory"] if LONG else sys.argv[3:]), verbosity=2)
