#!/usr/bin/env python3
"""flame_graph(output=…): the file stands there when the program has ended, the host notices
nothing, and where it cannot be drawn the report says why and what to type.

    flame_file.py DEEP_PROFILE_CC DEEP_PROFILE [TEST…]
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

CC, TOOL = (os.path.abspath(path) for path in (sys.argv.pop(1), sys.argv.pop(1)))
SOURCE = os.path.dirname(os.path.abspath(__file__)) + "/programs/flame_file.c"
PATIENCE = 60


class FlameFile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.built = tempfile.mkdtemp(prefix="deep-profile-flame-")
        cls.addClassCleanup(shutil.rmtree, cls.built)

    def setUp(self):
        self.folder = tempfile.mkdtemp(dir=self.built)

    def path(self, name):
        return os.path.join(self.folder, name)

    def build(self, options="output=graph.svg"):
        program = os.path.join(self.built, "".join(c for c in options if c.isalnum()))
        if not os.path.exists(program):
            dp.run(CC, "-O2", "-pthread", f'-DOPTIONS="{options}"', SOURCE, "-o", program)
        return program

    def host(self, what="exit", options="output=graph.svg", status=7, keep=(), **variables):
        env = dp.environment(**{"DEEP_PROFILE": "1", "DEEP_PROFILE_OUT": "log", "DEEP_PROFILE_TOOL": TOOL,
                                **variables})
        done = subprocess.run([self.build(options), what], cwd=self.folder, env=env, text=True,
                              capture_output=True, check=False, pass_fds=keep)
        self.assertEqual((done.returncode, done.stderr), (status, ""))
        return done.stdout

    def script(self, text):
        """A tool of our own that does something first."""
        path = self.path("tool")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\n{text}\nexec {TOOL} \"$@\"\n")
        os.chmod(path, 0o755)
        return path

    def report(self, log="log"):
        return dp.run(TOOL, "report", self.path(log)).stdout

    def is_drawn(self, name="graph.svg"):
        with open(self.path(name), encoding="utf-8") as file:
            return "work" in file.read()

    def assert_not_drawn(self, why):
        self.assertFalse(os.path.exists(self.path("graph.svg")))
        said = self.report()
        self.assertIn("work: " + self.path("graph.svg") + ", not drawn\n", said)
        self.assertIn(why, said)
        self.assertIn(f"deep-profile flamegraph --requested {self.path('log')}", said)
        dp.run(TOOL, "flamegraph", "--requested", self.path("log"))
        self.assertTrue(self.is_drawn())
        self.assertNotIn("not drawn", self.report())

    def test_it_is_there_when_the_program_has_ended(self):
        self.assertEqual(self.host(), "done\n")
        self.assertTrue(self.is_drawn())
        self.assertIn(f"work: {self.path('graph.svg')}\n", self.report())
        picture = dp.report(TOOL, self.path("log"))["flame_graphs"]
        self.assertEqual(picture, [{"function": "work", "path": self.path("graph.svg"), "drawn": True}])

    def test_nothing_is_drawn_when_profiling_is_off(self):
        self.host(DEEP_PROFILE="0")
        self.assertEqual(os.listdir(self.folder), [])

    def test_form_and_name(self):
        self.host(options="output=deep/graph.json", status=7)
        self.assertFalse(os.path.exists(self.path("deep")))  # no folder is made
        self.host(options="output=graph.json", DEEP_PROFILE_OUT="log2")
        with open(self.path("graph.json"), encoding="utf-8") as file:
            tree = json.load(file)
        # Of stacks, where the call was long enough to be looked at; else of recorded calls.
        self.assertRegex(tree["title"], "wall time in work$")
        self.assertIn('"name": "work"', json.dumps(tree))
        self.host(options="output=%e.%p.html", DEEP_PROFILE_OUT="log3")
        self.assertEqual(len(glob.glob(self.path("outputephtml.[0-9]*.html"))), 1)
        self.host(options="format=html", DEEP_PROFILE_OUT="log4")
        self.assertEqual(len(glob.glob(self.path("work.[0-9]*.html"))), 1)

    def test_the_directory_is_that_of_the_start(self):
        self.host("chdir")
        self.assertTrue(self.is_drawn())

    def test_a_host_without_standard_descriptors(self):
        self.host("closed")
        self.assertTrue(self.is_drawn())

    def test_the_host_sees_no_child(self):
        self.assertEqual(self.host("watch"), "done\n")
        self.assertTrue(self.is_drawn())

    def test_who_draws_has_nothing_of_the_host(self):
        tool = self.script(f"ls -l /proc/$$/fd > {self.path('fds')}; env > {self.path('env')}")
        kept = os.dup2(os.open("/dev/null", os.O_WRONLY), 40)
        self.addCleanup(os.close, kept)
        self.host(DEEP_PROFILE_TOOL=tool, keep=(kept,), LD_PRELOAD="", HOST_SECRET="x")
        with open(self.path("fds"), encoding="utf-8") as file:
            # The shell has 10 and so on for itself.
            fds = {line.split()[8]: line.split()[-1] for line in file if "->" in line}
        self.assertLessEqual(set(fds), {"0", "1", "2", "3", "10", "11", "12", "255"})
        self.assertEqual({fds["0"], fds["2"]}, {"/dev/null"})
        with open(self.path("env"), encoding="utf-8") as file:
            names = {line.partition("=")[0] for line in file}
        self.assertFalse(names & {"HOST_SECRET", "LD_PRELOAD", "DEEP_PROFILE", "DEEP_PROFILE_OUT"})

    def test_async_ends_without_waiting(self):
        os.mkfifo(self.path("gate"))
        tool = self.script(f"read line < {self.path('gate')}")
        self.host(options="output=graph.svg,async=true", DEEP_PROFILE_TOOL=tool)  # with its output read to the end
        self.assertFalse(os.path.exists(self.path("graph.svg")))
        self.assertIn("ended before it was drawn", self.report())
        with open(self.path("gate"), "w", encoding="utf-8") as gate:
            gate.write("go\n")
        until = time.monotonic() + PATIENCE
        while not os.path.exists(self.path("graph.svg")):
            self.assertLess(time.monotonic(), until)
            time.sleep(0.05)
        self.assertTrue(self.is_drawn())

    def test_it_waits_no_longer_than_it_may(self):
        os.mkfifo(self.path("gate"))
        tool = self.script(f"read line < {self.path('gate')}; exit 0")
        self.host(DEEP_PROFILE_TOOL=tool, DEEP_PROFILE_FLAME_GRAPH_WAIT="10ms")
        with open(self.path("gate"), "w", encoding="utf-8") as gate:
            gate.write("go\n")
        self.assert_not_drawn("ended before it was drawn")

    def test_without_a_tool(self):
        self.host(DEEP_PROFILE_TOOL="/nonexistent/tool")
        self.assert_not_drawn("deep-profile was not found")

    def test_a_tool_that_is_none(self):
        self.host(DEEP_PROFILE_TOOL=self.folder)
        self.assert_not_drawn("the system refused")

    def test_found_in_the_path(self):
        self.host(DEEP_PROFILE_TOOL="deep-profile", PATH=f"relative:/nonexistent:{os.path.dirname(TOOL)}")
        self.assertTrue(self.is_drawn())

    def test_a_host_in_a_sandbox_is_not_killed(self):
        self.assertEqual(self.host("shut"), "done\n")
        self.assert_not_drawn("sandbox")

    def test_killed(self):
        self.host("kill", status=-9)
        self.assert_not_drawn("did not end by exit()")

    def test_record_draws_what_the_program_could_not(self):
        for what, status in (("kill", 137), ("_exit", 0)):
            env = dp.environment(DEEP_PROFILE_TOOL="/nonexistent")
            done = subprocess.run([TOOL, "record", "-o", "log-" + what, "--", self.build(), what], text=True,
                                  cwd=self.folder, env=env, capture_output=True, check=False)
            self.assertEqual(done.returncode, status, done.stderr)
            self.assertIn("flame graph: " + self.path("graph.svg"), done.stderr)
            self.assertTrue(self.is_drawn())
            os.unlink(self.path("graph.svg"))

    def test_a_forked_child_has_a_file_of_its_own(self):
        child = self.host("fork").split()[0]
        self.assertTrue(self.is_drawn())
        self.assertTrue(self.is_drawn(f"graph.{child}.svg"))


if __name__ == "__main__":
    unittest.main()
