#!/usr/bin/env python3
"""Logs of processes that run: report, top, events --follow, record."""
import json
import os
import re
import signal
import struct
import subprocess
import sys
import time
import unittest

from case import CHECK, Case, FINE, MAKE_LOG, TOOL, environment

# Offsets in struct dp_process_state.
HEARTBEAT = 56
with open(os.path.join(os.path.dirname(os.path.realpath(__file__)),
                       "../../include/deep_profile/losses.def"), encoding="utf-8") as table:
    MACHINE = 120 + 8 * len(re.findall(r"^DP_LOSS\(", table.read(), re.MULTILINE))

# What a steward does, as far as anybody sees.
BEAT = f"""
import struct, sys, time
with open(sys.argv[1], "r+b", buffering=0) as state:
    while True:
        time.sleep(float(sys.argv[2]))
        state.seek({HEARTBEAT})
        state.write(struct.pack("=Q", time.monotonic_ns()))
        print(flush=True)
"""


class Live(Case):
    """A process that still runs."""

    def setUp(self):
        super().setUp()
        self.make("killed", "live")
        self.child = subprocess.Popen(
            [sys.executable, "-c", "import mmap, sys, time\n"
             "state = open(sys.argv[1], 'r+b')\nmapped = mmap.mmap(state.fileno(), 0)\n"
             "print('ready', flush=True); time.sleep(600)", self.path("live", "state/process")],
            stdout=subprocess.PIPE)
        self.addCleanup(self.end)
        self.addCleanup(self.child.stdout.close)
        self.child.stdout.readline()
        self.set_process("live", self.child.pid)

    def end(self):
        self.child.kill()
        self.child.wait()

    def test_a_process_that_does_not_map_it_has_become_another_program(self):
        """exec keeps the pid and the time of its start."""
        with subprocess.Popen(["sleep", "600"]) as other:
            self.set_process("live", other.pid)
            self.assertEqual(self.json("report", "live")["phase"], "killed")
            other.kill()

    def test_top_finds_the_log_of_a_process(self):
        pid = str(self.child.pid)
        text = self.run_tool("top", "--pid", pid, cwd="/").stdout
        self.assertIn(f"pid {pid}, running", text)
        self.end()
        self.fails(f"process {pid} writes no log that can be seen: .*", "top", "--pid", pid)
        self.assertIn("--pid takes the number of a process, not '0'",
                      self.run_tool("top", "--pid=0", status=2).stderr)

    def test_it_is_reported_as_running(self):
        report = self.json("report", "live")
        self.assertEqual((report["phase"], report["pid"]), ("running", self.child.pid))
        self.end()
        self.assertEqual(self.json("report", "live")["phase"], "killed")

    def test_a_log_from_another_machine(self):
        """Its process number means nothing here, though one of that number runs."""
        with open(self.path("live", "state/process"), "r+b") as state:
            state.seek(MACHINE)
            state.write(struct.pack("=Q", 42))
        self.assertEqual(self.json("report", "live")["phase"], "elsewhere")
        self.assertIn("not finished (it ran on another machine, in another container, or before a "
                      "restart)", self.run_tool("report", "live").stdout)
        self.assertIn("whether it runs cannot be seen from here",
                      self.run_tool("doctor", "live", status=CHECK).stdout)
        # On a disk that machines share it may well run: its log is left alone then. On a busy
        # machine it beats seldom.
        for pause in "0.001", "0.8":
            with subprocess.Popen([sys.executable, "-c", BEAT, self.path("live/state/process"), pause],
                                  stdout=subprocess.PIPE) as beating:
                beating.stdout.readline()
                self.fails(f"process {self.child.pid} still writes 'live'; .*", "recover", "live",
                           status=CHECK)
                beating.kill()
        self.assertIn("empty packets removed", self.run_tool("recover", "live").stdout)

    def test_another_process_of_the_same_number_is_not_it(self):
        with open(self.path("live", "state/process"), "r+b") as state:
            state.seek(24)
            state.write(struct.pack("=Q", 1))
        self.assertEqual(self.json("report", "live")["phase"], "killed")

    def test_recover_refuses(self):
        size = os.path.getsize(self.path("live", "stream-0000-0001"))
        self.fails(f"process {self.child.pid} still writes 'live'; .*", "recover", "live",
                   status=CHECK)
        self.assertEqual(os.path.getsize(self.path("live", "stream-0000-0001")), size)

    def test_top_looks_as_often_as_it_is_asked_to(self):
        done = self.run_tool("top", "--count=3", "--interval=0.05", "--format=json", "live")
        looks = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([look["phase"] for look in looks], ["running"] * 3)
        # What it adds up from the state is not added twice.
        for function in looks[0]["functions"] + looks[2]["functions"]:
            for figure in "share_of_wall", "total_ns_high": # they go by the time that has passed
                function.pop(figure, None)
        for part in "functions", "lanes", "open_calls", "open_calls_forgotten", "loss", "damage":
            self.assertEqual(looks[0][part], looks[2][part], part)
        self.assertEqual([look["load"]["gated"] for look in looks], [20] * 3)
        self.assertEqual([look["overhead"]["slow_paths"] for look in looks], [1000] * 3)
        self.assertEqual(self.run_tool("top", "live").stdout.count("Hot functions"), 1)

    def test_top_of_the_last_seconds_is_without_what_was_before(self):
        """The log stands still: nothing happened."""
        text = self.run_tool("top", "--last=100ms", "live").stdout
        self.assertIn("figures   of the last 1", text)
        self.assertNotIn("Hot functions", text)
        for wrong in "5", "x", "0s":
            self.run_tool("top", "--last=" + wrong, "live", status=2)

    def test_top_takes_the_one_that_runs(self):
        self.make("basic", "a-finished")
        self.make("basic", "z-finished")
        self.assertIn(f"pid {self.child.pid}, running", self.run_tool("top", ".").stdout)

    def test_events_are_followed_until_the_process_ends(self):
        late = ("stream-0000-0001", "stream-0001-0000")
        for stream in late:
            os.rename(self.path("live", stream), self.path(stream))
        before = self.run_tool("events", "--format=json", "live").stdout.splitlines()
        follower = subprocess.Popen([TOOL, "events", "--follow", "--format=json", "live"],
                                    cwd=self.folder, env=environment(), stdout=subprocess.PIPE,
                                    text=True)
        with follower.stdout as pipe:
            found = [pipe.readline().rstrip("\n") for _ in before]
            self.assertTrue(found == before)
            # What comes later is reported while the process runs, again and again.
            for stream in late:
                os.rename(self.path(stream), self.path("live", stream))
                found.append(pipe.readline().rstrip("\n"))
                self.assertNotEqual(found[-1], "", stream)
            self.end()
            found += pipe.read().splitlines()
        self.assertEqual(follower.wait(timeout=30), FINE)
        whole = self.run_tool("events", "--format=json", "live").stdout.splitlines()
        self.assertTrue(sorted(found) == sorted(whole))


class Record(Case):
    def record(self, *arguments, status, **options):
        return self.run_tool("record", *arguments, status=status, **options)

    def test_the_status_is_the_programs_own(self):
        self.record("--", "sh", "-c", "exit 0", status=0)
        self.record("--", "sh", "-c", "exit 7", status=7)
        done = self.record("--", "sh", "-c", "kill -TERM $$", status=128 + 15)
        self.assertIn("'sh' was killed by signal 15 (Terminated)", done.stderr)

    def test_programs_that_cannot_be_run(self):
        self.fails("cannot run './nothing': No such file or directory", "record", "--",
                   "./nothing", status=127)
        with open(self.path("data"), "w", encoding="utf-8"):
            pass
        self.fails("cannot run './data': Permission denied", "record", "--", "./data", status=126)

    def test_the_environment(self):
        show = ["sh", "-c", 'echo "$DEEP_PROFILE|$DEEP_PROFILE_ENV|$DEEP_PROFILE_OUT|$$"']
        folder = os.path.realpath(self.folder)
        out = self.record("--", *show, status=0).stdout.strip().split("|")
        self.assertEqual(out[:2], ["1", ""])
        self.assertEqual(out[2], f"{folder}/deep-profile.{out[3]}")
        out = self.record("-o", "log", "--rules=f*:rate=1", "--env", "prod", "--", *show,
                          status=0).stdout.strip().split("|")
        self.assertEqual(out[:3], ["f*:rate=1", "prod", f"{folder}/log"])
        out = self.record(*show, status=0,
                          env=environment(DEEP_PROFILE="g:rate=1")).stdout.strip().split("|")
        self.assertEqual(out[0], "g:rate=1")
        out = self.record(*show, status=0,
                          env=environment(DEEP_PROFILE="off")).stdout.strip().split("|")
        self.assertEqual(out[0], "1")

    def test_the_programs_options_are_its_own(self):
        done = self.record("echo", "-n", "--format=json", "-o", status=0)
        self.assertEqual(done.stdout, "--format=json -o")

    def test_it_says_where_the_log_is(self):
        refused = ("deep-profile: setting DEEP_PROFILE_CPU_LIMIT was refused: "
                   "'much' is not a rate; '0.8' holds\n")
        make = f'exec "{MAKE_LOG}" basic "$DEEP_PROFILE_OUT" >/dev/null'
        done = self.record("-o", "log", "--", "sh", "-c", make, status=0)
        self.assertEqual(done.stderr, "deep-profile: log: log\n" + refused)
        # Taken: a second program appends its process.
        make = f'exec "{MAKE_LOG}" basic "$DEEP_PROFILE_OUT.77" >/dev/null'
        done = self.record("-o", "log", "--", "sh", "-c", make, status=0)
        self.assertEqual(done.stderr, "deep-profile: log: log.77\n" + refused)
        done = self.record("-o", "other", "--", "true", status=0)
        self.assertEqual(done.stderr, "deep-profile: no log was written; "
                                      "'deep-profile doctor true' may say why\n")

    def test_it_warns_of_variables_that_are_no_settings(self):
        done = self.record("-o", "log", "--", "true", status=0,
                           env=environment(DEEP_PROFILE_EVNTS="x"))
        self.assertIn("deep-profile: DEEP_PROFILE_EVNTS is not a setting; did you mean "
                      "'DEEP_PROFILE_EVENTS'?\n", done.stderr)
        done = self.record("--rules=ture", "--", "true", status=0)
        self.assertIn("DEEP_PROFILE is 'ture', which is neither 1 nor a rule", done.stderr)
        make = f'exec "{MAKE_LOG}" basic "$DEEP_PROFILE_OUT" >/dev/null'
        done = self.record("-o", "log", "--", "sh", "-c", make, status=0,
                           env=environment(DEEP_PROFILE_X="1"))
        self.assertIn("deep-profile: DEEP_PROFILE_X is not a setting\n", done.stderr)

    def test_signals_reach_the_program(self):
        script = "trap 'exit 5' TERM; echo ready; while :; do sleep 0.05; done"
        recorder = subprocess.Popen([TOOL, "record", "--", "sh", "-c", script], cwd=self.folder,
                                    env=environment(), stdout=subprocess.PIPE,
                                    stderr=subprocess.DEVNULL, text=True)
        self.assertEqual(recorder.stdout.readline(), "ready\n")
        recorder.send_signal(signal.SIGTERM)
        self.assertEqual(recorder.wait(timeout=30), 5)
        recorder.stdout.close()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
