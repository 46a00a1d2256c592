#!/usr/bin/env python3
"""The figures of the process and its machine over time: in the log, in the report, in top.

Run by Meson: machine.py DEEP_PROFILE_CC DEEP_PROFILE [TEST...]. The program is
programs/machine.c, which goes on until a file of the test's is gone.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import dp

CC, TOOL = (os.path.abspath(path) for path in sys.argv[1:3])
SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs/machine.c")


class Machine(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="deep-profile-machine-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        dp.run(CC, "-O2", "-g", SOURCE, "-o", cls.folder + "/machine", "-lpthread")

    def setUp(self):
        self.log = f"{self.folder}/log-{self._testMethodName}"
        self.goes_on = self.log + ".goes-on"
        with open(self.goes_on, "w", encoding="ascii"):
            pass

    def start(self, *arguments, **variables):
        what, *rest = map(str, arguments)
        variables = {"DEEP_PROFILE_MACHINE": "20ms", **variables}
        return subprocess.Popen([self.folder + "/machine", what, self.goes_on, *rest],
                                stdout=subprocess.PIPE, text=True,
                                env=dp.environment(DEEP_PROFILE="1", DEEP_PROFILE_OUT=self.log,
                                                   **variables))

    def end(self, program):
        os.unlink(self.goes_on)
        program.communicate()
        self.assertEqual(program.returncode, 0)

    def samples(self):
        """Of the log as it is; none while that is being made, or has no call yet."""
        done = subprocess.run([TOOL, "report", "--format=json", self.log], env=dp.environment(),
                              capture_output=True, text=True, check=False)
        report = json.loads(done.stdout) if done.returncode == 0 else {}
        return report.get("machine", {}).get("samples", [])

    def when(self, is_so):
        """The samples, as soon as `is_so` holds for them; a busy machine may take its time."""
        for _ in range(600):
            samples = self.samples()
            if is_so(samples):
                return samples
            time.sleep(0.1)
        raise AssertionError(f"not seen: {samples[-3:]}")

    def check(self, target):
        with open(self.log + ".targets", "w", encoding="ascii") as targets:
            targets.write(target + "\n")
        return subprocess.run([TOOL, "check", self.log + ".targets", self.log], check=False,
                              env=dp.environment(), stdout=subprocess.DEVNULL).returncode

    def test_a_killed_program_has_its_timeline(self):
        program = self.start("burn")
        self.when(lambda samples: sum(s["cpu_ns"] for s in samples) > 300_000_000 and
                  len(samples) >= 3)
        program.kill()
        program.communicate()
        report = dp.report(TOOL, self.log)
        samples, threads = report["machine"]["samples"], report["machine"]["threads"]
        times = [s["time_unix_ns"] for s in samples]
        self.assertEqual(times, sorted(times))
        for sample in samples:
            self.assertGreater(sample["interval_ns"], 0)
            self.assertGreater(sample["anonymous_bytes"], 0)
            self.assertGreaterEqual(sample["threads"], 1)
            self.assertGreater(sample["processors"], 0)
        self.assertEqual(threads[0]["thread"], "burner")
        text = dp.run(TOOL, "report", self.log).stdout
        self.assertIn("\nThe process and its machine over time\n", text)
        self.assertIn("\nThreads, by CPU\n", text)
        self.assertRegex(text, r"\nCPU, of one processor +\d")

    def test_top_shows_the_threads(self):
        program = self.start("burn")
        self.when(lambda samples: len(samples) >= 3 and samples[-1]["cpu_ns"] > 0)
        text = dp.run(TOOL, "top", "--count=1", "--pid", str(program.pid)).stdout
        self.end(program)
        self.assertIn("\nThreads, by CPU\n", text)
        self.assertIn("burner/", text)

    def test_every_thread_created_is_counted(self):
        program = self.start("threads", 1234)
        program.stdout.readline()
        self.end(program)
        self.assertEqual(sum(s["threads_created"] for s in self.samples()), 1234)

    def test_memory_that_is_held(self):
        program = self.start("hold", 64)
        program.stdout.readline()
        samples = self.when(lambda samples: any(s["anonymous_bytes"] >= 64 << 20 for s in samples))
        self.end(program)
        self.assertGreaterEqual(sum(s["minor_faults"] for s in samples), 1)
        self.assertEqual(self.check("memory >= 64MB"), 0)
        self.assertEqual(self.check("memory < 64MB"), 1)

    def test_off_there_is_nothing(self):
        program = self.start("rest", DEEP_PROFILE_MACHINE="0")
        program.stdout.readline()
        self.end(program)
        self.assertNotIn("machine", dp.report(TOOL, self.log))
        self.assertNotIn("over time", dp.run(TOOL, "report", self.log).stdout)

    def test_a_short_program_has_one_sample(self):
        program = self.start("rest", DEEP_PROFILE_MACHINE="1h")
        program.stdout.readline()
        self.end(program)
        sample, = self.samples()
        self.assertGreater(sample["cpu_ns"], 0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
