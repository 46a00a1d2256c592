#!/usr/bin/env python3
"""What is called slow was slow, however late the tick is.

Run by Meson: slow_bounds.py DEEP_PROFILE_CC DEEP_PROFILE [TEST...]. Each call of
programs/slow_bounds.c is timed by the program's own clock. Every slow event must be a call
that was slow by that clock, and its duration right within the error that it states; every
call that was slow with certainty must be counted, and what is only possible counted apart.

    SLOW_BOUNDS_SECONDS=60   how long each case runs (2)
"""
import collections
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import dp

CC, TOOL = (os.path.abspath(path) for path in sys.argv[1:3])
SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs/slow_bounds.c")
SECONDS = float(os.environ.get("SLOW_BOUNDS_SECONDS", "2"))
MS = 1_000_000
THRESHOLD_NS = 50 * MS
CLOCKS_NS = MS // 5 # between two clocks, ours and the one it follows

Call = collections.namedtuple("Call", "start end start_around end_around")


def spin_in_real_time(cpu, stop):
    """Bursts of a real-time process on one processor. False: not allowed."""
    code = ("import os, time\n"
            f"os.sched_setaffinity(0, {{{cpu}}})\n"
            "os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))\n"
            "print(flush=True)\n"
            "while True:\n"
            "    end = time.monotonic() + 0.12\n"
            "    while time.monotonic() < end: pass\n"
            "    time.sleep(0.04)\n")
    spinner = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL)
    if not spinner.stdout.readline():
        spinner.wait()
        return None
    spinner.stdout.close()
    stop.append(spinner)
    return spinner


class SlowBounds(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="deep-profile-slow-bounds-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.program = cls.folder + "/slow_bounds"
        dp.run(CC, "-O2", "-g", "-Wall", "-Wextra", SOURCE, "-o", cls.program, "-lpthread")

    def run_program(self, threads, longest_ms, how, *, before=(), disturb=None):
        self.log = f"{self.folder}/log-{self._testMethodName}"
        output = self.folder + "/times"
        command = [*before, self.program, str(threads), str(SECONDS), str(longest_ms), how]
        environment = dp.environment(DEEP_PROFILE="1", DEEP_PROFILE_OUT=self.log,
                                     DEEP_PROFILE_SLOW_BASELINE="0")
        with open(output, "w", encoding="ascii") as times:
            program = subprocess.Popen(command, stdout=times, env=environment)
            stopped = threading.Event()
            helper = threading.Thread(target=disturb, args=(program, stopped)) if disturb else None
            if helper:
                helper.start()
            try:
                status = program.wait(timeout=120)
            finally:
                stopped.set()
                if helper:
                    helper.join()
        self.assertEqual(status, 0)
        calls = collections.defaultdict(list)
        with open(output, encoding="ascii") as times:
            for line in times:
                tid, *moments = map(int, line.split())
                calls[tid].append(Call(*moments))
        return calls

    def check(self, calls):
        report = dp.report(TOOL, self.log)
        events = [event for event in dp.events(TOOL, self.log)
                  if event["event"] == "profiler.slow_operation"]
        offset = time.time_ns() - time.monotonic_ns()
        for tid, of_thread in calls.items():
            self.check_thread(tid, of_thread, events)
        for event in events:
            self.check_event(event, calls[event["metadata"]["tid"]], offset)
        at_end = [event for event in events if not event["metadata"].get("in_flight")]
        function, = (row for row in report["functions"] if row["function"] == "operation")
        slow, maybe = function.get("slow", 0), function.get("maybe_slow", 0)
        self.assertEqual(slow, len(at_end))
        flat = [call for of_thread in calls.values() for call in of_thread]
        inside = sum(call.end - call.start >= THRESHOLD_NS for call in flat)
        around = sum(call.end_around - call.start_around >= THRESHOLD_NS for call in flat)
        late_ns = report["loss"]["tick_late"]
        print(f"{self._testMethodName}: {len(flat)} calls, {inside} slow, {around} from outside; "
              f"{slow} counted, {maybe} more may be; tick late by {late_ns / 1e6:.0f} ms")
        self.assertLessEqual(slow, around)
        return inside, slow, maybe, late_ns

    def check_thread(self, tid, calls, events):
        reported = sum(event["metadata"]["tid"] == tid and not event["metadata"].get("in_flight")
                   for event in events)
        self.assertLessEqual(reported, sum(call.end_around - call.start_around >= THRESHOLD_NS
                                       for call in calls))

    def check_event(self, event, calls, offset):
        """It is one of the calls that its thread made in this time."""
        measured = event["measurements"]
        moment = event["time_unix_ns"] - offset
        duration, error = measured["duration_ns"], measured["duration_error_ns"]
        near = [call for call in calls if call.start_around <= moment + 2 * MS and
                call.end_around >= moment - 20 * MS]
        in_flight = event["metadata"].get("in_flight")

        def fits(call):
            longest = call.end_around - call.start_around
            shortest = 0 if in_flight else call.end - call.start
            return (longest >= THRESHOLD_NS - CLOCKS_NS and
                    duration - error <= longest + CLOCKS_NS and
                    duration + error >= shortest - CLOCKS_NS)
        self.assertTrue(any(fits(call) for call in near), (event, near))
        self.assertGreaterEqual(duration - error, THRESHOLD_NS - 2)

    def test_quiet(self):
        inside, slow, maybe, late_ns = self.check(self.run_program(4, 100, "sleep"))
        if late_ns == 0:
            self.assertGreaterEqual(slow + maybe, inside)
            self.assertLess(maybe, max(0.3 * inside, 5))

    def test_stopped_and_continued(self):
        def storm(program, stopped):
            while not stopped.wait(0.03):
                program.send_signal(signal.SIGSTOP)
                time.sleep(0.04)
                program.send_signal(signal.SIGCONT)
        self.check(self.run_program(4, 40, "sleep", disturb=storm))

    def test_stopped_and_continued_while_it_computes(self):
        def storm(program, stopped):
            while not stopped.wait(0.02):
                program.send_signal(signal.SIGSTOP)
                time.sleep(0.03)
                program.send_signal(signal.SIGCONT)
        self.check(self.run_program(2, 40, "spin", disturb=storm))

    def test_beside_a_real_time_process(self):
        """The steward starves on the processor that a real-time process takes."""
        cpu, spinners = max(os.sched_getaffinity(0)), []
        if not spin_in_real_time(cpu, spinners):
            self.skipTest("real-time scheduling is not allowed")
        try:
            calls = self.run_program(4, 40, "sleep", before=("taskset", "-c", str(cpu)))
        finally:
            for spinner in spinners:
                spinner.kill()
                spinner.wait()
        self.check(calls)

    def test_the_steward_alone_starves(self):
        """Threads run on one processor while the steward waits for the other."""
        cpu, spinners = max(os.sched_getaffinity(0)), []
        others = os.sched_getaffinity(0) - {cpu}
        if not others or not spin_in_real_time(cpu, spinners):
            self.skipTest("it takes two processors and real-time scheduling")

        def starve(program, stopped):
            while not stopped.wait(0.01):
                for tid in os.listdir(f"/proc/{program.pid}/task"):
                    try:
                        with open(f"/proc/{program.pid}/task/{tid}/comm", encoding="ascii") as name:
                            steward = name.read().strip() == "deep-profile"
                        os.sched_setaffinity(int(tid), {cpu} if steward else others)
                    except OSError:
                        pass
        try:
            calls = self.run_program(4, 60, "sleep", disturb=starve)
        finally:
            for spinner in spinners:
                spinner.kill()
                spinner.wait()
        self.check(calls)

    def test_many_threads(self):
        self.check(self.run_program(400, 40, "spin"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
