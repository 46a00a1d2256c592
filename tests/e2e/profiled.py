"""What the tests of options, ends, guests and load share: a program of programs/ is built with
deep-profile-cc and run with profiling on; its events are read from DEEP_PROFILE_EVENTS and,
through babeltrace2, from the log itself.

The test's arguments: DEEP_PROFILE_CC DEEP_PROFILE [TEST...].
"""
import collections
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import dp

CC, TOOL = sys.argv[1:3]
CLOCKS_NS = 200_000 # between two clocks, ours and the one it follows
HERE = os.path.dirname(os.path.abspath(__file__))


class Profiled(unittest.TestCase):
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
