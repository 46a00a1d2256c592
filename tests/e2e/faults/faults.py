#!/usr/bin/env python3
"""Every system call of the runtime fails once, and then for good; the host does not notice.

    faults.py DEEP_PROFILE_CC DEEP_PROFILE FAULTY_RUNTIME [all]

A program with threads and a child (programs/host.c) runs on a runtime whose
contract for system calls (runtime/base/os.h) lies in front of the real one and fails
the N-th call of one function, or every one from the N-th on. N goes up to the
number of calls in a clean run: 1, 2, 4, 8 and so on in the tests, each of them
with `all` (some minutes). In every run the host prints what it always prints,
ends as it always does, and finds errno as it left it; and of the calls that it
counted itself, those that are not in the log are counted as lost in it.
"""
import collections
import concurrent.futures
import errno
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

from host import CALLS, HERE, OUTPUT, SLOTS, STATUS, Host, build, tool

FAULTY = os.path.abspath(sys.argv[3])
ALL = sys.argv[4:] == ["all"]
OPENING = ("ENOSPC", "EMFILE", "EACCES", "EROFS", "EDQUOT", "EIO", "ENOENT")
ERRORS = {
    "write": ("ENOSPC", "short", "EDQUOT", "EIO"),
    "truncate": ("EIO", "EFBIG"),
    "allocate": ("ENOSPC", "EDQUOT", "EFBIG", "EIO"),
    "thread_start": ("EAGAIN", "EPERM"),
    "working_directory": ("ENOENT",),
    "directory_is_free": ("EEXIST",),
}


def function_names():
    with open(HERE + "/faults.def", encoding="utf-8") as file:
        return re.findall(r"^FAULTY\([^,]*, (\w+)", file.read(), re.MULTILINE)


class Faults(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = tempfile.mkdtemp(prefix="deep-profile-faults-")
        cls.addClassCleanup(shutil.rmtree, cls.root)
        cls.program = build("host", cls.root)

    def host(self, name, **variables):
        return Host(self.program, self.root, name, LD_PRELOAD=FAULTY, **variables)

    def run_host(self, name, **variables):
        return self.host(name, **variables).check()

    def clean_counts(self):
        names = function_names()
        path = self.root + "/counts"
        with open(path, "wb") as file:
            file.write(bytes(4 * len(names)))
        self.assertEqual(self.run_host("clean", DP_TEST_COUNTS=path), "whole")
        with open(path, "rb") as file:
            return dict(zip(names, struct.unpack(f"={len(names)}I", file.read())))

    def faults(self):
        for function, count in self.clean_counts().items():
            errors = ERRORS.get(function, OPENING)
            numbers = range(1, count + 1) if ALL else \
                [1 << i for i in range(count.bit_length())]
            for number in numbers:
                for mode in ("once", "from"):
                    error = errors[(number.bit_length() + (mode == "from")) % len(errors)]
                    value = error if error == "short" else getattr(errno, error)
                    yield f"{function} {mode} {number} {error}", f"{function} {mode} {number} {value}"

    def test_every_call_fails_once_and_for_good(self):
        faults = list(self.faults())
        results, wrong = collections.Counter(), []
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            runs = {pool.submit(self.run_host, name, DP_TEST_FAULT=fault): name
                    for name, fault in faults}
            for done in concurrent.futures.as_completed(runs):
                try:
                    results[done.result()] += 1
                except (AssertionError, subprocess.TimeoutExpired) as what:
                    wrong.append(f"{runs[done]}: {what!r}")
        print(f"{len(faults)} faults: {dict(results)}")
        self.assertEqual(wrong, [], "\n" + "\n".join(wrong))
        self.assertGreater(results["loss"], 0)
        self.assertGreater(results["not profiled"], 0)
        self.assertGreater(results["no log"], 0)

    def test_every_file_is_cut_as_soon_as_it_is_mapped(self):
        """One of them, and all from one on: the first store into it raises SIGBUS."""
        count = self.clean_counts()["map_file"]
        lost = 0
        for number in range(1, count + 1) if ALL else [1, 2, 3, 4, 5, 6, 7, 8]:
            with self.subTest(once=number):
                host = self.host(f"cut {number}", DP_TEST_FAULT=f"map_file once {number} cut")
                cut = [r["log"] for r in host.reports if r["phase"] == "unknown"]
                self.assertTrue(cut or number > 1)
                if cut: # state/process, ours or the child's: how it ended is not known
                    self.assertEqual(host.seen, (STATUS, OUTPUT, ""))
                    self.assertIn("state/process is missing or cut", tool("doctor", cut[0]).stdout)
                else:
                    host.check()
                    lost += host.reports[0]["loss"]["no_space"] > 1
            with self.subTest(from_there_on=number):
                host = self.host(f"cut from {number}", read=False,
                                 DP_TEST_FAULT=f"map_file from {number} cut")
                self.assertEqual(host.seen, (STATUS, OUTPUT, ""))
        self.assertGreater(lost, 0)

    def test_exit_does_not_wait_for_a_backlog(self):
        host = self.host("slow", DP_TEST_SLOW_WRITE="200000")
        reports = host.reports
        self.assertGreater(max(report["loss"]["sink"] for report in reports), 0)
        self.assertLess(sum(host.written.values()), SLOTS * CALLS)
        self.assertEqual(host.check(), "whole")

    def test_late_ticks_leave_no_call_without_an_end(self):
        """A call that was reported while it ran is reported when it ends."""
        host = self.host("late", DP_TEST_LATE="8000")
        self.assertEqual([slow for report in host.reports for slow in report["slow_operations"]
                          if slow["in_flight"]], [])
        self.assertEqual(host.check(), "whole")

    def test_clocks(self):
        for variable, value in (("CLOCK", "step"), ("TSC", "varies")):
            with self.subTest(value):
                self.assertEqual(self.run_host(value, **{"DP_TEST_" + variable: value}), "whole")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
