#!/usr/bin/env python3
"""Logs that promise far more bytes than they hold: holes, names for one file, wrong sizes.

    extremes.py DEEP_PROFILE MAKE_LOG SOURCE_ROOT

What a verb may do for them is bounded by what it reads, as the kernel counts it
(/proc/PID/io), and never by a clock.
"""
import os
import re
import struct
import subprocess
import sys
import unittest

from case import CHECK, Case, DATA, FINE, ROOT, TOOL, environment

TERABYTE = 1 << 40
MEGABYTE = 1 << 20
VERBS = (("report",), ("report", "--format=json"), ("events", "--format=json"), ("sites",),
         ("doctor",), ("recover",))
WAITS = """import subprocess, sys
quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
status = subprocess.run(sys.argv[1:], **quiet, check=False).returncode
print(status, *(line.split()[1] for line in open("/proc/self/io")))
"""
FILES_OF_STATE = ("process", "lane-0000", "lane-0001")


class Extremes(Case):
    def counted(self, *arguments):
        """Bytes that a verb reads, and in how many calls: counted for who waits for it."""
        done = subprocess.run([sys.executable, "-c", WAITS, TOOL, *arguments], cwd=self.folder,
                              env=environment(), stdout=subprocess.PIPE, text=True, check=True)
        status, read, _, calls = map(int, done.stdout.split()[:4])
        refuses = arguments[0] == "recover" # a file that has two names
        self.assertIn(status, (FINE, CHECK, DATA) if refuses else (FINE, CHECK), arguments)
        return read, calls

    def plain(self):
        """What each verb reads of a log as it is made."""
        self.make("basic", "plain")
        return {verb: self.counted(*verb, "plain") for verb in VERBS}

    def check(self, log, plain, more_bytes=MEGABYTE, more_calls=300, verbs=VERBS):
        for verb in verbs:
            read, calls = self.counted(*verb, log)
            self.assertLess(read, plain[verb][0] + more_bytes, verb)
            self.assertLess(calls, plain[verb][1] + more_calls, verb)

    def test_a_stream_of_a_terabyte_with_holes(self):
        plain = self.plain()
        self.make("basic", "log")
        os.truncate(self.path("log", "stream-0000-0000"), TERABYTE)
        self.check("log", plain)

    def test_holes_between_data(self):
        """A page of data at each gigabyte: as many reads as there are pages."""
        plain = self.plain()
        self.make("basic", "log")
        with open(self.path("log", "stream-0000-0000"), "r+b") as file:
            for gigabyte in range(1, 200):
                file.seek(gigabyte << 30)
                file.write(b"x" * 4096)
        self.check("log", plain, more_bytes=200 * 5 * 4096, more_calls=200 * 10)

    def test_three_thousand_names_of_one_stream(self):
        plain = self.plain()
        self.make("basic", "log")
        for i in range(3000):
            os.link(self.path("log", "stream-0000-0000"), self.path("log", f"stream-{i + 10:04}-0000"))
        self.check("log", plain)

    def test_three_thousand_names_of_one_lane(self):
        plain = self.plain()
        self.make("basic", "log")
        for i in range(3000):
            os.link(self.path("log", "state", "lane-0000"), self.path("log", "state", f"lane-{i + 10:04}"))
        self.check("log", plain)

    def test_state_and_metadata_that_are_larger_than_any(self):
        plain = self.plain()
        for name in ("metadata", *("state/" + file for file in FILES_OF_STATE)):
            with self.subTest(name=name):
                self.make("basic", "log-" + name.replace("/", "-"))
                os.truncate(self.path("log-" + name.replace("/", "-"), name), TERABYTE)
                self.check("log-" + name.replace("/", "-"), plain, more_bytes=8 * MEGABYTE)

    def test_a_stream_larger_than_its_process_promised(self):
        """What lies behind that is not read, although it is no hole."""
        self.make("basic", "log")
        with open(f"{ROOT}/include/deep_profile/losses.def", encoding="utf-8") as table:
            losses = len(re.findall(r"^DP_LOSS\(", table.read(), re.MULTILINE))
        with open(self.path("log", "state", "process"), "r+b") as file:
            file.seek(6 * 4 + 5 * 8 + 4 * 4 + 8 + 8 * losses + 3 * 8) # log_limit_bytes
            file.write(struct.pack("<Q", MEGABYTE))
        plain = {verb: self.counted(*verb, "log") for verb in VERBS}
        with open(self.path("log", "stream-0000-0000"), "r+b") as file:
            for gigabyte in range(1, 1000):
                file.seek(gigabyte << 30)
                file.write(b"x" * 4096)
        self.check("log", plain, verbs=VERBS[:-1]) # `recover` looks at every page that is there
        self.assertIn("larger than the whole log may be",
                      self.run_tool("doctor", "log", status=CHECK).stdout)

    def test_lines_of_a_stream_cut_anywhere_are_whole(self):
        self.make("basic", "log")
        path = self.path("log", "stream-0000-0000")
        size = os.path.getsize(path)
        for cut in range(size - 1, 0, -max(1, size // 97)):
            os.truncate(path, cut)
            text = self.run_tool("events", "--format=json", "log").stdout
            self.assertTrue(text.endswith("}\n"), cut)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
