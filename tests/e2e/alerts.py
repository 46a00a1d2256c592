#!/usr/bin/env python3
"""The detector: an alert for each kind of trouble, and none without.

Run by Meson: alerts.py DEEP_PROFILE_CC DEEP_PROFILE [TEST...]. The program is
programs/alerts.c, which goes on until a file of the test's is gone. What depends on how much
processor time a program gets is judged from figures made by hand: tests/unit/runtime/
detector_test.c.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import dp

CC, TOOL = (os.path.abspath(path) for path in sys.argv[1:3])
SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs/alerts.c")


class Alerts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="deep-profile-alerts-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        dp.run(CC, "-O2", "-g", SOURCE, "-o", cls.folder + "/alerts", "-lpthread")

    def setUp(self):
        self.log = f"{self.folder}/log-{self._testMethodName}"
        self.goes_on, self.sink = self.log + ".goes-on", self.log + ".json"
        with open(self.goes_on, "w", encoding="ascii"):
            pass

    def start(self, *arguments, **variables):
        what, *rest = arguments
        self.program = subprocess.Popen(
            [self.folder + "/alerts", what, self.goes_on, *rest],
            env=dp.environment(**{"DEEP_PROFILE": "1", "DEEP_PROFILE_OUT": self.log,
                                  "DEEP_PROFILE_ALERTS": "true", "DEEP_PROFILE_MACHINE": "100ms",
                                  "DEEP_PROFILE_EVENTS": self.sink, **variables}))

    def end(self):
        os.unlink(self.goes_on)
        self.assertEqual(self.program.wait(), 0)

    def sunk(self, rule=None):
        """The lines of the sink that are alerts (of a rule)."""
        if not os.path.exists(self.sink):
            return []
        with open(self.sink, encoding="utf-8") as lines:
            found = [json.loads(line) for line in lines if line.endswith("\n")]
        return [e for e in found if e["event"] == "profiler.alert" and
                rule in (None, e["metadata"]["rule"])]

    def wait_for(self, is_so):
        for _ in range(1200):
            if is_so():
                return
            time.sleep(0.1)
        raise AssertionError(f"not seen; alerts: {self.sunk()}")

    def report(self):
        """Of the log as it is; empty while that is being made."""
        done = subprocess.run([TOOL, "report", "--format=json", self.log], env=dp.environment(),
                              capture_output=True, text=True, check=False)
        return json.loads(done.stdout) if done.returncode == 0 else {}

    def samples(self):
        return self.report().get("machine", {}).get("samples", [])

    def alert(self, rule):
        """The report's alert of that rule."""
        alerts = dp.report(TOOL, self.log)["alerts"]
        found = [a for a in alerts if a["rule"] == rule]
        self.assertEqual(len(found), 1, alerts)
        return found[0]

    def test_threads_created_all_the_time(self):
        self.start("threads", DEEP_PROFILE_MACHINE="3s") # in one look
        self.wait_for(lambda: self.sunk("thread_creation"))
        self.end()
        first = self.sunk("thread_creation")[0]
        self.assertEqual(first["metadata"]["state"], "raised")
        self.assertGreater(first["measurements"]["value"], first["measurements"]["limit"])
        self.assertEqual(first["measurements"]["limit"], 10000)
        self.assertIn("pool", first["metadata"]["recommendation"])
        alert = self.alert("thread_creation")
        self.assertGreater(alert["value"], 10000)
        self.assertGreaterEqual(alert["last_unix_ns"], alert["first_unix_ns"])
        text = dp.run(TOOL, "report", self.log).stdout
        self.assertIn("\nAlerts\n", text)
        self.assertIn("threads created: ", text)

    def test_memory_that_grows(self):
        """Who holds it is named, and the growth is one alert; also of a program that is killed."""
        self.start("grow", DEEP_PROFILE_GROWTH_AFTER="2s", DEEP_PROFILE_HEAP="64KB")
        self.wait_for(lambda: self.sunk("memory_growth"))
        self.program.kill()
        self.program.wait()
        alert = self.alert("memory_growth")
        self.assertGreater(alert["value"], 0.1)
        self.assertFalse(alert["over"])
        rules = {a["rule"] for a in dp.report(TOOL, self.log)["alerts"]}
        self.assertNotIn("site_growth", rules)

    def test_waiting_for_a_lock(self):
        self.start("lock")
        self.wait_for(lambda: any(a["rule"] == "lock_waiting"
                                  for a in self.report().get("alerts", [])))
        self.end()
        alert = self.alert("lock_waiting")
        self.assertEqual([f["function"] for f in alert["functions"]], ["take_turns"])
        self.assertGreater(alert["value"], 0.2)
        self.assertGreater(alert["waited_ns"], 100e6)
        self.assertIn("mutex", alert["object"])

    def test_without_trouble_there_is_no_alert(self):
        self.start("none")
        self.wait_for(lambda: len(self.samples()) >= 40)
        self.end()
        self.assertEqual(dp.report(TOOL, self.log)["alerts"], [])
        self.assertEqual(self.sunk(), [])
        self.assertNotIn("Alerts", dp.run(TOOL, "report", self.log).stdout)

    def test_switched_off(self):
        self.start("threads", DEEP_PROFILE_ALERTS="false")
        self.wait_for(lambda: sum(s["threads_created"] for s in self.samples()) > 1000)
        self.end()
        self.assertEqual(self.sunk(), [])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
