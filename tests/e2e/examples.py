#!/usr/bin/env python3
"""Every example runs, and the log says of it what its comments promise.

Run by Meson: examples.py FOLDER_OF_EXAMPLES TOOL CC SOURCES [PREFIX OF THEIR NAMES]. The programs have
been built by Meson through deep-profile-cc. Nothing here depends on how fast
the machine is.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import dp

EXAMPLES, TOOL, CC, SOURCES = map(os.path.abspath, sys.argv[1:5])
PREFIX = (sys.argv[5:] or [""])[0]


class Examples(unittest.TestCase):
    def setUp(self):
        self.folder = os.path.realpath(tempfile.mkdtemp(prefix="deep-profile-examples-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.out = self.folder + "/log"

    def write(self, name, text):
        path = f"{self.folder}/{name}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def profile(self, example, *arguments, **variables):
        """Runs the example off and on: the output is the same. Returns it and the events."""
        program = f"{EXAMPLES}/{PREFIX}{example}"
        plain = dp.run(program, *arguments).stdout
        self.assertFalse(os.path.exists(self.out))
        profiled = dp.profile(self.out, program, *arguments, **variables)
        self.assertEqual(plain, profiled)
        return profiled, dp.events(TOOL, self.out)

    def reported(self, function):
        """The function's row in the report."""
        row, = [f for f in dp.report(TOOL, self.out)["functions"] if f["function"] == function]
        return row

    def of(self, events, event, function):
        return [e for e in events if e["event"] == event and e["metadata"].get("function") == function]

    def test_01_profile(self):
        lines = [f"line {i}\n" for i in range(400)]
        old = self.write("old", "".join(lines))
        new = self.write("new", "".join(lines[::2]))
        said, events = self.profile("01-profile", old, new, DEEP_PROFILE_SEED="1")
        self.assertEqual(said, "400 and 200 lines, 200 in common\n")
        # 400 calls at rate 0.5: 8 standard deviations (10 each) around the middle.
        stops = self.of(events, "profiler.stop", "fill_row")
        self.assertEqual(len(stops), len(self.of(events, "profiler.start", "fill_row")))
        self.assertTrue(120 <= len(stops) <= 280, len(stops))
        complete, = self.of(events, "profiler.complete", "common_lines")
        self.assertEqual(complete["metadata"]["algorithm"], "lcs")
        self.assertEqual(complete["metadata"]["strategy"], "memory")
        self.assertEqual(complete["measurements"]["memory_delta_bytes"], 0)
        self.assertGreater(complete["measurements"]["duration_ns"], 0)

    def test_01_profile_is_not_for_production(self):
        old = self.write("old", "a\n" * 100)
        _, events = self.profile("01-profile", old, old, DEEP_PROFILE_ENV="prod")
        self.assertEqual(self.of(events, "profiler.stop", "fill_row"), [])
        self.assertEqual(len(self.of(events, "profiler.stop", "common_lines")), 1)

    def test_02_profile_if_slow(self):
        # The last one is a prime whose root is near 10^8: 5 * 10^7 divisions, which
        # no machine does in 10 ms. The first two need a handful.
        began = time.monotonic_ns()
        said, events = self.profile("02-profile-if-slow", "12", "1001", "9999999999999937")
        took_ns = time.monotonic_ns() - began
        self.assertEqual(said, "12: 2 2 3\n1001: 7 11 13\n9999999999999937: 9999999999999937\n")
        slow = self.of(events, "profiler.slow_operation", "smallest_factor")
        finished = [e for e in slow if not e["metadata"].get("in_flight")]
        self.assertGreaterEqual(len(finished), 1)
        for event in finished:
            self.assertGreaterEqual(event["measurements"]["duration_ns"], 10_000_000)
            self.assertLess(event["measurements"]["duration_ns"], took_ns)
            self.assertEqual(event["measurements"]["threshold_ns"], 10_000_000)
            self.assertEqual(event["metadata"]["algorithm"], "trial_division")
        self.assertEqual(self.reported("smallest_factor")["slow"], len(finished))

    def test_02_profile_if_slow_is_silent_about_fast_calls(self):
        # Three calls of nanoseconds; only a machine that stops for 10 ms makes one slow.
        _, events = self.profile("02-profile-if-slow", "12")
        self.assertLess(len(self.of(events, "profiler.slow_operation", "smallest_factor")), 3)

    def test_03_profile_production(self):
        text = self.write("text", "plain\nümlaut €\n")
        said, events = self.profile("03-profile-production", text, DEEP_PROFILE_ENV="prod",
                                    DEEP_PROFILE_SEED="1")
        self.assertEqual(said, "200000 lines, 0 invalid\n")
        # 200000 calls at rate 0.01: 8 standard deviations (45 each) around 2000.
        count = len(self.of(events, "profiler.production", "is_valid"))
        self.assertTrue(1640 <= count <= 2360, count)
        self.assertLess(abs(self.reported("is_valid")["estimated_calls"] - 200000), 36000)

    def test_04_profile_memory(self):
        lines = [f"{i:0100}\n" for i in range(1000)]
        text = self.write("text", "".join(reversed(lines)))
        said, events = self.profile("04-profile-memory", text)
        self.assertEqual(said, "".join(lines))
        load, = self.of(events, "profiler.memory", "load")
        sort, = self.of(events, "profiler.memory", "print_sorted")
        self.assertGreaterEqual(load["measurements"]["delta_bytes"], 1000 * 109)
        self.assertLess(load["measurements"]["delta_bytes"], 1000 * 160 + 8192)
        self.assertGreaterEqual(sort["measurements"]["peak_bytes"], 8000)
        # The table is gone again; the buffer of stdout stays.
        self.assertLess(sort["measurements"]["delta_bytes"], 8000)
        self.assertEqual(self.reported("load")["memory"]["delta_bytes"],
                         load["measurements"]["delta_bytes"])

    def test_04_profile_memory_is_silent_under_its_threshold(self):
        _, events = self.profile("04-profile-memory", self.write("text", "b\na\n"))
        self.assertEqual(self.of(events, "profiler.memory", "load"), [])
        self.assertEqual(len(self.of(events, "profiler.memory", "print_sorted")), 1)

    def test_07_telemetry(self):
        said, _ = self.profile("07-telemetry", "40")
        self.assertTrue(said.startswith("40 jobs, "), said)
        report = dp.report(TOOL, self.out)
        times = {row["operation"]: (row["times"], row["open"]) for row in report["operations"]}
        self.assertEqual(times, {"wait": (40, 0), "small job": (30, 0), "large job": (10, 0)})
        self.assertEqual({row["kind"]: row["count"] for row in report["counts"]},
                         {"small job": 30, "large job": 10})
        gauge, = report["gauges"]
        self.assertEqual((gauge["gauge"], gauge["sets"], gauge["last"], gauge["least"]),
                         ("jobs waiting", 80, 0, 0))

    def test_05_profile_calls(self):
        said, events = self.profile("05-profile-calls", "8")
        self.assertEqual(said, "92 solutions\n")

        def calls(function):
            return sum(e["measurements"]["calls"] for e in events if e["event"] == "profiler.calls"
                       and e["metadata"]["function"].startswith(f"queens::{function}"))
        # Safe placements of 0 to 8 queens in the first rows, summed up: 1 + 8 + 42 + … + 92.
        self.assertEqual(calls("solutions"), 2056)
        self.assertEqual(calls("place"), 2056)
        self.assertEqual(self.reported("queens::solutions")["counted"], 2056)

    def test_06_flame_graph(self):
        before = os.getcwd()
        os.chdir(self.folder) # where its output= is
        self.addCleanup(os.chdir, before)
        said, _ = self.profile("06-flame-graph", DEEP_PROFILE_TOOL=TOOL)
        self.assertEqual(said, "crc_table[1] 77073096, 1077871 primes\n")
        with open(self.folder + "/startup.svg", encoding="utf-8") as picture:
            self.assertIn("start_up", picture.read())

    def test_header_index(self):
        # One header of many definitions among small ones.
        for i in range(20):
            self.write(f"include/small{i}.h", f"int small{i}(int value); /* comment */\n")
        self.write("include/large.h", "".join(f"#define LARGE_{i} {i}\n" for i in range(20000)))
        self.write("include/no-header.txt", "int nothing;\n")
        said, events = self.profile("header-index", self.folder + "/include", "value", "comment")
        self.assertRegex(said, r"^21 headers, 20023 identifiers, \d+ threads\n"
                               r"value: 20 lines in 20 headers\n")
        self.assertIn("comment: 0 lines in 0 headers\n", said)
        self.assertEqual(len(self.of(events, "profiler.stop", "index_file")), 21)
        # 8 * 10^8 comparisons for the large one, no machine does them in 10 ms.
        slow = self.of(events, "profiler.slow_operation", "words_remove_repeats")
        self.assertEqual(slow[0]["metadata"]["stage"], "remove_repeats")
        worst = dp.report(TOOL, self.out)["slow_operations"][0]
        self.assertEqual(worst["metadata"], {"stage": "remove_repeats"})
        compared = sum(e["measurements"]["calls"]
                       for e in self.of(events, "profiler.calls", "same_mention"))
        # Each word is compared with all before it: LARGE_0 to 19999 and 20000 times
        # "define" (on lines of their own); and "int small int value", one of them twice.
        self.assertEqual(compared, 40000 * 39999 // 2 + 20 * (1 + 1 + 2))
        removing = self.reported("words_remove_repeats")
        self.assertGreater(removing["max_ns"], 100 * removing["p50_ns"])
        # What scripts/demo says at its end. 40080 words: 20 files with four, one of them twice.
        answer = dp.run("python3", f"{SOURCES}/../scripts/demo-answer.py",
                        input=dp.run(TOOL, "report", "--format=json", self.out).stdout).stdout
        self.assertIn("40080 words were compared with 799980080 others", answer)

    def test_examples_build_without_the_plugin(self):
        """The macros vanish: any compiler, no runtime."""
        include = os.path.dirname(SOURCES) + "/include"
        header_index = [f"{SOURCES}/header-index/{name}.c"
                        for name in ("header-index", "index", "scan", "words")]
        sources = [[f"{SOURCES}/{name}"] for name in sorted(os.listdir(SOURCES))
                   if name.endswith((".c", ".cc"))]
        self.assertEqual(len(sources), 7)
        for files in [*sources, header_index]:
            for compiler in ("gcc", "clang"):
                if not shutil.which(compiler):
                    continue
                cxx = files[0].endswith(".cc")
                command = [{"gcc": "g++", "clang": "clang++"}[compiler] if cxx else compiler,
                           "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-pthread", "-O1",
                           "-I", include, *files, "-o", self.folder + "/a.out"]
                with self.subTest(command):
                    result = subprocess.run(command, capture_output=True, text=True, check=False)
                    self.assertEqual((result.returncode, result.stderr), (0, ""))
                    symbols = dp.run("nm", self.folder + "/a.out").stdout
                    needed = {line.split()[-2] for line in symbols.splitlines()
                              if "deep_profile" in line}
                    self.assertEqual(needed, {"w"} if "07-telemetry" in files[0] else set())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
