#!/usr/bin/env python3
"""Hosts that refuse: a system call of ours or of libc's, or their malloc. The host does not
notice us.

    sandboxes.py DEEP_PROFILE_CC DEEP_PROFILE [RUNS [TEST]]

Each call, refused by the host's own sandbox by an error or by a signal that the host handles,
from different moments of its life on. The same program with profiling off says what is right: what fails
without us may fail with us. RUNS of each (1): where two threads meet one run shows little.
"""
import collections
import concurrent.futures
import errno
import glob
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import dp

CC, TOOL = (os.path.abspath(path) for path in sys.argv[1:3])
RUNS = int(sys.argv[3]) if len(sys.argv) > 3 else 1
PROGRAMS = os.path.dirname(os.path.abspath(__file__)) + "/programs"

# x86-64 numbers. What libc needs to start, end and join a thread comes first.
CALLS = {"rseq": 334, "set_robust_list": 273, "clone3": 435, "futex": 202, "exit": 60,
         "madvise": 28, "mprotect": 10, "mmap": 9, "munmap": 11, "sched_getaffinity": 204,
         "rt_sigprocmask": 14, "rt_sigaction": 13, "sigaltstack": 131, "prctl": 157,
         "sched_yield": 24, "nanosleep": 35, "clock_nanosleep": 230, "ppoll": 271, "tgkill": 234,
         "gettid": 186, "openat": 257, "close": 3, "fallocate": 285, "ftruncate": 77, "fstat": 5,
         "pread64": 17, "unlinkat": 263, "prlimit64": 302, "getrandom": 318}
SETS = {
    "sleep": ("sched_yield", "nanosleep", "clock_nanosleep", "ppoll", "futex"),
    "threads": ("rseq", "set_robust_list", "clone3", "futex"),
    "all": [name for name in CALLS if name not in ("exit", "rt_sigprocmask", "rt_sigaction")],
}
MOMENTS = ("main", "fork", "dlopen", "work", "exit")
WAYS = (str(errno.EPERM), str(errno.ENOSYS), "trap")


class Outcome(collections.namedtuple("Outcome", "status out err")):
    pass


@unittest.skipUnless(os.uname().machine == "x86_64", "knows the numbers of x86-64 only")
class Sandboxes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = tempfile.mkdtemp(prefix="deep-profile-sandboxes-")
        cls.addClassCleanup(shutil.rmtree, cls.root)
        cls.program, cls.late, cls.library = (cls.root + name for name in ("/host", "/late", "/l.so"))
        dp.run(CC, "-O2", PROGRAMS + "/sandbox.c", "-o", cls.program)
        dp.run("cc", "-O2", "-DLATE", PROGRAMS + "/sandbox.c", "-o", cls.late)
        dp.run(CC, "-O2", "-shared", "-fPIC", PROGRAMS + "/module.c", "-o", cls.library)

    def run_host(self, moment, way, who, refused, **variables):
        folder = tempfile.mkdtemp(dir=self.root)
        numbers = [str(CALLS[name]) for name in SETS.get(refused, (refused,))]
        done = subprocess.run(
            [self.late if moment == "dlopen" else self.program, moment, way, who, self.library,
             *numbers],
            env=dp.environment(DEEP_PROFILE_OUT=folder + "/log.%p", DEEP_PROFILE_PACKET_SIZE="4KB",
                               **variables),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, timeout=30)
        self.read_logs(folder)
        shutil.rmtree(folder)
        return Outcome(done.returncode, done.stdout, done.stderr)

    def read_logs(self, folder):
        """Whatever is there can be read."""
        for log in glob.glob(folder + "/log.*"):
            done = subprocess.run([TOOL, "report", "--format=json", log], env=dp.environment(),
                                  capture_output=True, text=True, check=False)
            self.assertIn(done.returncode, (0, 3), (log, done.stderr))

    def compare(self, case):
        """What is different with us, and how often."""
        off = self.run_host(*case, DEEP_PROFILE="0")
        if off.status != 7:
            return "cannot run", case
        for _ in range(RUNS):
            on = self.run_host(*case, DEEP_PROFILE="1")
            if on != off:
                return "wrong", (case, off, on)
        return "right", case

    def compare_all(self, cases):
        outcomes = collections.defaultdict(list)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for kind, what in pool.map(self.compare, cases):
                outcomes[kind].append(what)
        print(f"{', '.join(f'{len(found)} {kind}' for kind, found in outcomes.items())}")
        self.assertEqual(outcomes["wrong"], [], "\n" + "\n".join(map(str, outcomes["wrong"])))
        self.assertGreater(len(outcomes["right"]), len(outcomes["cannot run"]))

    def cases(self, moment):
        for i, refused in enumerate((*CALLS, *SETS)):
            for j, way in enumerate(WAYS):
                if way == "trap" and refused == "rt_sigprocmask":
                    continue # docs/reliability.md: its own handler calls profiled code
                for k, who in enumerate(("all", "this")):
                    if RUNS > 1 or refused in SETS["threads"] or (i + j + k) % 2:
                        yield moment, way, who, refused

    def test_first_thing_in_main(self):
        self.compare_all(self.cases("main"))

    def test_before_a_fork(self):
        self.compare_all(self.cases("fork"))

    def test_before_an_instrumented_library_is_loaded(self):
        self.compare_all(self.cases("dlopen"))

    def test_in_the_midst_of_its_work(self):
        self.compare_all(self.cases("work"))

    def test_before_it_ends(self):
        self.compare_all(self.cases("exit"))


class Allocators(unittest.TestCase):
    """The runtime calls nothing that may call the host's malloc while it blocks signals."""

    @classmethod
    def setUpClass(cls):
        cls.root = tempfile.mkdtemp(prefix="deep-profile-allocators-")
        cls.addClassCleanup(shutil.rmtree, cls.root)
        cls.library = cls.root + "/l.so"
        dp.run(CC, "-O2", "-shared", "-fPIC", PROGRAMS + "/module.c", "-o", cls.library)

    def run_host(self, compiler, flags, *arguments):
        program = self.root + "/host" + "".join(flags)
        dp.run(compiler, "-O2", "-fno-builtin", *flags, PROGRAMS + "/own_malloc.c", "-o", program,
               "-lpthread")
        out = tempfile.mkdtemp(dir=self.root)
        for on in "01":
            done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False,
                                  env=dp.environment(DEEP_PROFILE=on, DEEP_PROFILE_OUT=out + "/log.%p"),
                                  timeout=60)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (7, "", ""), on)
        logs = glob.glob(out + "/log.*")
        self.assertEqual(len(logs), 2, "parent and child")
        for log in logs:
            self.assertEqual(dp.report(TOOL, log)["phase"], "finished")

    def test_of_the_program(self):
        self.run_host(CC, ())

    def test_where_the_child_has_no_stack_left(self):
        self.run_host(CC, (), "", "thread")

    def test_where_the_runtime_comes_late(self):
        self.run_host("cc", ("-DLATE",), self.library)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[4:], verbosity=2)
