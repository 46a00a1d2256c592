#!/usr/bin/env python3
"""Where the threads of a running program are: deep-profile stacks.

    stacks.py DEEP_PROFILE_CC DEEP_PROFILE

Programs that stay where they are (programs/stacks.c). Nothing is asserted of how long an answer
takes: the tool waits for as long as a busy machine needs.
"""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import dp

CC, TOOL = (os.path.abspath(path) for path in sys.argv[1:3])
SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs/stacks.c")
PATIENCE = "--wait=5min"
NOBODY = 65534


class Program:
    """One that runs until the end of the block, which begins when it is ready."""

    def __init__(self, log, *command, lines=1, user=None, **variables):
        self.log, self.lines = log, lines
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, user=user,
            env=dp.environment(DEEP_PROFILE="1", DEEP_PROFILE_OUT=log, **variables))

    def __enter__(self):
        self.said = [self.process.stdout.readline().strip() for _ in range(self.lines)]
        self.pid = self.process.pid
        assert self.said[-1] == "ready", self.said
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()


def ask(*arguments, **options):
    return subprocess.run((TOOL, "stacks", *arguments), env=dp.environment(), text=True,
                          capture_output=True, check=False, **options)


def answer(*arguments, **options):
    result = ask("--format=json", PATIENCE, *arguments, **options)
    if result.returncode != 0:
        raise AssertionError(f"{arguments}: status {result.returncode}\n{result.stderr}")
    return json.loads(result.stdout)


def frames(thread):
    return [frame["function"] for frame in thread["frames"]]


def calls(thread):
    return [call["function"] for call in thread["open_calls"]]


class Stacks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = tempfile.mkdtemp(prefix="deep-profile-stacks-")
        cls.addClassCleanup(shutil.rmtree, cls.root)
        cls.program = cls.root + "/stacks"
        dp.run(CC, "-O2", "-g", SOURCE, "-o", cls.program, "-lpthread")

    def run_program(self, *arguments, **options):
        return Program(tempfile.mkdtemp(dir=self.root) + "/log", self.program, *arguments,
                       **options)

    def until(self, program, true_of):
        """Asks until it is so: a thread that is ready may still be on its way."""
        while True:
            found = answer("-p", str(program.pid))
            if true_of(found):
                return found
            time.sleep(0.1)

    def test_a_deadlock_is_named(self):
        with self.run_program("deadlock") as program:
            found = self.until(program, lambda found: found["deadlocks"])
            self.assertEqual(len(found["deadlocks"]), 1)
            cycle = found["deadlocks"][0]["threads"]
            self.assertEqual({thread["name"] for thread in cycle}, {"forth", "back"})
            self.assertEqual({thread["function"] for thread in cycle}, {"transfer"})
            threads = {thread["name"]: thread for thread in found["threads"]}
            self.assertEqual(set(threads), {"stacks", "forth", "back"})
            for name, other in (("forth", "back"), ("back", "forth")):
                one = threads[name]
                self.assertEqual((one["state"], one["syscall"], one["holder"]),
                                 ("blocked", "futex", other))
                self.assertEqual(one["holder_tid"], threads[other]["tid"])
                self.assertEqual(one["holder_function"], "transfer")
                self.assertRegex(one["object"], "^mutex 0x[0-9a-f]+$")
                self.assertEqual(calls(one), ["transfer", "serve"])
                self.assertEqual([f for f in frames(one) if f in ("transfer", "serve", "teller")],
                                 ["transfer", "serve", "teller"])
                self.assertGreater(one["open_calls"][0]["open_ns"], 0)
            self.assertNotIn("deadlock", threads["stacks"])
            text = ask(PATIENCE, "-p", str(program.pid)).stdout
            self.assertRegex(text, r"Deadlock: (forth|back)/\d+ in `transfer` waits for")
            self.assertRegex(text, r"(?m)^forth/\d+ +blocked in futex: mutex 0x\w+ held by back")
            self.assertRegex(text, r"(?m)^ +transfer +stacks\.c:\d+$")

    def test_a_thread_that_waits_for_itself(self):
        with self.run_program("alone") as program:
            found = self.until(program, lambda found: found["deadlocks"])
            self.assertEqual([len(d["threads"]) for d in found["deadlocks"]], [1])
            self.assertIn("waits for itself", ask(PATIENCE, "-p", str(program.pid)).stdout)

    def test_a_thread_that_has_not_moved_has_waited_since_the_last_time(self):
        with self.run_program("deadlock") as program:
            self.until(program, lambda found: found["deadlocks"])
            time.sleep(0.3)
            found = answer("-p", str(program.pid))
            for thread in found["threads"]:
                if thread["name"] != "stacks":
                    self.assertGreaterEqual(thread["waits_at_least_ns"], 0.3e9)

    def test_three_hundred_threads(self):
        with self.run_program("many", "300") as program:
            found = self.until(program, lambda found: sum(
                "waiter" in frames(thread) for thread in found["threads"]) == 300)
            self.assertEqual(len(found["threads"]), 301)
            self.assertFalse(found["cut"])
            text = ask(PATIENCE, "-p", str(program.pid)).stdout
            self.assertLess(len(text.splitlines()), 400) # the same stack stands there once

    def test_a_thread_that_runs(self):
        with self.run_program("spin") as program:
            found = self.until(program, lambda found: "spin" in frames(found["threads"][0]))
            thread, = found["threads"]
            self.assertIn(thread["state"], ("on_cpu", "runnable"))
            self.assertEqual(calls(thread), ["spin"])
            self.assertIsNone(thread["waits_at_least_ns"])

    def by_signal(self, program):
        """Sends the signal, and waits for what comes of it."""
        os.kill(program.pid, signal.SIGUSR2)
        while True:
            result = ask("--last", "--format=json", program.log)
            if result.returncode == 0:
                return json.loads(result.stdout)
            self.assertIn("nobody has asked", result.stderr)
            time.sleep(0.1)

    def test_a_signal_of_the_users_choice(self):
        with self.run_program("poll", DEEP_PROFILE_STACKS_SIGNAL="SIGUSR2") as program:
            found = self.by_signal(program)
            self.assertTrue(found["by_signal"] and found["answered"])
            self.until(program, lambda found: found["threads"][0]["syscall"] == "poll")
            os.kill(program.pid, signal.SIGUSR2)
            self.until(program, lambda found: found["threads"][0]["syscall"] == "poll")
            self.assertIsNone(program.process.poll()) # its poll() has seen no EINTR
            found = answer(program.log, "--last")
            self.assertEqual(calls(found["threads"][0]), ["wait_for_good"])
        self.assertEqual(answer(program.log)["threads"], found["threads"]) # after its death

    def test_a_host_that_blocks_the_signal(self):
        with self.run_program("mask", DEEP_PROFILE_STACKS_SIGNAL="USR2") as program:
            found = self.by_signal(program)
            self.assertEqual(found["threads"][0]["syscall"], "read")
            self.assertRegex(found["threads"][0]["object"], "^pipe:")

    def test_a_host_keeps_an_action_of_its_own(self):
        with self.run_program("action", DEEP_PROFILE_STACKS_SIGNAL="USR2") as program:
            os.kill(program.pid, signal.SIGUSR2)
            self.assertEqual(program.process.stdout.readline(), "signal\n")
            self.assertFalse(answer("-p", str(program.pid))["by_signal"])

    def test_a_signal_that_cannot_be_had(self):
        for name in ("KILL", "SEGV", "USR3", "33", "RTMAX+1"):
            log = tempfile.mkdtemp(dir=self.root) + "/log"
            with Program(log, self.program, "poll", DEEP_PROFILE_STACKS_SIGNAL=name):
                said = subprocess.run((TOOL, "doctor", log), env=dp.environment(), text=True,
                                      capture_output=True, check=False).stdout
            self.assertIn("DEEP_PROFILE_STACKS_SIGNAL", said)
            self.assertIn("is no signal that can be used", said, name)

    def test_an_ordinary_user(self):
        if os.geteuid() != 0:
            self.skipTest("we are one already: all the other tests show it")
        with tempfile.TemporaryDirectory(prefix="deep-profile-stacks-") as root:
            os.chmod(root, 0o755)
            os.mkdir(root + "/logs")
            os.chown(root + "/logs", NOBODY, NOBODY)
            os.chmod(self.root, 0o755)
            with Program(root + "/logs/log", self.program, "poll", user=NOBODY) as program:
                found = answer("-p", str(program.pid), user=NOBODY)
                self.assertEqual(calls(found["threads"][0]), ["wait_for_good"])

    def test_a_process_of_another_user(self):
        if os.geteuid() != 0:
            result = ask("-p", "1")
            self.assertRegex(result.stderr, "process 1 .* belongs to user 0|not being profiled")
            return
        with self.run_program("poll") as program:
            result = ask("-p", str(program.pid), user=NOBODY)
            self.assertEqual(result.returncode, 3)
            self.assertIn(f"process {program.pid} (stacks) belongs to user 0", result.stderr)

    def test_a_process_that_is_gone(self):
        child = subprocess.Popen(("true",))
        child.wait()
        result = ask("-p", str(child.pid))
        self.assertEqual(result.returncode, 3)
        self.assertIn(f"there is no process {child.pid}", result.stderr)

    def test_a_process_that_is_not_profiled(self):
        with subprocess.Popen((self.program, "poll"), stdout=subprocess.PIPE, text=True,
                              env=dp.environment()) as process:
            process.stdout.readline()
            result = ask("-p", str(process.pid))
            process.kill()
        self.assertEqual(result.returncode, 3)
        self.assertIn("(stacks) is not being profiled", result.stderr)

    def test_a_forked_child_without_a_log(self):
        with self.run_program("forked", lines=2) as program:
            child = program.said[0]
            result = ask("-p", child)
            os.kill(int(child), signal.SIGKILL)
            self.assertEqual(result.returncode, 3)
            self.assertIn("forked child", result.stderr)

    def test_a_process_that_is_stopped(self):
        with self.run_program("deadlock") as program:
            os.kill(program.pid, signal.SIGSTOP)
            os.waitpid(program.pid, os.WUNTRACED)
            result = ask("--format=json", PATIENCE, "-p", str(program.pid))
            os.kill(program.pid, signal.SIGCONT)
            self.assertEqual(result.returncode, 3)
            self.assertIn("is stopped", result.stderr)
            found = json.loads(result.stdout)
            self.assertFalse(found["answered"])
            states = {thread["name"]: thread["state"] for thread in found["threads"]}
            self.assertEqual(states["forth"], "T")
            self.assertIn("transfer", calls(next(thread for thread in found["threads"]
                                                 if thread["name"] == "forth")))
            answer("-p", str(program.pid)) # it goes on

    def test_a_process_that_takes_too_long(self):
        with self.run_program("poll") as program:
            result = ask("--wait=0", "-p", str(program.pid))
            self.assertIn(result.returncode, (0, 3))
            if result.returncode == 3:
                self.assertIn("has not answered in time", result.stderr)
                self.assertIn("as seen from outside", result.stdout)

    def test_a_process_that_hides_its_files(self):
        """PR_SET_DUMPABLE: threads that wait cannot be read, and it says so."""
        with self.run_program("hidden") as program:
            found = answer(program.log)
            self.assertEqual(len(found["threads"]), 1)

    def test_a_log_that_nobody_asked(self):
        with self.run_program("poll") as program:
            pass
        result = ask(program.log)
        self.assertEqual(result.returncode, 3)
        self.assertIn("nobody has asked", result.stderr)

    def test_into_a_file(self):
        with self.run_program("poll") as program:
            name = self.root + "/where"
            dp.run(TOOL, "stacks", PATIENCE, "-p", str(program.pid), "-o", name)
            with open(name, encoding="utf-8") as file:
                self.assertIn("wait_for_good", file.read())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
