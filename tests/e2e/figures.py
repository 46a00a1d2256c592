#!/usr/bin/env python3
"""The figures of a report against the clock of the program itself.

Run by Meson: figures.py DEEP_PROFILE_CC DEEP_PROFILE [TEST...]. A figure is right, or it is
not there: where something is not known the report says neither 0 nor a guess.
"""
import os
import shutil
import sys
import tempfile
import unittest

import dp

CC, TOOL = (os.path.abspath(path) for path in sys.argv[1:3])
SOURCES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs/figures")


class Figures(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="deep-profile-figures-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)

    def build(self, name, *flags, compiler=CC, source=None):
        path = f"{self.folder}/{name}"
        if not os.path.exists(path):
            dp.run(compiler, "-O2", "-g", f"{SOURCES}/{source or name + '.c'}", *flags, "-o", path)
        return path

    def report(self, rules, *command, **variables):
        """What the program printed, by its first word, and the report's functions."""
        out = tempfile.mkdtemp(dir=self.folder)
        env = dp.environment(DEEP_PROFILE=rules, DEEP_PROFILE_OUT=f"{out}/log", **variables)
        lines = dp.run(*command, env=env).stdout.splitlines()
        self.log = f"{out}/log"
        self.text = dp.run(TOOL, "report", f"{out}/log").stdout
        report = dp.report(TOOL, f"{out}/log")
        self.wall_ns, self.loss, found = report["wall_ns"], report["loss"], report["functions"]
        return dict(line.split() for line in lines), {f["function"]: f for f in found}

    def events(self, kind):
        return [e for e in dp.events(TOOL, self.log) if e["event"] == f"profiler.{kind}"]


class SelfTime(Figures):
    """Between what the program's clock showed inside and around its calls, or left out."""

    def check(self, mode, rules, shown, left_out=(), **variables):
        measured, functions = self.report(rules, self.build("self"), mode, **variables)
        for name in shown:
            real, reported = int(measured[name]), functions[name].get("self_ns")
            self.assertIsNotNone(reported, f"{name}\n{self.text}")
            self.assertGreaterEqual(reported, real, name)
            self.assertLessEqual(reported, int(measured[name + "_most"]), name)
        for name in left_out:
            self.assertNotIn("self_ns", functions[name], f"{measured}\n{self.text}")

    def test_of_calls_that_were_all_recorded(self):
        self.check("calls", "*:rate=1", ["parent", "child"])

    def test_of_recorded_recursion(self):
        self.check("recurse", "*:rate=1", ["recurse"])

    def test_of_sampled_recursion(self):
        self.check("recurse", "*:rate=0.3", [], ["recurse"])

    def test_of_recursion_deeper_than_a_thread_has_frames(self):
        self.check("deep", "*:rate=1", [], ["recurse"])

    def test_around_calls_that_were_left(self):
        self.check("leave", "*:rate=1", [], ["parent"])

    def test_around_calls_of_which_a_part_is_chosen(self):
        self.check("calls", "parent:rate=1;child:rate=0.5", [], ["parent"])

    def test_around_calls_of_which_none_happened_to_be_chosen(self):
        self.check("rare", "parent:rate=1;rare:rate=0.000001", [], ["parent"])

    def test_around_calls_that_the_load_gate_refused(self):
        self.check("load", "1", [], ["parent"], DEEP_PROFILE_CHECK_LOAD="true",
                   DEEP_PROFILE_MEMORY_LIMIT="0", DEEP_PROFILE_LOAD_PERIOD="50ms")

    def test_around_calls_that_are_only_watched(self):
        self.check("calls", "parent:rate=1;child:slow=10s", [], ["parent"])


class Memory(Figures):
    def test_of_an_allocator_in_front_of_ours(self):
        """Nothing of it is seen: that is not 0 bytes."""
        library = self.build("own-malloc.so", "-DALLOCATOR", "-shared", "-fPIC", "-fno-builtin",
                             source="memory.c")
        program = self.build("memory")
        _, functions = self.report("1", program, LD_PRELOAD=library)
        self.assertEqual(functions["allocates"]["estimated_calls"], 10)
        self.assertNotIn("memory", functions["allocates"], self.text)
        self.assertIn("malloc is another library's, in front of the profiler's", self.text)
        self.assertEqual(self.events("memory"), [])

    def test_of_a_program_that_takes_the_address_of_malloc(self):
        for name, flags in (("pie", ["-fPIE", "-pie"]), ("no-pie", ["-fno-pie", "-no-pie"])):
            with self.subTest(name):
                _, functions = self.report("1", self.build(name, *flags, source="memory.c"))
                self.assertEqual(functions["allocates"]["memory"]["allocations"], 10, self.text)
                self.assertEqual(len(self.events("memory")), 10)

    def test_of_a_realloc_that_fails(self):
        """It has freed nothing. A static program counts by other functions."""
        for name, flags in (("shared", []), ("static", ["-static"])):
            with self.subTest(name):
                program = self.build("realloc-" + name, *flags, source="realloc.c")
                _, functions = self.report("1", program)
                memory = functions["grows"]["memory"]
                self.assertEqual((memory["allocations"], memory["frees"]), (1, 0), self.text)
                self.assertGreaterEqual(memory["allocated_bytes"], 1000)
                self.assertEqual(memory["freed_bytes"], 0)


    def own_memory(self, rules, *arguments):
        program = self.build("own_memory", "-fdeep-profile=all")
        _, functions = self.report(rules, program, *arguments)
        return {name: f["memory"] for name, f in functions.items() if "memory" in f}

    def test_a_function_s_own_is_what_no_call_below_allocated(self):
        memory = self.own_memory("*:memory")
        self.assertEqual({name: (m["allocations"], m["self_allocations"])
                          for name, m in memory.items()},
                         {"main": (90, 0), "outer": (80, 30), "middle": (50, 0),
                          "inner": (50, 50), "apart": (10, 10)}, self.text)
        self.assertEqual(sum(m["self_allocated_bytes"] for m in memory.values()),
                         memory["main"]["allocated_bytes"])
        self.assertGreaterEqual(memory["outer"]["self_allocated_bytes"], 30000)
        self.assertLess(memory["outer"]["self_allocated_bytes"], 40000)
        table = self.text[self.text.index("Memory allocated by functions themselves"):]
        self.assertRegex(table.splitlines()[1], r"^\s*self ")
        self.assertRegex(table.splitlines()[2], r"\bouter\b") # the most first

    def test_a_rule_for_memory_leaves_no_record_of_a_call_unless_asked(self):
        self.own_memory("*:memory")
        self.assertEqual(self.events("memory"), [])
        self.own_memory("*:memory;outer:memory=0")
        self.assertEqual(len(self.events("memory")), 10)

    def test_what_is_allocated_around_calls_that_were_left_is_not_told_apart(self):
        memory = self.own_memory("*:memory", "leave")
        self.assertNotIn("self_allocations", memory["outer"], self.text)
        self.assertEqual((memory["apart"]["allocations"], memory["apart"]["self_allocations"]),
                         (10, 10))
        self.assertIn("Memory allocated in functions and what they call", self.text)

    def test_nor_around_calls_of_which_a_part_is_counted(self):
        program = self.build("own_memory-annotated", "-DANNOTATED", source="own_memory.c")
        _, functions = self.report("1", program)
        self.assertNotIn("self_allocations", functions["outer"]["memory"], self.text)


class TotalTime(Figures):
    def test_one_outlier(self):
        """Only one call in twenty is chosen: run until the long one is."""
        program = self.build("total", "-lm")
        for seed in range(1, 300):
            _, functions = self.report("1", program, "outlier", DEEP_PROFILE_SEED=str(seed))
            if "rarely" in functions:
                break
        rarely = functions["rarely"]
        self.assertEqual(rarely["sampled"], 1)
        first = max(functions, key=lambda name: functions[name]["total_ns_low"])
        self.assertEqual(list(functions)[0], first, self.text) # of which most is known
        for bound in ("total_ns", "total_ns_high", "total_ns_low"):
            self.assertLessEqual(rarely[bound], self.wall_ns) # one thread
        self.assertLessEqual(rarely["share_of_wall"], 1)
        self.assertRegex(self.text, r"1 sample .* rarely ")

    def test_slow_calls_are_not_scaled_up(self):
        """Half of the calls is chosen. Each slow one would count twice, or not at all."""
        for seed in "1234":
            measured, functions = self.report("1", self.build("total", "-lm"), "slow",
                                              DEEP_PROFILE_SEED=seed)
            real = int(measured["mixed"]) + int(measured["slow"])
            # One that a late tick cannot tell from a fast one, and that was not chosen, has no time.
            maybe = functions["mixed"].get("maybe_slow", 0)
            self.assertGreaterEqual(functions["mixed"]["slow"] + maybe, 10, self.text)
            if maybe:
                continue
            # The short ones are scaled up; their estimate's standard deviation is known. A busy
            # machine makes some of them long.
            off = 5 * int(measured["mixed_ROOT"]) + 0.05 * real
            self.assertAlmostEqual(functions["mixed"]["total_ns"], real, delta=off)

    def test_a_function_that_the_load_gate_refused(self):
        _, functions = self.report("1", self.build("total", "-lm"), "late",
                                   DEEP_PROFILE_CHECK_LOAD="true", DEEP_PROFILE_MEMORY_LIMIT="0",
                                   DEEP_PROFILE_LOAD_PERIOD="50ms")
        refused = functions["refused"]
        self.assertEqual((refused["sampled"], refused["gated"]), (0, 20))
        self.assertGreaterEqual(refused["estimated_calls"], 20)
        self.assertNotIn("total_ns", refused)
        row, = (line for line in self.text.splitlines() if " refused " in line and "total.c" in line)
        self.assertNotIn("0 ns", row)
        self.assertNotIn("0.0 %", row)


class Exceptions(Figures):
    def test_through_frames_without_landing_pads(self):
        """No call is lost because places ran out, and each is counted as left."""
        for level in ("-O0", "-O2"):
            program = self.build("thrown" + level, level, "-fdeep-profile=all", "-lstdc++",
                                 compiler=CC.removesuffix("cc") + "c++", source="thrown.cc")
            for mode, calls in (("", {"throws": 800, "between": 400, "returns": 800}),
                                ("alone", {"throws": 800, "between": 400}),
                                ("catches", {"throws": 800, "between": 800, "catches": 800})):
                with self.subTest(level=level, mode=mode):
                    _, functions = self.report("*:rate=1", program, *mode.split())
                    found = {name.split("(")[0]: f for name, f in functions.items()}
                    for name, n in calls.items():
                        self.assertEqual(found[name]["estimated_calls"], n, self.text)
                        left = n if name in ("throws", "between") else 0
                        self.assertEqual(found[name]["exceptions"], left, self.text)
                    self.assertEqual(self.loss["depth"], 0)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
