#!/usr/bin/env python3
"""Why a call was slow: how its time divided, what it waited for, who held that.

    reasons.py DEEP_PROFILE_CC DEEP_PROFILE

Programs whose time is known (programs/reasons.c). What is asserted of times is that they add
up, and which of them is the greater part: a busy machine changes the rest.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import dp

CC, TOOL = (os.path.abspath(path) for path in sys.argv[1:3])
SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs/reasons.c")
MILLISECONDS = 600
IN_FLIGHT, NO_RUNNABLE, NO_FAULTS, NO_SWITCHES = 1, 2, 4, 8


class Found:
    """What the log of one run says."""

    def __init__(self, log, printed):
        self.pid, self.holder, _ = (int(word) for word in printed.split())
        events = dp.events(TOOL, log)
        self.reports = [e for e in events if e["event"] == "profiler.slow_operation"]
        self.slow = [e for e in self.reports if not e["metadata"]["in_flight"]]
        self.samples = [e for e in events if e["event"] == "profiler.sample"]
        self.lost = dp.report(TOOL, log)["loss"]
        raw = subprocess.run(["babeltrace2", log], capture_output=True, text=True, check=True).stdout
        self.reasons = [{key: int(value) for key, value in re.findall(r"(\w+) = (\d+)", fields)}
                        for fields in re.findall(r"reason: \{.*?\}, \{(.*?)\}", raw)]

    def waits(self, key):
        """What the samples' metadata says, by its share of their time."""
        shares = {}
        for sample in self.samples:
            value = sample["metadata"].get(key)
            shares[value] = shares.get(value, 0) + sample["measurements"]["weight_ns"]
        return shares

    def most(self, key):
        shares = self.waits(key)
        return max(shares, key=shares.get)


class Reasons(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = tempfile.mkdtemp(prefix="deep-profile-reasons-")
        cls.addClassCleanup(shutil.rmtree, cls.root)
        cls.program, cls.locked = cls.root + "/reasons", cls.root + "/locked file"
        dp.run(CC, "-O2", "-g", SOURCE, "-o", cls.program, "-lpthread")
        with open(cls.locked, "w", encoding="ascii"):
            pass

    def find(self, what, **variables):
        log = tempfile.mkdtemp(dir=self.root) + "/log"
        printed = dp.profile(log, self.program, what, str(MILLISECONDS), self.locked, **variables)
        found = Found(log, printed)
        self.assertEqual(len(found.slow), 1, found.slow)
        self.adds_up(found)
        return found

    def adds_up(self, found):
        """The last reason is that of the whole call."""
        measured, reason = found.slow[0]["measurements"], found.reasons[-1]
        self.assertEqual(reason["call"], found.slow[0]["metadata"]["call_id"])
        self.assertFalse(reason["flags"] & IN_FLIGHT, reason)
        parts = sum(reason[part + "_ns"]
                    for part in ("on_cpu", "runnable", "blocked", "before_first_look"))
        self.assertLessEqual(abs(parts - measured["duration_ns"]),
                             measured["duration_ns"] / 100 + reason["error_ns"], reason)
        self.assertGreater(reason["before_first_look_ns"], 0)
        weights = sum(s["measurements"]["weight_ns"] for s in found.samples)
        self.assertLessEqual(weights, measured["duration_ns"] + reason["error_ns"])
        for report in found.reports + found.samples:
            self.assertEqual(report["metadata"]["call_id"], reason["call"])
            self.assertEqual(report["metadata"]["tid"], found.pid)

    def mostly(self, found, part):
        reason = found.reasons[-1]
        divided = reason["on_cpu_ns"] + reason["runnable_ns"] + reason["blocked_ns"]
        self.assertGreater(reason[part + "_ns"], 0.5 * divided, reason)

    def test_a_call_that_sleeps(self):
        found = self.find("sleep")
        self.mostly(found, "blocked")
        self.assertEqual(found.most("state"), "blocked")
        self.assertIn(found.most("syscall"), (35, 230)) # nanosleep, clock_nanosleep

    def test_a_call_that_computes(self):
        found = self.find("spin")
        reason = found.reasons[-1]
        self.assertGreater(reason["on_cpu_ns"] + reason["runnable_ns"],
                           0.5 * (sum(reason[part + "_ns"] for part in
                                      ("on_cpu", "runnable", "blocked"))), reason)
        self.assertNotIn("blocked", found.most("state"))
        self.assertTrue(any("stack" in s["metadata"] for s in found.samples), found.samples)

    def test_a_call_that_sleeps_and_then_computes(self):
        reason = self.find("half").reasons[-1]
        self.assertGreater(reason["blocked_ns"], MILLISECONDS * 1e6 * 0.2)
        self.assertGreater(reason["on_cpu_ns"] + reason["runnable_ns"], MILLISECONDS * 1e6 * 0.4)

    def test_a_call_that_shares_its_processor(self):
        reason = self.find("share").reasons[-1]
        self.assertGreater(reason["runnable_ns"], MILLISECONDS * 1e6 * 0.2)
        self.assertGreater(reason["involuntary_switches"], 0)

    def test_page_faults(self):
        reason = self.find("fault").reasons[-1]
        self.assertFalse(reason["flags"] & (NO_FAULTS | NO_SWITCHES))
        self.assertGreaterEqual(reason["minor_faults"], 20000)

    def held(self, what, kind):
        found = self.find(what)
        self.mostly(found, "blocked")
        self.assertEqual(found.most("holder_tid"), found.holder)
        self.assertEqual(found.most("holder"), "worker-3")
        self.assertRegex(found.most("object"), kind)
        self.assertEqual(found.most("syscall"), 202)
        # The holder sleeps in its own function, and is looked at in the same moment.
        self.assertIsNotNone(found.most("holder_stack"))

    def test_who_holds_a_mutex(self):
        self.held("mutex", r"^mutex 0x[0-9a-f]+$")

    def test_who_holds_a_rwlock(self):
        self.held("rwlock-read", r"^rwlock 0x[0-9a-f]+$")
        self.held("rwlock-write", r"^rwlock 0x[0-9a-f]+$")

    def test_which_thread_is_joined(self):
        self.held("join", r"^thread [0-9]+$")

    def test_what_is_held_by_nobody(self):
        for what, kind in ("condition", "condition"), ("semaphore", "semaphore|futex"):
            with self.subTest(what):
                found = self.find(what)
                self.assertRegex(found.most("object"), f"^({kind}) 0x[0-9a-f]+$")
                self.assertIsNone(found.most("holder_tid"))

    def test_what_a_descriptor_stands_for(self):
        for what, syscall, target in (("read", 0, r"^pipe:\[\d+\]$"), ("poll", 7, r"^pipe:\[\d+\]$"),
                                      ("recv", 45, r"^unix socket:\[\d+\]$"),
                                      ("epoll", 232, r"^anon_inode:\[eventpoll\]$"),
                                      ("flock", 73, re.escape(self.locked) + ", held by this process$")):
            with self.subTest(what):
                found = self.find(what)
                self.mostly(found, "blocked")
                self.assertEqual(found.most("syscall"), syscall)
                self.assertRegex(found.most("object"), target)

    def test_a_call_that_is_not_slow_leaves_nothing(self):
        log = tempfile.mkdtemp(dir=self.root) + "/log"
        # More than a quarter of 100 ms; longer only where the machine stops.
        printed = dp.profile(log, self.program, "brief", "60", self.locked)
        if int(printed.split()[2]) < 100e6:
            self.assertEqual([e for e in dp.events(TOOL, log) if e["event"] == "profiler.sample"], [])

    def test_looks_before_the_threshold_are_kept(self):
        """The report in flight has its reason with it."""
        found = self.find("sleep")
        first = found.reasons[0]
        self.assertTrue(first["flags"] & IN_FLIGHT)
        self.assertGreater(first["looks"], 0)
        self.assertGreater(first["blocked_ns"], 0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
