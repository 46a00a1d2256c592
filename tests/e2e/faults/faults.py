#!/usr/bin/env python3
"""Every system call of the runtime fails once, and then for good; the host does not notice.

    faults.py DEEP_PROFILE_CC DEEP_PROFILE FAULTY_RUNTIME [all]

A program with threads and a child (programs/host.c) runs on a runtime whose
contract for system calls (runtime/os.h) lies in front of the real one and fails
the N-th call of one function, or every one from the N-th on. N goes up to the
number of calls in a clean run: 1, 2, 4, 8 and so on in the tests, each of them
with `all` (some minutes). In every run the host prints what it always prints,
ends as it always does, and finds errno as it left it; and of the calls that it
counted itself, those that are not in the log are counted as lost in it.
"""
import collections
import concurrent.futures
import errno
import glob
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import dp  # pylint: disable=wrong-import-position

CC, TOOL, FAULTY = (os.path.abspath(path) for path in sys.argv[1:4])
ALL = sys.argv[4:] == ["all"]
HERE = os.path.dirname(os.path.abspath(__file__))
SLOTS = 8  # of programs/host.c
CALLS = 1500
SUM = (SLOTS - 1) * (sum(i * i + i + 1 for i in range(CALLS)) + CALLS // 100 + 5)
OUTPUT = f"sum {SUM} errno 0 child {8 << 8} own 0\n"
STATUS = 7

# A moment's trouble does not leave a log without names.
FIRST_ONLY = re.compile(r"(?!identify)\w+ once ")
OPENING = ("ENOSPC", "EMFILE", "EACCES", "EROFS", "EDQUOT", "EIO", "ENOENT")
ERRORS = {
    "write": ("ENOSPC", "short", "EDQUOT", "EIO"),
    "truncate": ("EIO", "EFBIG"),
    "allocate": ("ENOSPC", "EDQUOT", "EFBIG", "EIO"),
    "thread_start": ("EAGAIN",),
    "working_directory": ("ENOENT",),
    "directory_is_free": ("EEXIST",),
}


def function_names():
    with open(HERE + "/faults.def", encoding="utf-8") as file:
        return re.findall(r"^FAULTY\([^,]*, (\w+)", file.read(), re.MULTILINE)


def stops(lines):
    """{tid: recorded calls} of JSON lines."""
    return collections.Counter(int(tid) for tid in re.findall(
        r'"profiler\.stop".*"function":"recorded".*"tid":(\d+)', lines))


class Host:
    """One run of the host program in a folder of its own, and what came of it."""

    def __init__(self, program, root, name, **variables):
        self.folder = tempfile.mkdtemp(dir=root)
        self.name = name
        tally, out = self.folder + "/tally", self.folder + "/log"
        with open(tally, "wb") as file:
            file.write(bytes(16 * SLOTS))
        env = dp.environment(LD_PRELOAD=FAULTY, DEEP_PROFILE="1", DEEP_PROFILE_OUT=out,
                             DEEP_PROFILE_PACKET_SIZE="4KB",
                             DEEP_PROFILE_EVENTS=self.folder + "/events", **variables)
        done = subprocess.run([program, tally, self.folder], env=env, cwd=self.folder, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                              timeout=60)
        self.seen = (done.returncode, done.stdout, done.stderr)
        with open(tally, "rb") as file:
            slots = list(struct.iter_unpack("=QQ", file.read()))
        self.parent = dict(slots[:-1])
        self.child = dict(slots[-1:])
        self.written = collections.Counter()
        if os.path.exists(self.folder + "/events"):
            with open(self.folder + "/events", encoding="utf-8") as lines:
                self.written = stops(lines.read())
        self.reports = []
        for log in sorted(glob.glob(out + "*")):
            done = subprocess.run([TOOL, "report", "--format=json", log], env=dp.environment(),
                                  capture_output=True, text=True, check=False)
            assert done.returncode in (0, 3) and not done.stderr, (name, log, done.stderr)
            self.reports.append(json.loads(done.stdout))

    def recorded(self, report):
        """{tid: recorded calls} of the log."""
        done = subprocess.run([TOOL, "events", "--format=json", report["log"]],
                              env=dp.environment(), capture_output=True, text=True, check=False)
        assert done.returncode == 0 or "no events" in done.stderr, (self.name, done.stderr)
        return stops(done.stdout)

    def check_log(self, report, counted):
        """What was committed is read back, and what was not is counted."""
        found, lost = self.recorded(report), sum(report["loss"].values())
        assert set(found) <= set(counted), (self.name, "calls of threads that there were not")
        for tid, calls in found.items():
            assert calls <= counted[tid], (self.name, tid, "calls that there were not")
        missing = sum(counted.values()) - sum(found.values())
        assert missing <= lost, (self.name, f"{missing} calls missing", report["loss"])
        written = sum(count for tid, count in self.written.items() if tid in counted)
        assert sum(counted.values()) - written <= lost, (self.name, written, report["loss"])
        assert report["damage"]["places"] == 0, (self.name, report["damage"])
        return missing

    def check(self):
        assert self.seen == (STATUS, OUTPUT, ""), (self.name, self.seen)
        assert sum(self.parent.values()) == (SLOTS - 1) * CALLS and len(self.child) == 1, self.name
        result = "no log"
        parents_loss = 0
        for report in self.reports:
            child = report["pid"] in self.child
            if report["phase"] == "not profiled":
                assert report["records"] == 0 or report["functions"] == [], self.name
                result = "not profiled"
                continue
            assert report["phase"] == "finished", (self.name, report["phase"])
            missing = self.check_log(report, self.child if child else self.parent)
            result = "loss" if missing else "whole"
            names = {function["function"] for function in report["functions"]}
            if FIRST_ONLY.match(self.name):
                assert not any(name.startswith("site ") for name in names), (self.name, names)
            if not child:
                parents_loss = sum(report["loss"].values())
        pids = {report["pid"] for report in self.reports}
        if self.reports and not pids & set(self.child) and result != "not profiled":
            assert parents_loss > 0, (self.name, "nothing says that the child has no log")
        shutil.rmtree(self.folder)
        return result


class Faults(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = tempfile.mkdtemp(prefix="deep-profile-faults-")
        cls.addClassCleanup(shutil.rmtree, cls.root)
        cls.program = cls.root + "/host"
        dp.run(CC, "-O2", f"{HERE}/../programs/host.c", "-o", cls.program, "-lpthread")

    def run_host(self, name, **variables):
        return Host(self.program, self.root, name, **variables).check()

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

    def test_exit_does_not_wait_for_a_backlog(self):
        host = Host(self.program, self.root, "slow", DP_TEST_SLOW_WRITE="200000")
        reports = host.reports
        self.assertGreater(max(report["loss"]["sink"] for report in reports), 0)
        self.assertLess(sum(host.written.values()), SLOTS * CALLS)
        self.assertEqual(host.check(), "whole")

    def test_clocks(self):
        for variable, value in (("CLOCK", "step"), ("TSC", "varies")):
            with self.subTest(value):
                self.assertEqual(self.run_host(value, **{"DP_TEST_" + variable: value}), "whole")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
