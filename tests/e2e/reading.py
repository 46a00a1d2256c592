#!/usr/bin/env python3
"""Logs are read while they are written: by every verb, beside short threads.

Run by Meson: reading.py DEEP_PROFILE_CC DEEP_PROFILE [TEST...]. When a thread ends its
stream is cut to size, the next thread goes on behind the new end. programs/short_threads.c keeps a tally of the calls that have
returned. Environment, for a long run:

    READS=1000   reads of each verb beside the running program (12)
"""
import json
import os
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import dp

CC, TOOL = (os.path.abspath(path) for path in sys.argv[1:3])
SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs/short_threads.c")
READS = int(os.environ.get("READS", "12"))
CALLS = 20
A_LIFE = 6 # reads, then a new log: the longer it is the longer it takes
FINE, CHECK = 0, 1
VERBS = (("events", "--format=json"), ("events",), ("report", "--format=json"), ("report",),
         ("top", "--count=1"), ("top", "--count=1", "--format=json"), ("sites",), ("doctor",))


def calls_in(events):
    return events.count('"profiler.stop"')


class Reading(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="deep-profile-reading-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.program = cls.folder + "/short_threads"
        dp.run(CC, "-O2", "-g", "-Wall", "-Wextra", SOURCE, "-o", cls.program, "-lpthread")

    def setUp(self):
        self.log, self.tally_file = self.folder + "/log", self.folder + "/tally"
        self.process = None
        self.addCleanup(self.end)

    def start(self, threads=4, calls=CALLS, rounds=0, pause_us=2000, together=False, **variables):
        shutil.rmtree(self.log, ignore_errors=True)
        if os.path.exists(self.tally_file): # of a program that ended by itself
            os.remove(self.tally_file)
        self.process = subprocess.Popen(
            [self.program, self.tally_file, *map(str, (threads, calls, rounds, pause_us)),
             *["together"] * together],
            env=dp.environment(DEEP_PROFILE="1", DEEP_PROFILE_OUT=self.log, **variables))
        for _ in range(2000):
            if os.path.exists(self.tally_file) and self.tally() > 0:
                return
            time.sleep(0.005)
        self.fail("the program has not begun")

    def end(self):
        """Returns the calls of the program, which ends."""
        if not self.process:
            return 0
        kept = self.tally_file + ".ended"
        os.rename(self.tally_file, kept)
        self.assertEqual(self.process.wait(timeout=60), 0)
        self.process = None
        return self.tally(kept)

    def tally(self, path=None):
        with open(path or self.tally_file, "rb") as file:
            return struct.unpack("=Q", file.read(8).ljust(8, b"\0"))[0]

    def read(self, *verb, status=FINE, **options):
        """What a verb prints: it ends well, whole lines, and nothing is damaged."""
        done = subprocess.run([TOOL, *verb, self.log], env=dp.environment(), capture_output=True,
                              text=True, check=False, timeout=120, **options)
        self.assertEqual((done.returncode, done.stderr), (status, ""), verb)
        self.assertTrue(done.stdout.endswith("\n"), verb)
        if verb[0] == "events" and "--format=json" in verb:
            for line in done.stdout.splitlines():
                json.loads(line)
        elif "--format=json" in verb:
            document = json.loads(done.stdout)
            self.assertEqual(document["damage"], {"places": 0, "bytes": 0, "first": None}, verb)
        else:
            self.assertNotIn("damage", done.stdout, verb)
        return done.stdout

    def test_every_verb_beside_short_threads(self):
        for i in range(READS):
            if i % A_LIFE == 0:
                self.end()
                self.start()
            for verb in VERBS:
                before = self.tally()
                found = self.read(*verb)
                if verb == VERBS[0]:
                    self.assertGreaterEqual(calls_in(found), before)
            done = subprocess.run([TOOL, "recover", self.log], env=dp.environment(), check=False,
                                  capture_output=True, text=True)
            self.assertEqual(done.returncode, CHECK)
            self.assertIn("still writes", done.stderr)

    def test_events_are_followed_to_the_last(self):
        """A follower is in the packet that its thread's end cuts."""
        for _ in range(3):
            self.start(pause_us=500)
            follower = subprocess.Popen([TOOL, "events", "--follow", "--format=json", self.log],
                                        env=dp.environment(), text=True, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
            found = []
            reader = threading.Thread(target=lambda: found.extend(follower.communicate()))
            reader.start()
            time.sleep(1)
            calls = self.end()
            reader.join()
            self.assertEqual((follower.returncode, found[1]), (FINE, ""))
            self.assertEqual(calls_in(found[0]), calls)
            for line in found[0].splitlines():
                json.loads(line)

    def test_a_flight_recorder_that_forgets_within_milliseconds(self):
        """Segments that a reader has listed are gone when it opens them; packets of the usual
        size are as large as the whole log may be. A reader that gets no processor finds none of
        the segments that it has listed, and a thread finds no room where another one of the
        program's waits for a processor: that is counted."""
        for threads, calls, reads in ((4, 1000000, READS // 4), (60, 20000, READS // 12)):
            with self.subTest(threads=threads):
                self.start(threads=threads, calls=calls, pause_us=0,
                           DEEP_PROFILE_WHEN_FULL="keep", DEEP_PROFILE_SIZE_LIMIT="1MB")
                for _ in range(reads):
                    for verb in VERBS:
                        self.read(*verb)
                self.end()
                self.assertGreater(calls_in(self.read(*VERBS[0])), 1000)
                kept = [os.stat(f"{self.log}/{name}").st_blocks * 512 for name in os.listdir(self.log)
                        if name.startswith("stream-")]
                self.assertTrue(2**19 < sum(kept) <= 2**20, sum(kept))

    def test_top_of_the_last_seconds(self):
        """All looks together, and what was before the first, are what the program says."""
        self.start(pause_us=500)
        before = dp.report(TOOL, self.log)["functions"][0]["sampled"]
        looks = [json.loads(line) for line in
                 dp.run(TOOL, "top", "--last=200ms", "--count=5", "--format=json",
                        self.log).stdout.splitlines()]
        after = dp.report(TOOL, self.log)["functions"][0]["sampled"]
        self.assertEqual(len(looks), 5)
        seen = [look["functions"][0] for look in looks]
        for look, function in zip(looks, seen):
            self.assertGreaterEqual(look["functions_of_last_ns"], 200_000_000)
            self.assertLess(look["functions_of_last_ns"], look["wall_ns"])
            self.assertGreater(function["sampled"], 0)
            self.assertLessEqual(function["total_ns"], 1.01 * function["sampled"] * function["max_ns"])
        self.assertLessEqual(sum(function["sampled"] for function in seen), after - before)

    def test_more_lanes_than_descriptors(self):
        """All streams are read at once, in order of time."""
        threads = 60
        self.start(threads=threads, rounds=2, together=True)
        self.process.wait()
        self.process = None
        def few():
            resource.setrlimit(resource.RLIMIT_NOFILE, (24, 24))
        lanes = [name for name in os.listdir(self.log) if name.startswith("stream-")]
        self.assertGreater(len(lanes), 24)
        self.assertEqual(calls_in(self.read(*VERBS[0], preexec_fn=few)), self.tally())

    def test_somebody_cuts_the_log_while_it_is_read(self):
        """The lines that were read before are whole, and so is the last."""
        self.start(threads=1, calls=50000, rounds=1)
        self.process.wait()
        self.process = None
        reader = subprocess.Popen([TOOL, "events", "--format=json", self.log], text=True,
                                  env=dp.environment(), stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE)
        found = ""
        while not calls_in(found): # then the pipe fills, and the reader waits
            found += reader.stdout.readline()
        os.truncate(self.log + "/stream-0000-0000", 0)
        found, error = found + reader.stdout.read(), reader.stderr.read()
        reader.wait()
        reader.stdout.close()
        reader.stderr.close()
        for line in found.splitlines():
            json.loads(line)
        self.assertTrue(0 < calls_in(found) < 50000)
        self.assertEqual(reader.returncode, FINE, error)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
