"""Logs whose every byte is known, and the tool run on them.

The suites of this folder are run by Meson: SUITE.py DEEP_PROFILE MAKE_LOG SOURCE_ROOT.
"""
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

TOOL, MAKE_LOG, ROOT = (os.path.realpath(path) for path in sys.argv[1:4])

FINE, CHECK, USAGE, DATA = range(4)


def environment(**variables):
    """COLUMNS: sentences are looked for in lines that are not broken."""
    env = {key: value for key, value in os.environ.items()
           if not key.startswith(("DEEP_PROFILE", "ARGP"))}
    return {**env, "LC_ALL": "C", "COLUMNS": "1000", **variables}


def environment_of_a_pipe():
    """Where nobody says how wide lines may be."""
    return {key: value for key, value in environment().items() if key != "COLUMNS"}


def start_ticks(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
        return int(stat.read().rpartition(")")[2].split()[19])


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="deep-profile-format-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def make(self, scenario, name=None):
        """Makes a log; returns its records as (time, tid, lane, event, payload)."""
        made = subprocess.run([MAKE_LOG, scenario, name or scenario], cwd=self.folder, check=True,
                              stdout=subprocess.PIPE, text=True)
        records = []
        for line in made.stdout.splitlines():
            time_ns, tid, lane, event, payload = line.split()
            records.append((int(time_ns), int(tid), int(lane), event, bytes.fromhex(payload)))
        return records

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def run_tool(self, *arguments, status=FINE, **options):
        options = {"cwd": self.folder, "env": environment(), **options}
        done = subprocess.run([TOOL, *arguments], check=False, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, encoding="utf-8",
                              errors="surrogateescape", timeout=60, **options)
        self.assertEqual(done.returncode, status, (arguments, done.stdout, done.stderr))
        return done

    def fails(self, message, *arguments, status=DATA, **options):
        """Says `message`, a regular expression, in one line on stderr and nothing else."""
        done = self.run_tool(*arguments, status=status, **options)
        self.assertRegex(done.stderr, f"\\Adeep-profile: {message}\\n\\Z")
        return done

    def json(self, *arguments, **options):
        return json.loads(self.run_tool(*arguments, "--format=json", **options).stdout)

    def events(self, log):
        done = subprocess.run([TOOL, "events", "--format=json", log], cwd=self.folder, check=False,
                              env=environment(), stdout=subprocess.PIPE, text=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def set_process(self, log, pid):
        """Makes the log's process state say that it is process `pid`, running."""
        with open(self.path(log, "state/process"), "r+b") as state:
            state.seek(16)
            state.write(struct.pack("=IIQ", pid, 0, start_ticks(pid)))
