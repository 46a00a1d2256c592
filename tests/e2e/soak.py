#!/usr/bin/env python3
"""A long life: 24 hours by a fake clock, and some seconds or minutes of real time.

Run by Meson: soak.py DEEP_PROFILE_CC DEEP_PROFILE runtime_soak_test. Environment, for
a long run:

    SOAK_SECONDS=600    of real time (15)
    SOAK_CALLS=1000     a second of the fake day (50); a million hours are fine, too:
    SOAK_HOURS=720      of the fake clock (24)
    SOAK_TICK=1ms       of the fake day's steward (100ms): 86 million rounds
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import dp

CC, TOOL, FAKE = (os.path.abspath(path) for path in sys.argv[1:4])
HERE = os.path.dirname(os.path.abspath(__file__))
SECONDS = int(os.environ.get("SOAK_SECONDS", "15"))
CALLS = os.environ.get("SOAK_CALLS", "50")
HOURS = os.environ.get("SOAK_HOURS", "24")
TICK = os.environ.get("SOAK_TICK", "100ms")
LIMIT = 4 << 20


def bytes_of_streams(log):
    total = 0
    for entry in os.scandir(log):
        if entry.is_file() and entry.name != "metadata":
            try:
                total += entry.stat().st_size
            except FileNotFoundError: # the recorder has just removed it
                pass
    return total


class Soak(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="deep-profile-soak-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.log = self.folder + "/log"
        self.environment = dp.environment(
            DEEP_PROFILE="1", DEEP_PROFILE_OUT=self.log, DEEP_PROFILE_SIZE_LIMIT=str(LIMIT),
            DEEP_PROFILE_WHEN_FULL="keep", DEEP_PROFILE_PACKET_SIZE="16KB")

    def functions(self):
        report = dp.report(TOOL, self.log)
        self.assertEqual(report["damage"].get("places", 0), 0)
        return report, {row["function"]: row for row in report["functions"]}

    def test_a_day_by_a_fake_clock(self):
        done = subprocess.run([FAKE, HOURS, CALLS], capture_output=True, text=True, check=False,
                              env={**self.environment, "DEEP_PROFILE_CLOCK": "monotonic",
                                   "DEEP_PROFILE_SEED": "1", "DEEP_PROFILE_TICK": TICK,
                                   "DEEP_PROFILE_CHECK_LOAD": "true",
                                   "DEEP_PROFILE_LOAD_PERIOD": "60s"})
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        truth = json.loads(done.stdout)
        report, functions = self.functions()
        self.assertEqual(report["wall_ns"], truth["passed_ns"])
        self.assertEqual(functions["recorded"]["sampled"], truth["recorded"])
        self.assertEqual(functions["counted"]["counted"], truth["counted"])
        self.assertEqual(functions["watched"]["slow"], truth["slow"])
        self.assertAlmostEqual(functions["sampled"]["estimated_calls"], truth["sampled"],
                               delta=6 * (9 * truth["sampled"]) ** 0.5)
        lost = {reason: count for reason, count in report["loss"].items()
                if count and reason not in set(dp.BUSY) - {"tick_late", "clock_back"}}
        self.assertGreater(lost.pop("overwritten"), 1000)
        self.assertEqual(lost, {})
        # Every slow call was reported in flight, and those of a quarter of an hour are reported right.
        slow = [e for e in dp.events(TOOL, self.log)
                if e["event"] == "profiler.slow_operation"]
        in_flight = [e for e in slow if e["metadata"].get("in_flight")]
        self.assertEqual(len(in_flight), truth["slow"])

    def test_times_in_the_log_of_a_day(self):
        """As babeltrace2 reads them: 27 bits of time that wrap 640,000 times."""
        subprocess.run([FAKE, HOURS, "2"], capture_output=True, check=True,
                       env={**self.environment, "DEEP_PROFILE_CLOCK": "monotonic",
                            "DEEP_PROFILE_TICK": TICK, "DEEP_PROFILE_WHEN_FULL": "discard"})
        text = dp.run("babeltrace2", "--clock-seconds", "--fields=trace,loglevel", self.log).stdout
        times = [float(t) for t in re.findall(r"^\[(\d+\.\d+)\]", text, re.MULTILINE)]
        self.assertEqual(times, sorted(times))
        self.assertAlmostEqual(times[0], 1795219200, delta=60)
        hours = float(HOURS)
        self.assertGreater(times[-1] - times[0], hours * 3600)
        recorded = re.findall(r"^\[(\d+\.\d+)\].* call: ", text, re.MULTILINE)
        self.assertGreaterEqual(len(recorded), 2 * 3600 * hours)
        # Wall and monotonic clock, every now and then.
        triples = re.findall(r"monotonic_ns = (\d+), realtime_ns = (\d+)", text)
        self.assertGreater(len(triples), 100)
        self.assertEqual(len({int(wall) - int(monotonic) for monotonic, wall in triples}), 1)

    def test_in_real_time_memory_is_flat(self):
        host = self.folder + "/host"
        dp.run(CC, "-O2", f"{HERE}/programs/soak.c", "-o", host, "-lpthread")
        sizes, lines = [], []
        with subprocess.Popen([host, str(SECONDS)], env=self.environment, text=True,
                              stdout=subprocess.PIPE) as program:
            for line in program.stdout:
                lines.append([int(word) for word in line.split()])
                sizes.append(bytes_of_streams(self.log))
        self.assertEqual(program.returncode, 0)
        self.assertGreaterEqual(len(lines), min(SECONDS // 2, 3)) # one a second, where there is a processor
        self.assertLessEqual(max(sizes), LIMIT)
        third = len(lines) // 3
        for name, slack, column in (("resident KB", 512, 0), ("mappings", 6, 1),
                                    ("descriptors", 0, 2)):
            early = max(line[column] for line in lines[third:2 * third])
            late = max(line[column] for line in lines[2 * third:])
            self.assertLessEqual(late, early + slack, (name, lines))
        report, functions = self.functions()
        rounds = functions["allocates"]["memory"]["calls"] // 20
        self.assertEqual(functions["recorded"]["sampled"], 500 * rounds)
        self.assertEqual(functions["counted"]["counted"], 500 * rounds)
        late = report["loss"]["tick_late"] # a machine that has no time for us
        self.assertIn(functions["watched"]["slow"], range(rounds + 1) if late else [rounds])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
