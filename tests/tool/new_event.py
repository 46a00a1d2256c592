#!/usr/bin/env python3
"""A new event is one block of events.def: the metadata, the decoder, JSON and text follow.

new_event.py DEEP_PROFILE NEW_EVENT: both with the table of tests/tool/new_event.def.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

TOOL, NEW_EVENT = (os.path.realpath(path) for path in sys.argv[1:3])
FRAMES = [0x7fedcba987654321 + i for i in range(3)]


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True,
                          env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"}).stdout


class NewEvent(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="deep-profile-new-event-")
        self.addCleanup(folder.cleanup)
        self.log = folder.name + "/log"
        run(NEW_EVENT, self.log)

    def test_babeltrace2_shows_its_array_and_its_label(self):
        text = run("babeltrace2", self.log)
        first, second = re.findall(r"test_sample: .*", text)
        self.assertIn('doing = ( "blocked" : container = 2 )', first)
        numbers = re.search(r"frames = \[ (.*?) \], offsets = \[ (.*?) \]", first)
        self.assertEqual([int(n, 16) for n in re.findall(r"= (0x\w+)", numbers[1])], FRAMES)
        self.assertEqual(re.findall(r"= (-?\d+)", numbers[2]), ["0", "-1", "-2"])
        self.assertIn('doing = ( "on_cpu" : container = 0 )', second)
        self.assertRegex(second, r"frames = \[ *\]")
        self.assertIn("lost: ", text)  # what follows is found

    def test_json_has_its_measurements_and_metadata(self):
        lines = [json.loads(line) for line in
                 run(TOOL, "events", "--format=json", self.log).splitlines()]
        self.assertEqual([line["event"] for line in lines],
                         ["profiler.test_sample"] * 2 + ["profiler.lost"])
        self.assertEqual(lines[0]["measurements"], {
            "blocked_ns": 1500000, "frames": [f"0x{frame:016x}" for frame in FRAMES],
            "offsets": [0, -1, -2]})
        metadata = lines[0]["metadata"]
        self.assertEqual((metadata["state"], metadata["waits_for"]), ("blocked", "futex\033"))
        self.assertEqual((metadata["function"], metadata["tid"], metadata["attribute"]),
                         ("read_all", 42, "profile"))
        self.assertEqual(lines[1]["measurements"]["frames"], [])

    def test_text_shows_the_same(self):
        lines = run(TOOL, "events", self.log).splitlines()
        frames = " ".join(f"0x{frame:x}" for frame in FRAMES)
        self.assertTrue(lines[0].endswith(
            "42  test_sample     read_all (read.c:12)  state blocked, blocked_ns 1.50 ms, "
            f"frames {frames}, offsets 0 -1 -2, waits_for futex\\x1b"), lines[0])
        self.assertEqual(len(lines), 3)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
