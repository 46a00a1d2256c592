#!/usr/bin/env python3
"""The load gate: it closes on a busy machine, opens again, and obeys rules.

Run by Meson: load.py DEEP_PROFILE_CC DEEP_PROFILE [TEST...]. See profiled.py.
"""
import json
import math
import os
import shutil
import subprocess
import sys
import time
import unittest

import dp
from profiled import CLOCKS_NS, Profiled, TOOL


class Load(Profiled):
    """The program prints how often it called; what is refused goes by when the gate was closed."""
    CLOSED = {"DEEP_PROFILE_CHECK_LOAD": "true", "DEEP_PROFILE_MEMORY_LIMIT": "0",
              "DEEP_PROFILE_LOAD_PERIOD": "50ms"}

    @staticmethod
    def moves(found):
        return [e for e in found if e["event"] == "profiler.load"]

    @classmethod
    def closed(cls, found):
        """From when to when, each time."""
        times, since = [], {}
        for move in cls.moves(found):
            if move["metadata"]["gate"] == "closed":
                since.setdefault(move["metadata"]["resource"], move["time_unix_ns"])
            elif move["metadata"]["resource"] in since:
                times.append((since.pop(move["metadata"]["resource"]), move["time_unix_ns"]))
        return times + [(begin, math.inf) for begin in since.values()]

    def calls_while_closed(self, found, function):
        begun = [e["time_unix_ns"] - e["measurements"]["duration_ns"]
                 for e in self.of(found, function, "stop")]
        closed = self.closed(found)
        return sum(begin + CLOCKS_NS < time < end - CLOCKS_NS for time in begun for begin, end in closed)

    def wait_for(self, what, seconds):
        """Of the lines that the sink has by now."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            lines = []
            if os.path.exists(self.sink):
                with open(self.sink, encoding="utf-8") as sink:
                    lines = [json.loads(line) for line in sink if line.endswith("\n")]
            if what(lines):
                return True
            time.sleep(0.5)
        return False

    def test_the_gate_closes_under_load_and_opens_again(self):
        variables = dp.environment(DEEP_PROFILE="1", DEEP_PROFILE_OUT=self.out,
                                   DEEP_PROFILE_EVENTS=self.sink, DEEP_PROFILE_CHECK_LOAD="true",
                                   DEEP_PROFILE_LOAD_PERIOD="100ms", DEEP_PROFILE_CPU_LIMIT="0.95",
                                   DEEP_PROFILE_MEMORY_LIMIT="1")
        goes_on = self.folder + "/goes-on"
        with open(goes_on, "w", encoding="ascii"):
            pass
        busy = [subprocess.Popen(["sh", "-c", "while :; do :; done"])
                for _ in range(2 * os.cpu_count())]
        with subprocess.Popen([self.program("load"), "200", goes_on], env=variables,
                              stdout=subprocess.DEVNULL) as program:
            closed = self.wait_for(self.moves, 60) and \
                self.wait_for(lambda found: self.calls_while_closed(found, "unchecked") > 20, 60)
            for process in busy:
                process.kill()
                process.wait()
            # Other programs may keep the machine busy.
            opened = closed and self.wait_for(lambda found: len(self.moves(found)) > 1, 10) and \
                self.wait_for(lambda found: any(e["time_unix_ns"] > self.moves(found)[1]["time_unix_ns"]
                                                for e in self.of(found, "checked", "stop")), 10)
            os.unlink(goes_on)
            self.assertEqual(program.wait(), 0)
        if not closed:
            self.skipTest("we may not use 95 % of this machine's processors")
        found = self.read_sink()
        first = self.moves(found)[0]
        self.assertEqual((first["metadata"]["resource"], first["metadata"]["gate"]), ("cpu", "closed"))
        self.assertGreater(first["measurements"]["value"], 0.95)
        self.assertEqual(self.calls_while_closed(found, "checked"), 0)
        self.assertGreater(self.calls_while_closed(found, "unchecked"), 20)
        print("opened again" if opened else "the machine stayed busy")

    def test_closed_from_the_start_when_any_load_is_too_much(self):
        found = self.run_on("load", "1", **self.CLOSED)
        self.assertEqual([m["metadata"]["resource"] for m in self.moves(found)
                          if m["metadata"]["resource"] == "memory"], ["memory"])
        self.assertEqual(len(self.of(found, "unchecked", "stop")), self.printed("calls")[0])
        self.assertLess(len(self.of(found, "checked", "stop")), self.printed("calls")[0])
        self.assertGreater(self.calls_while_closed(found, "unchecked"), 0)
        self.assertEqual(self.calls_while_closed(found, "checked"), 0)

    def test_a_rule_is_obeyed_while_it_is_closed(self):
        def stops(rule):
            shutil.rmtree(self.folder)
            os.mkdir(self.folder)
            found = self.run_on("load", "1", DEEP_PROFILE=rule, **self.CLOSED)
            self.assertTrue(self.closed(found))
            return (len(self.of(found, "checked", "stop")), self.printed("calls")[0],
                    self.calls_while_closed(found, "checked"))

        sampled, calls, _ = stops("checked:rate=1")
        self.assertEqual(sampled, calls)
        self.assertNotIn("machine was busy", dp.run(TOOL, "report", self.out).stdout)
        sampled, calls, while_closed = stops("checked:rate=1,check_load=true")
        self.assertLess(sampled, calls)
        self.assertEqual(while_closed, 0)
        self.assertRegex(dp.run(TOOL, "report", self.out).stdout,
                         r"the machine was busy [0-9.]+ % of the time: [0-9.]+ of "
                         r"[0-9.]+ sampled calls were refused")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
