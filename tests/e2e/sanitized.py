#!/usr/bin/env python3
"""Programs instrumented by us and built with a sanitizer, or run under valgrind.

Run by Meson: sanitized.py DEEP_PROFILE_CC DEEP_PROFILE [SANITIZER...]. In every
state of the profiler they must print what they print without it and nothing on
stderr; what they record must be right; and their own bugs must still be found.

tests/stress/sanitizers runs this once more with a runtime that is sanitized, too:
then with the same SANITIZER only.
"""
import collections
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import dp

CC, TOOL = sys.argv[1:3]
SANITIZERS = sys.argv[3:] or ["address", "undefined", "thread", "leak"]
HERE = os.path.dirname(os.path.abspath(__file__))
SUPPRESSIONS = os.path.join(HERE, "..", "..", "docs", "valgrind.supp")
ROUNDS, THREADS = 20, 8
STATES = {
    "off": {"DEEP_PROFILE": "0"},
    "as annotated": {"DEEP_PROFILE": "1"},
    "sampled": {"DEEP_PROFILE": "*:rate=0.01"},
    "watched": {"DEEP_PROFILE": "*:slow=10ms"},
    "all of it": {"DEEP_PROFILE": "*:rate=1;*:calls;*:memory=1KB"},
}


class Sanitized(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="deep-profile-sanitized-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.log = cls.folder + "/log"
        dp.run("gcc", "-O1", "-w", "-I" + HERE + "/../../include", cls.source("sanitized"), "-o",
               cls.folder + "/plain", "-lpthread")
        cls.expected = subprocess.run([cls.folder + "/plain", str(ROUNDS)], capture_output=True,
                                      text=True, check=False)

    @staticmethod
    def source(program):
        return f"{HERE}/programs/{program}.c"

    def build(self, program, sanitizer=None, *flags):
        path = f"{self.folder}/{program}-{sanitizer}{''.join(flags)}"
        if not os.path.exists(path):
            # The compiler, not an option of ours: libraries and start files follow from it.
            compiler = f"gcc -fsanitize={sanitizer}" if sanitizer else "gcc"
            dp.run(CC, "-O1", "-g", *flags, self.source(program), "-o", path, "-lpthread",
                   env=dp.environment(DEEP_PROFILE_CC=compiler))
        return path

    def run_program(self, *command, **variables):
        shutil.rmtree(self.log, ignore_errors=True)
        return subprocess.run(command, env=dp.environment(
            DEEP_PROFILE_OUT=self.log, DEEP_PROFILE_EVENTS=self.folder + "/sink", **variables),
                              cwd=self.folder, capture_output=True, text=True, check=False,
                              timeout=240)

    def same_as_without(self, done):
        self.assertEqual(done.stderr, "")
        self.assertEqual((done.returncode, done.stdout),
                         (self.expected.returncode, self.expected.stdout))

    def has_recorded(self):
        """Of the state "as annotated": what the program did, to the call."""
        found = collections.Counter()
        for event in dp.events(TOOL, self.log):
            function = event["metadata"].get("function")
            found[event["event"].removeprefix("profiler."), function] += (
                event["measurements"]["calls"] if event["event"] == "profiler.calls" else 1)
        self.assertEqual(found["calls", "counted"], 50 * ROUNDS * THREADS)
        self.assertEqual(found["complete", "adds"], THREADS)
        late = dp.report(TOOL, self.log)["loss"]["tick_late"] # a machine that has no time for us
        self.assertGreaterEqual(found["slow_operation", "watched"], 0 if late else THREADS)
        return found

    def test_every_state_is_the_same_program(self):
        for sanitizer in SANITIZERS:
            for flags in ((), ("-fdeep-profile=all",)):
                for state, variables in STATES.items():
                    with self.subTest(sanitizer=sanitizer, flags=flags, state=state):
                        path = self.build("sanitized", sanitizer, *flags)
                        self.same_as_without(self.run_program(path, str(ROUNDS), **variables))

    def test_what_is_recorded_is_right(self):
        for sanitizer in SANITIZERS:
            with self.subTest(sanitizer=sanitizer):
                path = self.build("sanitized", sanitizer)
                self.same_as_without(self.run_program(path, str(ROUNDS), DEEP_PROFILE="1"))
                found = self.has_recorded()
                # Of those allocations, the ones that came to 1 KB are events.
                self.assertGreater(found["memory", "allocates"], 0)

    def test_bugs_of_the_host_are_still_found(self):
        said = {"address": ("heap-use-after-free", "touches_freed"),
                "undefined": ("signed integer overflow", "bugs.c"),
                "thread": ("data race", "races"),
                "leak": ("1234 byte(s) leaked", "leaks")}
        for sanitizer in SANITIZERS:
            for bug in {"address": ("address", "leak")}.get(sanitizer, (sanitizer,)):
                with self.subTest(sanitizer=sanitizer, bug=bug):
                    path = self.build("bugs", sanitizer)
                    done = self.run_program(path, bug, DEEP_PROFILE="1")
                    for words in said[bug]:
                        self.assertIn(words, done.stderr)

    def test_a_forked_child_goes_on(self):
        for sanitizer in SANITIZERS:
            with self.subTest(sanitizer=sanitizer):
                path = self.build("forks", sanitizer)
                done = self.run_program(path, "title", DEEP_PROFILE="1")
                self.assertEqual(done.returncode, 0, done.stderr)
                if sanitizer != "thread":
                    continue
                # It ends a child that starts a thread: no log of the child's own.
                self.assertEqual(done.stderr, "")


@unittest.skipUnless(sys.argv[3:] == [] and shutil.which("valgrind"),
                     "valgrind is not installed" if not shutil.which("valgrind") else
                     "the runtime is sanitized")
class Valgrind(Sanitized):
    test_every_state_is_the_same_program = None
    test_bugs_of_the_host_are_still_found = None
    test_a_forked_child_goes_on = None

    def test_what_is_recorded_is_right(self):
        path = self.build("sanitized")
        for tool in ("memcheck", "helgrind", "drd"):
            with self.subTest(tool=tool):
                # Fair: else a thread that gives up its turn may get it again, over and over.
                done = self.run_program("valgrind", "-q", "--tool=" + tool, "--error-exitcode=99",
                                        "--fair-sched=try",
                                        "--suppressions=" + SUPPRESSIONS, path, str(ROUNDS),
                                        DEEP_PROFILE="1")
                self.same_as_without(done)
                self.has_recorded()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
