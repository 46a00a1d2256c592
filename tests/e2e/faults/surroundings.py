#!/usr/bin/env python3
"""Real disks, limits, sandboxes and truncated files; the host does not notice.

    surroundings.py DEEP_PROFILE_CC DEEP_PROFILE

What needs root (mounts, chroot) or what a machine does not have is skipped, and said so.
"""
import errno
import glob
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest

from host import SLOTS, STATUS, TOOL, Host, build, dp, lost_calls, recorded, report_of, tool

# What the runtime asks of the kernel and the host and its loader do without (x86-64 numbers).
CALLS = {"madvise": 28, "fstat": 5, "sched_yield": 24, "nanosleep": 35, "fcntl": 72, "ftruncate": 77,
         "getcwd": 79, "mkdir": 83, "rmdir": 84, "readlink": 89, "prctl": 157, "getdents64": 217,
         "clock_nanosleep": 230, "unlinkat": 263, "fallocate": 285, "prlimit64": 302,
         "getrandom": 318, "rt_tgsigqueueinfo": 297}


def needs_root(test):
    return unittest.skipUnless(os.geteuid() == 0, "needs root")(test)


class Surroundings(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = tempfile.mkdtemp(prefix="deep-profile-surroundings-")
        cls.addClassCleanup(shutil.rmtree, cls.root)
        cls.programs = {}

    @classmethod
    def program(cls, name, *flags):
        if (name, flags) not in cls.programs:
            cls.programs[name, flags] = build(name, cls.root, *flags)
        return cls.programs[name, flags]

    def setUp(self):
        self.folder = tempfile.mkdtemp(dir=self.root)
        self.out = self.folder + "/log"

    def host(self, name, before=(), **options):
        return Host(self.program("host"), self.root, name, before, **options)

    def mounted(self, *options):
        disk = tempfile.mkdtemp(dir=self.root)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", ",".join(options), "none", disk],
                          check=False).returncode != 0:
            self.skipTest("cannot mount")
        self.addCleanup(subprocess.run, ["umount", "-l", disk], check=True)
        return disk


class Disk(Surroundings):
    @needs_root
    def test_a_full_disk_of_any_size(self):
        results = set()
        for size in (4, 16, 32, 64, 100, 128, 160, 200, 256, 320, 400, 600):
            with self.subTest(size=size):
                disk = self.mounted(f"size={size}k")
                results.add(self.host(f"{size}k", out=disk + "/log").check())
        self.assertEqual(results, {"no log", "not profiled", "loss", "whole"} & results)
        self.assertIn("loss", results)

    @needs_root
    def test_no_inodes(self):
        for inodes in range(2, 12):
            with self.subTest(inodes=inodes):
                disk = self.mounted("size=4m", f"nr_inodes={inodes}")
                self.host(f"{inodes} inodes", out=disk + "/log").check()

    @needs_root
    def test_a_read_only_disk(self):
        disk = self.mounted("size=4m")
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        self.assertEqual(self.host("read only", out=disk + "/log").check(), "no log")
        done = subprocess.run([TOOL, "record", "-o", disk + "/log", "--",
                               self.program("moves"), "close", self.folder],
                              env=dp.environment(), capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, STATUS)
        self.assertIn("no log was written", done.stderr)

    @needs_root
    def test_doctor_names_a_disk_without_room(self):
        for options, words in ((("size=64k",), "free"), (("size=4m", "ro"), "Read-only")):
            disk = self.mounted(*options)
            done = subprocess.run([TOOL, "doctor", self.program("host")],
                                  env=dp.environment(DEEP_PROFILE="1", DEEP_PROFILE_OUT=disk + "/log"),
                                  capture_output=True, text=True, check=False)
            self.assertIn(words, done.stdout)
            self.assertEqual(done.returncode, 1, done.stdout)


class Moves(Surroundings):
    """Names and descriptors of the host's mean something else all of a sudden."""

    def run_moves(self, action):
        os.mkdir(self.folder + "/root")
        done = subprocess.run([self.program("moves"), action, self.folder], text=True, check=False,
                              env=dp.environment(DEEP_PROFILE="1", DEEP_PROFILE_OUT=self.out,
                                                 DEEP_PROFILE_PACKET_SIZE="4KB"),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (STATUS, ""))
        tid, calls = map(int, done.stdout.split())
        return tid, calls

    def whole(self, action, log):
        tid, calls = self.run_moves(action)
        self.assertEqual(recorded(log), {tid: calls})

    def test_the_directory_is_moved(self):
        self.whole("rename", self.folder + "/moved")

    @needs_root
    def test_another_root(self):
        self.whole("chroot", self.out)

    def test_descriptors_are_closed(self):
        self.whole("close", self.out)

    def test_descriptors_are_closed_and_their_numbers_used_again(self):
        tid, calls = self.run_moves("reuse")
        report = report_of(self.out)
        found = recorded(self.out)[tid]
        self.assertGreaterEqual(found + lost_calls(report), calls)
        self.assertGreater(found, 5000)
        with open(self.folder + "/own", encoding="utf-8") as file:
            self.assertEqual(file.read(), "mine")

    def test_the_directory_is_deleted(self):
        self.run_moves("delete")
        self.assertEqual(glob.glob(self.out + "*"), [])

    def counted(self, action):
        """No file can be made or opened any more: what was, is read, the rest is counted."""
        tid, calls = self.run_moves(action)
        report, found = report_of(self.out), recorded(self.out)
        self.assertEqual(set(found), {tid})
        self.assertTrue(5000 <= found[tid] < calls)
        self.assertGreaterEqual(found[tid] + lost_calls(report), calls)

    @needs_root
    def test_privileges_are_given_up(self):
        os.chmod(self.root, 0o755)
        self.counted("setuid")

    def test_the_host_goes_into_a_sandbox(self):
        self.counted("sandbox")


class Limits(Surroundings):
    def test_descriptors(self):
        """But for moments in which the steward reads a file of /proc: see docs/reliability.md."""
        for most in range(4, 14):
            with self.subTest(most=most):
                self.host(f"{most} descriptors", ["prlimit", f"--nofile={most}"],
                          DEEP_PROFILE_MACHINE="0").check()

    def test_memory(self):
        """Where the host alone has enough, it has enough with us."""
        results = set()
        for megabytes in (28, 32, 40, 50, 64, 80, 100, 150, 200, 300):
            with self.subTest(megabytes=megabytes):
                # Arenas of malloc would race with the threads' stacks for what is left.
                limit = ["prlimit", f"--as={megabytes << 20}"]
                alone = self.host(f"{megabytes} MB, off", limit, DEEP_PROFILE="0",
                                  MALLOC_ARENA_MAX="1")
                if alone.seen[0] == STATUS: # it may not have
                    results.add(self.host(f"{megabytes} MB", limit,
                                          MALLOC_ARENA_MAX="1").check())
        self.assertIn("no log", results)
        self.assertGreater(len(results), 1)

    def test_a_limit_on_file_sizes(self):
        for kilobytes in (20, 40, 80, 160, 500):
            with self.subTest(kilobytes=kilobytes):
                self.host(f"{kilobytes} KB files", ["prlimit", f"--fsize={kilobytes << 10}"]).check()


class Kernel(Surroundings):
    @unittest.skipUnless(os.uname().machine == "x86_64", "knows the numbers of x86-64 only")
    def test_without_unusual_system_calls(self):
        without = self.program("without")
        for number in (errno.EPERM, errno.ENOSYS):
            # The loader of glibc 2.41 itself needs fstat.
            calls = {name: str(call) for name, call in CALLS.items() if subprocess.run(
                [without, str(number), str(call), "--", "/bin/true"], check=False,
                stderr=subprocess.DEVNULL).returncode == 0}
            self.assertGreaterEqual(len(calls), len(CALLS) - 1)
            for name, call in calls.items():
                with self.subTest(name, errno=number):
                    self.host(f"without {name}", [without, str(number), call, "--"]).check()
            with self.subTest("all", errno=number):
                self.host("without all", [without, str(number), *calls.values(), "--"]).check()

    @needs_root
    def test_without_proc(self):
        before = ["unshare", "-m", "--propagation", "private", "sh", "-c",
                  'umount -l /proc && exec "$@"', "sh"]
        if subprocess.run([*before, "true"], check=False).returncode != 0:
            self.skipTest("cannot unmount /proc")
        host = self.host("no /proc", before)
        (parent,) = [r for r in host.reports if r["pid"] not in host.child]
        self.assertTrue(parent["program"].endswith("/host"), parent["program"])
        self.assertEqual(host.check(), "whole")


class Truncated(Surroundings):
    """Files of a log that is being written are cut short; and a program that goes on."""

    def start(self, *arguments, flags=(), before=(), **variables):
        self.go, self.tally = self.folder + "/go", self.folder + "/tally"
        with open(self.go, "wb"):
            pass
        with open(self.tally, "wb") as file:
            file.write(bytes(16 * 5))
        process = subprocess.Popen(
            [*before, self.program("busy", *flags), self.tally, self.go, *arguments], text=True,
            env=dp.environment(DEEP_PROFILE="1", DEEP_PROFILE_OUT=self.out,
                               DEEP_PROFILE_PACKET_SIZE="16KB", **variables),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.kill)
        self.process = process
        self.assertEqual(process.stdout.readline(), "ready\n")
        return process

    def counted(self):
        with open(self.tally, "rb") as file:
            return {tid: count for tid, count in struct.iter_unpack("=QQ", file.read()) if tid}

    def wait_for_calls(self, more):
        before, end = sum(self.counted().values()), time.monotonic() + 60
        while sum(self.counted().values()) < before + more:
            self.assertIsNone(self.process.poll(), "the host is dead")
            self.assertLess(time.monotonic(), end, "the host hangs")
            time.sleep(0.01)

    def finish(self, process, handled=0):
        if os.path.exists(self.go):
            os.unlink(self.go)
        out, err = process.communicate(timeout=60)
        self.assertEqual((process.returncode, out, err),
                         (STATUS, f"errno 0 handled {handled}\n", ""))

    def cut(self, pattern, share):
        for path in glob.glob(self.out + "/" + pattern):
            if os.path.isfile(path):
                os.truncate(path, int(os.path.getsize(path) * share))

    @unittest.skipUnless(os.uname().machine == "x86_64", "knows the numbers of x86-64 only")
    def test_a_sandbox_without_sleep_does_not_make_the_steward_poll(self):
        process = self.start(before=[self.program("without"), str(errno.EPERM), str(CALLS["nanosleep"]),
                                     str(CALLS["clock_nanosleep"]), "--"])
        time.sleep(1)
        self.finish(process)
        report = report_of(self.out)
        self.assertLess(report["overhead"]["steward_cpu_ns"], report["wall_ns"] / 20)

    def test_streams(self):
        for share in (0, 0.5, 0.9):
            with self.subTest(share):
                self.setUp()
                process = self.start()
                for _ in range(2):
                    self.wait_for_calls(8000)
                    self.cut("stream-*", share)
                self.wait_for_calls(8000)
                self.finish(process)
                found, counted = recorded(self.out), self.counted()
                report = report_of(self.out)
                self.assertEqual(report["phase"], "finished")
                self.assertGreater(report["loss"]["no_space"], 0)
                self.assertGreater(sum(found.values()), 4000, "it went on after the cut")
                self.assertTrue(set(found) <= set(counted))
                for tid, calls in found.items():
                    self.assertLessEqual(calls, counted[tid])

    def test_state(self):
        for pattern in ("state/lane-*", "state/process", "runtime-*", "metadata", "*", "*/*"):
            for share in (0, 0.4):
                with self.subTest(pattern, share=share):
                    self.setUp()
                    process = self.start()
                    self.wait_for_calls(3000)
                    self.cut(pattern, share)
                    self.wait_for_calls(3000)
                    self.finish(process)
                    if share == 0:
                        done = tool("doctor", self.out)
                        self.assertRegex(done.stdout + done.stderr, "lost:|problem|is empty|no log")
                    if "*" not in pattern[:1]: # whoever wrote, and with the names
                        self.assertEqual(recorded(self.out), self.counted())

    def test_every_file_again_and_again(self):
        for pause, cuts in ((0.02, 30), *[(0.002, 15)] * 30): # each mapping faults but once
            self.setUp()
            process = self.start(DEEP_PROFILE_EVENTS=self.folder + "/events")
            for _ in range(cuts):
                time.sleep(pause)
                self.cut("*", 0)
                self.cut("*/*", 0)
            self.finish(process)

    def test_what_is_cut_leaves_room(self):
        """The size limit is for what lies on the disk; cut, or deleted."""
        for how in ("cut", "delete"):
            with self.subTest(how):
                self.setUp()
                process = self.start(DEEP_PROFILE_SIZE_LIMIT="1MB")
                for _ in range(50): # a packet of each thread: more than the limit in all
                    self.wait_for_calls(5000)
                    if how == "cut":
                        self.cut("stream-*", 0)
                    for path in glob.glob(self.out + "/stream-*") if how == "delete" else []:
                        os.unlink(path)
                for _ in range(10): # until the packets are full whose files are gone
                    self.wait_for_calls(8000)
                    if sum(recorded(self.out).values()) > 4000:
                        break
                self.finish(process)
                loss = report_of(self.out)["loss"]
                # Files that were full when they were cut stay counted.
                self.assertLess(loss["log_full"], 5000)
                self.assertGreater(loss["no_space"], 0)
                self.assertGreater(sum(recorded(self.out).values()), 4000, "it went on")

    def test_the_host_has_a_handler_of_its_own(self):
        """Its own faults reach it, ours do not; also where it is set late, or static."""
        started = []
        for flags in ((), ("-static",)):
            for how, handled in (("handler", 2), ("signal", 2), ("late", 2), ("once", 1),
                                 ("kill", 1)):
                self.setUp()
                process = self.start(how, flags=flags)
                os.unlink(self.go)
                started.append((process, handled, how, flags))
        for process, handled, how, flags in started:
            with self.subTest(how, flags=flags):
                self.finish(process, handled)

    def test_after_the_hosts_own_fault_ours_are_caught_again(self):
        process = self.start("handler")
        time.sleep(2.5) # two faults of its own, and the steward's look
        self.wait_for_calls(8000)
        self.cut("*", 0)
        self.cut("*/*", 0)
        self.wait_for_calls(8000)
        self.finish(process, 2)

    def test_without_a_handler_the_host_dies_of_its_own_faults(self):
        process = self.start("default")
        os.unlink(self.go)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, -signal.SIGBUS)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
