"""What the tests of faults share: a run of programs/host.c, and what came of it.

The program counts the calls that it makes; a test looks whether each is in the log
or counted as lost in it, and whether the program noticed anything.
"""
import collections
import glob
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
import dp  # pylint: disable=wrong-import-position

CC, TOOL = (os.path.abspath(path) for path in sys.argv[1:3])
SLOTS = 8  # of programs/host.c
CALLS = 1500
SUM = (SLOTS - 1) * (sum(i * i + i + 1 for i in range(CALLS)) + CALLS // 100 + 5)
OUTPUT = f"sum {SUM} errno 0 child {8 << 8} own 0\n"
STATUS = 7

# A moment's trouble does not leave a log without names.
FIRST_ONLY = re.compile(r"(?!identify)\w+ once ")


def stops(lines):
    """{tid: recorded calls} of JSON lines."""
    return collections.Counter(int(tid) for tid in re.findall(
        r'"profiler\.stop".*"function":"recorded".*"tid":(\d+)', lines))


def tool(*arguments):
    return subprocess.run([TOOL, *arguments], env=dp.environment(), capture_output=True, text=True,
                          check=False)


def report_of(log):
    done = tool("report", "--format=json", log)
    assert done.returncode in (0, 3) and not done.stderr, (log, done.stderr)
    return json.loads(done.stdout)


def recorded(log):
    """{tid: recorded calls} of the log."""
    done = tool("events", "--format=json", log)
    assert done.returncode == 0 or "no events" in done.stderr, (log, done.stderr)
    return stops(done.stdout)


def lost_calls(report):
    return sum(count for reason, count in report["loss"].items() if reason not in dp.BUSY)


def build(name, folder, *flags):
    """The program, built with our compiler."""
    path = f"{folder}/{name}{''.join(flags)}"
    dp.run(CC, "-O2", *flags, f"{HERE}/../programs/{name}.c", "-o", path, "-lpthread")
    return path


class Host:
    """One run of the host program in a folder of its own, and what came of it.

    `before` stands in front of the command; the log goes to `out`. Not to be read:
    its files were cut."""

    def __init__(self, program, root, name, before=(), out=None, read=True, **variables):
        self.folder = tempfile.mkdtemp(dir=root)
        self.name = name
        tally, out = self.folder + "/tally", out or self.folder + "/log"
        with open(tally, "wb") as file:
            file.write(bytes(16 * SLOTS))
        env = dp.environment(**{"DEEP_PROFILE": "1", "DEEP_PROFILE_OUT": out,
                                "DEEP_PROFILE_PACKET_SIZE": "4KB",
                                "DEEP_PROFILE_EVENTS": self.folder + "/events", **variables})
        done = subprocess.run([*before, program, tally, self.folder], env=env, cwd=self.folder,
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              check=False, timeout=60)
        self.seen = (done.returncode, done.stdout, done.stderr)
        with open(tally, "rb") as file:
            slots = list(struct.iter_unpack("=QQ", file.read()))
        self.parent = dict(slots[:-1])
        self.child = dict(slots[-1:])
        self.written = collections.Counter()
        if os.path.exists(self.folder + "/events"):
            with open(self.folder + "/events", encoding="utf-8") as lines:
                self.written = stops(lines.read())
        self.reports = [report_of(log) for log in sorted(glob.glob(out + "*")) if read]

    def check_log(self, report, counted):
        """What was committed is read back, and what was not is counted."""
        found, lost = recorded(report["log"]), lost_calls(report)
        in_log = lost - report["loss"]["sink"] # lines of the file of events
        assert set(found) <= set(counted), (self.name, "calls of threads that there were not")
        for tid, calls in found.items():
            assert calls <= counted[tid], (self.name, tid, "calls that there were not")
        missing = sum(counted.values()) - sum(found.values())
        assert missing <= in_log, (self.name, f"{missing} calls missing", report["loss"])
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
            if self.name.startswith("thread_join"):
                continue # the runtime's thread may still write: the log is not ended
            assert report["phase"] == "finished", (self.name, report["phase"])
            missing = self.check_log(report, self.child if child else self.parent)
            result = "loss" if missing else "whole"
            names = {function["function"] for function in report["functions"]}
            if FIRST_ONLY.match(self.name):
                assert not any(name.startswith("site ") for name in names), (self.name, names)
            if not child:
                parents_loss = lost_calls(report)
        pids = {report["pid"] for report in self.reports}
        if self.reports and not pids & set(self.child) and result != "not profiled":
            assert parents_loss > 0, (self.name, "nothing says that the child has no log")
        shutil.rmtree(self.folder)
        return result
