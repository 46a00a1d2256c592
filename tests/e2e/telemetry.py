#!/usr/bin/env python3
"""Operations, gauges, counts and spans that a program measures by itself.

Run by Meson: telemetry.py DEEP_PROFILE_CC DEEP_PROFILE_CXX DEEP_PROFILE INCLUDE. Nothing here
depends on how fast the machine is.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import dp

CC, CXX, TOOL, INCLUDE = (os.path.abspath(path) for path in sys.argv[1:5])
PROGRAMS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs")
THREADS, TIMES = 3, 60


class Telemetry(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = os.path.realpath(tempfile.mkdtemp(prefix="deep-profile-telemetry-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.program = cls.build("telemetry", CC, "-O2", "-Wall", "-Wextra", "-Werror")

    @classmethod
    def build(cls, name, *command, source="telemetry.c"):
        program = f"{cls.folder}/{name}"
        dp.run(*command, f"{PROGRAMS}/{source}", "-o", program, "-pthread")
        return program

    def setUp(self):
        self.log = self.folder + "/log"
        self.addCleanup(lambda: [shutil.rmtree(f"{self.folder}/{name}")
                                 for name in os.listdir(self.folder) if name.startswith("log")])

    def run_it(self, program, *how, **variables):
        """Its output and status."""
        result = subprocess.run([program, str(THREADS), str(TIMES), *how], text=True, check=False,
                                stdout=subprocess.PIPE,
                                env=dp.environment(DEEP_PROFILE="1", DEEP_PROFILE_OUT=self.log,
                                                   **variables))
        return result.stdout, result.returncode

    def check(self, report, spans_open=1):
        """Everything was said THREADS x TIMES times, by threads that have ended."""
        n = THREADS * TIMES
        operations = {row["operation"]: row for row in report["operations"]}
        query = operations["query"]
        self.assertEqual((query["times"], query["min_ns"], query["max_ns"]),
                         (n, 1000, TIMES * 1000))
        self.assertEqual(query["total_ns"], THREADS * 1000 * TIMES * (TIMES + 1) // 2)
        for share in (50, 90, 99):
            exact = -(-TIMES * share // 100) * 1000
            self.assertLess(abs(query[f"p{share}_ns"] - exact), 0.01 * exact)
        self.assertEqual((operations["request"]["times"], operations["request"]["open"]), (n, 0))
        if spans_open:
            self.assertEqual((operations["never ended"]["times"],
                              operations["never ended"]["open"]), (0, spans_open))
        gauge, = report["gauges"]
        self.assertEqual((gauge["last"], gauge["least"], gauge["greatest"], gauge["sets"]),
                         (29, 0, 29, n))
        self.assertEqual((gauge["level"], gauge["p50"]), ("overloaded", 14))
        self.assertEqual(gauge["shares"], {"idle": 0.033333, "light": 0.133333, "busy": 0.5,
                                           "overloaded": 0.333333})
        self.assertEqual({row["kind"]: row["count"] for row in report["counts"]},
                         {f"kind {i}": 2 * n // 3 for i in range(3)})
        self.assertEqual({k: v for k, v in report["loss"].items() if v and k not in dp.BUSY}, {})

    def test_every_figure_is_exact(self):
        self.assertEqual(self.run_it(self.program), ("measured\n", 0))
        self.check(dp.report(TOOL, self.log))
        text = dp.run(TOOL, "report", self.log).stdout
        for heading in ("Operations", "Gauges", "Counts"):
            self.assertIn(f"\n{heading}\n", text)
        self.assertNotIn("\033", text)  # which is in a name

    def test_nothing_is_lost_when_the_process_is_killed(self):
        self.assertEqual(self.run_it(self.program, "kill"), ("measured\n", -9))
        self.check(dp.report(TOOL, self.log))

    def test_a_forked_child_has_a_log_of_its_own(self):
        self.assertEqual(self.run_it(self.program, "fork"), ("measured\n", 0))
        children = [name for name in os.listdir(self.folder) if name.startswith("log.")]
        self.assertEqual(len(children), 1)
        self.check(dp.report(TOOL, self.log))
        self.check(dp.report(TOOL, f"{self.folder}/{children[0]}"), spans_open=0)

    def test_a_static_program_and_one_in_cxx(self):
        for name, command in (("static", (CC, "-static")), ("cxx", (CXX, "-x", "c++", "-O2"))):
            with self.subTest(name):
                shutil.rmtree(self.log, ignore_errors=True)
                program = self.build(name, *command)
                self.assertEqual(self.run_it(program), ("measured\n", 0))
                self.check(dp.report(TOOL, self.log))

    def test_limits_of_levels_are_settings(self):
        self.run_it(self.program, DEEP_PROFILE_GAUGE_LEVELS="1,2,3;queue \033[31m depth=10,40,50")
        gauge, = dp.report(TOOL, self.log)["gauges"]
        self.assertEqual(gauge["limits"], {"light": 10, "busy": 40, "overloaded": 50})
        self.assertEqual((gauge["level"], gauge["shares"]["light"]), ("light", 0.666667))

    def test_metrics_are_events_and_add_up(self):
        self.run_it(self.program, DEEP_PROFILE_METRICS="100ms")
        found = [e for e in dp.events(TOOL, self.log) if e["event"] == "profiler.metrics"]
        times, values = {}, {}
        for event in found:
            name = (event["metadata"]["metric_type"], event["metadata"]["metric"])
            times[name] = times.get(name, 0) + event["measurements"]["times"]
            values[name] = event["measurements"]["value"]
            self.assertEqual("metric_level" in event["metadata"], name[0] == "gauge")
        n = THREADS * TIMES
        self.assertEqual(times[("operation", "query")], n)
        self.assertEqual(times[("operation", "request")], n)
        self.assertEqual([times[("count", f"kind {i}")] for i in range(3)], 3 * [2 * n // 3])
        gauge, = [name for name in times if name[0] == "gauge"]
        self.assertEqual((times[gauge], values[gauge]), (n, 29))
        self.check(dp.report(TOOL, self.log))
        self.assertRegex(dp.run(TOOL, "events", self.log).stdout, "metrics .*operation query: ")

    def test_switched_off_nothing_is_made(self):
        result = dp.run(self.program, "2", "5", env=dp.environment(DEEP_PROFILE_OUT=self.log))
        self.assertEqual(result.stdout, "nothing\n")
        self.assertFalse(os.path.exists(self.log))

    def test_the_header_alone_is_enough(self):
        strict = ("-std=c89", "-pedantic-errors", "-Wall", "-Wextra", "-Werror", "-I", INCLUDE)
        for compiler in ("gcc", "clang", "musl-gcc"):
            if not shutil.which(compiler):
                continue
            for more in ((), ("-O2",), ("-static",), ("-fPIE", "-pie"), ("-no-pie",)):
                with self.subTest(compiler=compiler, more=more):
                    program = self.build("alone", compiler, *strict, *more)
                    self.assertEqual(self.run_it(program), ("nothing\n", 0))
                    self.assertFalse(os.path.exists(self.log))

    def test_a_plugin_finds_the_runtime_of_its_program(self):
        source = "telemetry_plugin.c"
        library = self.build("plugin.so", "gcc", "-shared", "-fPIC", "-I", INCLUDE, source=source)
        for name, compiler, counts in (("with", CC, 3), ("without", "gcc", None)):
            with self.subTest(name):
                shutil.rmtree(self.log, ignore_errors=True)
                host = self.build(name, compiler, "-DHOST", "-ldl", source=source)
                self.assertEqual(dp.profile(self.log, host, library), "said\n")
                self.assertEqual(os.path.exists(self.log), counts is not None)
                if counts:
                    kind, = dp.report(TOOL, self.log)["counts"]
                    self.assertEqual((kind["kind"], kind["count"]), ("said by a plugin", counts))


class Handlers(unittest.TestCase):
    """programs/handlers.c waits for what must come; a time of its own it has nowhere."""

    @classmethod
    def setUpClass(cls):
        cls.folder = os.path.realpath(tempfile.mkdtemp(prefix="deep-profile-handlers-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.program = cls.folder + "/handlers"
        dp.run(CC, "-O2", "-g", "-Wall", "-Wextra", f"{PROGRAMS}/handlers.c", "-o", cls.program,
               "-pthread")

    def setUp(self):
        self.log = self.folder + "/log"
        self.addCleanup(shutil.rmtree, self.log, ignore_errors=True)

    def run_it(self, mode, status=0, **variables):
        result = subprocess.run([self.program, mode], text=True, check=False, timeout=120,
                                stdout=subprocess.PIPE,
                                env=dp.environment(DEEP_PROFILE="1", DEEP_PROFILE_OUT=self.log,
                                                   **variables))
        self.assertEqual(result.returncode, status, result.stdout)
        return result.stdout.splitlines()

    def test_they_receive_the_events_that_they_ask_for(self):
        lines = ["config profiler.stop work team=red, or not pid=1 0 1 0 1 1 profile elsewhere",
                 "detached 0", "110 100", "done"]
        for name, variables in (("alone", {}),
                                ("beside a file", {"DEEP_PROFILE_EVENTS": self.folder + "/events"})):
            with self.subTest(name):
                shutil.rmtree(self.log, ignore_errors=True)
                self.assertEqual(self.run_it("see", **variables), lines)
        with open(self.folder + "/events", encoding="utf-8") as file:
            self.assertEqual(sum('"profiler.stop"' in line for line in file), 111)
        self.assertEqual(dp.report(TOOL, self.log)["phase"], "finished")

    def test_one_may_detach_itself_and_attach_others(self):
        self.assertEqual(self.run_it("self"), ["1 1", "done"])
        shutil.rmtree(self.log)
        self.assertEqual(self.run_it("others"), ["1", "done"])

    def test_a_slow_one_is_detached_and_reported(self):
        self.assertEqual(self.run_it("slow"), ["profiler.handler_detached too slow 1", "1 1",
                                               "done"])
        event, = [e for e in dp.events(TOOL, self.log)
                  if e["event"] == "profiler.handler_detached"]
        self.assertEqual(event["metadata"]["handler"], "too slow")
        self.assertGreater(event["measurements"]["took_ns"], 100_000_000)
        text = dp.run(TOOL, "events", self.log).stdout
        self.assertRegex(text, "handler_detached .*too slow took")

    def test_one_may_end_the_process(self):
        self.assertEqual(self.run_it("exit", 7), [])
        self.assertEqual(dp.report(TOOL, self.log)["phase"], "finished")

    def test_a_child_that_one_forks_ends_as_it_returns(self):
        self.assertEqual(self.run_it("fork"), ["child 0", "done"])

    def test_what_is_refused(self):
        self.assertEqual(self.run_it("errors"), ["1 1 1 1 1", "0", "1", "0", "1", "0", "37", "done"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[5:], verbosity=2)
