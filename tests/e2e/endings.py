#!/usr/bin/env python3
"""A report says how a program ended that did not finish its log, where that is known.

    endings.py DEEP_PROFILE_CC DEEP_PROFILE

Under `record`, which waits for the program; and by itself, where only what the runtime saw is
known. What nobody saw is not claimed: a guess here sends somebody looking in the wrong place.
"""
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import dp
import memory_cgroup

COMPILER, TOOL = (os.path.abspath(path) for path in sys.argv[1:3])
HERE = os.path.dirname(os.path.abspath(__file__))

UNKNOWN = "ended without finishing its log: killed, or by _exit or exec"
SIGNALS = {"segv": "SIGSEGV", "abort": "SIGABRT", "kill": "SIGKILL", "term": "SIGTERM",
           "bus": "SIGBUS", "bus-sent": "SIGBUS", "vfork": "SIGKILL", "fork": "SIGKILL"}
STATUSES = {"_exit": 48, "_Exit": 5, "handler": 100 + signal.SIGUSR1}


class Endings(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        # pylint: disable-next=consider-using-with
        cls.folder = tempfile.TemporaryDirectory(prefix="deep-profile-endings-")
        cls.addClassCleanup(cls.folder.cleanup)
        for name, flags in (("shared", []), ("static", ["-static"])):
            dp.run(COMPILER, "-O2", *flags, f"{HERE}/programs/ends_badly.c", "-o",
                   f"{cls.folder.name}/{name}")

    def log(self):
        return os.path.join(self.folder.name, self.id().rpartition(".")[2] + str(time.monotonic_ns()))

    def program(self, how, build="shared"):
        return [f"{self.folder.name}/{build}", how]

    def alone(self, how, build="shared"):
        log = self.log()
        status = subprocess.run(self.program(how, build), stdout=subprocess.DEVNULL, check=False,
                                preexec_fn=no_core,
                                env=dp.environment(DEEP_PROFILE="1", DEEP_PROFILE_OUT=log)).returncode
        return log, status

    def recorded(self, how, build="shared"):
        log = self.log()
        status = subprocess.run([TOOL, "record", "-o", log, "--", *self.program(how, build)],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
                                preexec_fn=no_core, env=dp.environment()).returncode
        return log, status

    def words(self, log):
        return dp.run(TOOL, "report", log).stdout.partition("\n")[0].partition(", ")[2]

    def ending(self, log):
        report = dp.report(TOOL, log)
        self.assertEqual(report["phase"], "killed")
        self.assertEqual([call["function"] for call in report["open_calls"]], ["serve", "query"])
        return report.get("ending")

    def test_record_knows_the_signal(self):
        for how, name in SIGNALS.items():
            for build in ("shared", "static") if how in ("kill", "segv", "bus") else ("shared",):
                with self.subTest(how=how, build=build):
                    log, status = self.recorded(how, build)
                    self.assertEqual(status, 128 + signal.Signals[name])
                    ending = self.ending(log)
                    self.assertEqual((ending["by"], ending["signal"], ending["number"]),
                                     ("signal", name, signal.Signals[name]))
                    self.assertIs(ending["core_dumped"], False)
                    self.assertTrue(self.words(log).startswith("killed by " + name), self.words(log))

    def test_a_signal_without_a_name(self):
        ending = self.ending(self.recorded("realtime")[0])
        self.assertEqual((ending["signal"], ending["number"]),
                         (f"signal {signal.SIGRTMIN + 3}", signal.SIGRTMIN + 3))

    def test_a_status_is_that_of_underscore_exit_where_that_was_called(self):
        for run in (self.recorded, self.alone):
            for how, code in STATUSES.items():
                for build in ("shared", "static"):
                    with self.subTest(run=run, how=how, build=build):
                        log, status = run(how, build)
                        self.assertEqual(status, code)
                        ending = self.ending(log)
                        self.assertEqual((ending["by"], ending["status"]), ("_exit", code))
                        self.assertEqual(self.words(log), f"ended by _exit({code})")

    def test_a_status_of_which_nothing_more_is_known(self):
        log, status = self.recorded("exec")
        self.assertEqual(status, 9)
        ending = self.ending(log)
        self.assertEqual((ending["by"], ending["status"]), ("status", 9))
        self.assertIn("ended with status 9 without finishing its log", self.words(log))

    def test_without_record_a_signal_is_not_known(self):
        for how in ("segv", "kill", "term", "abort", "vfork", "fork", "exec"):
            with self.subTest(how=how):
                log, _ = self.alone(how)
                self.assertIsNone(self.ending(log))
                self.assertEqual(self.words(log), UNKNOWN)

    def test_but_that_the_runtime_saw(self):
        for build in ("shared", "static"):
            for how in ("bus", "bus-sent"):
                with self.subTest(how=how, build=build):
                    log, status = self.alone(how, build)
                    self.assertEqual(status, -signal.SIGBUS)
                    ending = self.ending(log)
                    self.assertEqual((ending["by"], ending["signal"]), ("signal", "SIGBUS"))
                    self.assertNotIn("core_dumped", ending)

    def test_a_process_that_is_another_program_now(self):
        log = self.log()
        with subprocess.Popen(self.program("exec-sleep"), stdout=subprocess.DEVNULL,
                              env=dp.environment(DEEP_PROFILE="1", DEEP_PROFILE_OUT=log)) as process:
            while command_of(process.pid) != "sleep":
                time.sleep(0.01)
            self.assertEqual(self.ending(log), {"by": "exec"})
            self.assertEqual(self.words(log), "became another program (exec)")
            process.kill()
        self.assertEqual(self.words(log), UNKNOWN, "who killed the other program is nothing of ours")

    def test_the_last_of_two_logs_of_one_process(self):
        """A program that becomes a second one, which is profiled, too, and is killed."""
        log = self.log()
        subprocess.run([TOOL, "record", "-o", log, "--", "sh", "-c",
                        f'"{self.folder.name}/shared" none; exec "{self.folder.name}/shared" term'],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
                       env=dp.environment())
        logs = [log] + [f"{log}.{name.rpartition('.')[2]}" for name in os.listdir(self.folder.name)
                        if name.startswith(os.path.basename(log) + ".")]
        self.assertEqual(sorted(dp.report(TOOL, one)["phase"] for one in logs), ["finished", "killed"])
        self.assertEqual([self.ending(one)["signal"] for one in logs
                          if dp.report(TOOL, one)["phase"] == "killed"], ["SIGTERM"])

    def test_a_finished_log_is_left_alone(self):
        report = dp.report(TOOL, self.recorded("exit")[0])
        self.assertEqual(report["phase"], "finished")
        self.assertNotIn("ending", report)

    def test_the_first_lines_name_the_open_calls(self):
        head = dp.run(TOOL, "report", self.recorded("kill")[0]).stdout.partition("\n\n")[0]
        self.assertRegex(head, r"(?m)^  inside    (query for \S+ \S+, serve|serve for \S+ \S+, query) for \S+ \S+ "
                               r"\(shared/\d+\)$")

    def test_the_end_is_when_record_saw_it(self):
        """The program's own thread of ours rests meanwhile, and has no later sign of life."""
        log, _ = self.recorded("vfork")
        self.assertGreaterEqual(dp.report(TOOL, log)["wall_ns"], 500_000_000)

    def test_the_kernel_was_out_of_memory(self):
        with memory_cgroup.made():
            if memory_cgroup.refused():
                self.skipTest(memory_cgroup.refused())
            log = self.log()
            subprocess.run([TOOL, "record", "-o", log, "--", *self.program("memory")],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
                           env=dp.environment(), preexec_fn=memory_cgroup.enter)
        ending = self.ending(log)
        self.assertEqual((ending["signal"], ending["kernel_was_out_of_memory"]), ("SIGKILL", True))
        self.assertIn("as memory ran out", self.words(log))

    def test_a_core_dump(self):
        log, name = self.log(), "core"
        with open("/proc/sys/kernel/core_pattern", encoding="utf-8") as file:
            if file.read().strip() != name:
                self.skipTest("cores of this machine go elsewhere")
        with tempfile.TemporaryDirectory(prefix="deep-profile-core-") as folder:
            limit = resource.getrlimit(resource.RLIMIT_CORE)[1]
            subprocess.run([TOOL, "record", "-o", log, "--", *self.program("segv")], cwd=folder,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
                           env=dp.environment(),
                           preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (limit, limit)))
            dumped = any(file.startswith(name) for file in os.listdir(folder))
        self.assertIs(self.ending(log)["core_dumped"], dumped)
        self.assertEqual(self.words(log).endswith("core dumped"), dumped)


def command_of(pid):
    with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
        return file.read().strip()


def no_core():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
