#!/usr/bin/env python3
"""A look at a thread is not noticed by the host; what cannot be looked at is said.

    looks.py DEEP_PROFILE_CC DEEP_PROFILE [SECONDS [TEST...]]

SECONDS: how long the program runs that aborts at an unexpected EINTR (5).
"""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

import dp

CC, TOOL = (os.path.abspath(path) for path in sys.argv[1:3])
SECONDS = sys.argv[3] if len(sys.argv) > 3 else "5"
PROGRAMS = os.path.dirname(os.path.abspath(__file__)) + "/programs/"
OFTEN = {"DEEP_PROFILE_SAMPLE": "1ms", "DEEP_PROFILE_TICK": "1ms"}


class Looks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = tempfile.mkdtemp(prefix="deep-profile-looks-")
        os.chmod(cls.root, 0o755) # for a host that has given up its privileges
        cls.addClassCleanup(shutil.rmtree, cls.root)
        for name in "interrupts", "looked_at", "reasons":
            dp.run(CC, "-O2", "-g", PROGRAMS + name + ".c", "-o", f"{cls.root}/{name}", "-lpthread")

    def start(self, name, *arguments, **variables):
        self.log = tempfile.mkdtemp(dir=self.root) + "/log"
        return subprocess.run([f"{self.root}/{name}", *arguments], text=True, capture_output=True,
                              check=False, timeout=60 + float(SECONDS), env=dp.environment(
                                  DEEP_PROFILE="1", DEEP_PROFILE_OUT=self.log, **variables))

    def samples(self):
        return [e for e in dp.events(TOOL, self.log) if e["event"] == "profiler.sample"]

    def loss(self):
        return dp.report(TOOL, self.log)["loss"]

    def with_stacks(self):
        return sum("stack" in sample["metadata"] for sample in self.samples())

    def test_the_host_sees_no_interrupted_wait(self):
        done = self.start("interrupts", SECONDS, **OFTEN)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "done\n", ""))
        self.assertGreater(self.with_stacks(), 0)

    def test_a_program_that_is_executed_is_sent_no_signal(self):
        for _ in range(5):
            done = self.start("interrupts", "0", "echo", **OFTEN)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "done\n", ""))

    def test_which_signal_it_is_says_who_executes(self):
        source, path = PROGRAMS + "pending_exec.c", self.root + "/pending_exec"
        dp.run(CC, "-O2", "-g", source, "-o", path)
        done = self.start("pending_exec", "stay", **OFTEN)
        self.assertEqual(int(done.stdout), signal.SIGRTMAX)
        ways = [(CC, "-static", source)]
        dp.run(CC, "-O2", "-g", "-shared", "-fPIC", "-DPART=1", source, "-o",
               self.root + "/libcompute.so")
        ways.append(("cc", "-DPART=2", source, f"-L{self.root}", f"-Wl,-rpath,{self.root}",
                     "-lcompute", "-Wl,--allow-shlib-undefined"))
        for way in ways:
            with self.subTest(way[0]):
                dp.run(*way, "-O2", "-o", path)
                done = self.start("pending_exec", "exec", **OFTEN)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertEqual(done.stdout, f"{int(signal.SIGURG)}\nalive\n")

    def test_a_host_that_takes_the_signal_for_itself(self):
        done = self.start("looked_at", "takes", **OFTEN)
        self.assertEqual(done.returncode, 0)
        self.assertGreater(self.with_stacks(), 0)

    def test_a_thread_that_blocks_every_signal(self):
        done = self.start("looked_at", "blocks")
        self.assertEqual(done.returncode, 0)
        self.assertGreater(self.loss()["not_asked"], 0)

    def test_a_thread_that_ends_while_it_is_looked_at(self):
        self.assertEqual(self.start("looked_at", "ends", **OFTEN).returncode, 0)

    @unittest.skipUnless(os.getuid() == 0, "must have privileges to give up")
    def test_a_host_of_which_proc_shows_nothing(self):
        done = self.start("looked_at", "unreadable")
        self.assertEqual(done.returncode, 0)
        self.assertGreater(self.loss()["look_refused"], 0)
        self.assertIn("blocked", {s["metadata"]["state"] for s in self.samples()})

    def test_sampled_calls_are_looked_at_while_they_last(self):
        done = self.start("interrupts", "1")
        self.assertEqual(done.returncode, 0)
        found = [s for s in self.samples() if "call_id" not in s["metadata"]]
        self.assertEqual({s["metadata"]["function"] for s in found}, {"turns"})
        self.assertGreater(sum("stack" in s["metadata"] for s in found), 0)

    def test_the_whole_program_is_looked_at_when_asked(self):
        self.assertEqual(self.start("reasons", "mutex", "300", "-",
                                    DEEP_PROFILE_SAMPLE="10ms").returncode, 0)
        whole = [s for s in self.samples() if "function" not in s["metadata"]]
        self.assertEqual(len({s["metadata"]["tid"] for s in whole}), 2)
        self.assertGreater(sum(s["measurements"]["weight_ns"] for s in whole), 200e6)

    def test_off_nothing_is_looked_at(self):
        self.log = self.root + "/none"
        done = subprocess.run([self.root + "/looked_at", "blocks"], check=False, env=dp.environment(
            DEEP_PROFILE="0", DEEP_PROFILE_OUT=self.log, **OFTEN))
        self.assertEqual(done.returncode, 0)
        self.assertFalse(os.path.exists(self.log))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[4:], verbosity=2)
