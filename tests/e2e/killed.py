#!/usr/bin/env python3
"""Killed at any moment: every event that was committed is read back.

    killed.py DEEP_PROFILE_CC DEEP_PROFILE [KILLS [SEED]]

A program whose threads record calls, and count them in a mapping of ours after
each, is killed with SIGKILL at random moments. For every thread the log must
hold as many calls as it counted, or one more (committed, not yet counted); the
open call at death is listed; after `recover` babeltrace2 reads the same. Twelve
kills in the tests; `tests/e2e/killed.py CC TOOL 500` for the long run.
"""
import collections
import json
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time

import dp

THREADS = 3


def calls_by_thread(tool, log):
    """{tid: sampled calls} that `events` reads."""
    found = collections.Counter()
    done = subprocess.run([tool, "events", "--format=json", log], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False)
    # Status 3: killed before the first call.
    assert done.returncode == 0 or "holds no events" in done.stderr, done.stderr
    for line in done.stdout.splitlines():
        event = json.loads(line)
        if event["event"] == "profiler.stop":
            found[event["metadata"]["tid"]] += 1
    return found


def calls_by_babeltrace(log):
    text = dp.run("babeltrace2", log).stdout
    return collections.Counter(int(tid) for tid in re.findall(
        r"\) call(?:_wide)?: \{[^}]*tid = (\d+)", text))


def kill_once(program, tool, folder, chance):
    tally, log = folder + "/tally", folder + "/log"
    with open(tally, "wb") as file:
        file.write(bytes(16 * THREADS))
    with subprocess.Popen([program, tally, str(THREADS)], stdout=subprocess.PIPE,
                          env=dp.environment(DEEP_PROFILE="1", DEEP_PROFILE_OUT=log,
                                             DEEP_PROFILE_PACKET_SIZE="16KB")) as process:
        process.stdout.readline()
        time.sleep(chance.uniform(0, 0.03))
        process.kill()
    with open(tally, "rb") as file:
        counted = dict(struct.iter_unpack("=QQ", file.read()))
    counted.pop(0, None)  # a thread that had not begun
    found = calls_by_thread(tool, log)
    for tid, count in counted.items():
        assert count <= found[tid] <= count + 1, (tid, count, found[tid])
    assert set(found) <= set(counted), "calls of threads that there were not"
    report = json.loads(dp.run(tool, "report", "--format=json", log).stdout)
    assert len(report["open_calls"]) <= THREADS, report["open_calls"]
    dp.run(tool, "recover", log)
    assert calls_by_babeltrace(log) == +found, "babeltrace2 reads something else"
    return sum(counted.values())


def main():
    compiler, tool = (os.path.abspath(path) for path in sys.argv[1:3])
    kills = int(sys.argv[3]) if len(sys.argv) > 3 else 12
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    chance = random.Random(seed)
    here = os.path.dirname(os.path.abspath(__file__))
    with tempfile.TemporaryDirectory(prefix="deep-profile-killed-") as root:
        program, total = root + "/tally", 0
        dp.run(compiler, "-O2", f"{here}/programs/tally.c", "-o", program, "-lpthread")
        for number in range(kills):
            folder = f"{root}/{number}"
            os.mkdir(folder)
            total += kill_once(program, tool, folder, chance)
            shutil.rmtree(folder)
    print(f"{kills} kills, {total} counted calls, all read back")


if __name__ == "__main__":
    main()
