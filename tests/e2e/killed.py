#!/usr/bin/env python3
"""Killed at any moment: every event that was committed is read back, and no other.

    killed.py DEEP_PROFILE_CC DEEP_PROFILE [KILLS [SEED]]

A program whose threads record calls, and tell in a mapping of ours how far each
got, is killed with SIGKILL at random moments, or ends by abort, a stack overflow,
a wild store, _exit, exec, or because memory ran out. For every thread the log must
hold the calls that it counted, in their order, or one more (committed, not yet
counted); the calls that it was inside of are listed as open; `recover` changes no
event, and after it babeltrace2 reads the same ones. A few kills in the tests;
`tests/e2e/killed.py CC TOOL 500` for the long run: 500 and 25 of each other way.
"""
import collections
import itertools
import json
import os
import random
import re
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

import dp
import memory_cgroup

THREADS = 3
TALLY = struct.Struct("=QQQ8s")  # struct tally of programs/tally.c
FUNCTIONS = {1: "leaf", 2: "outer", 3: "again", 4: "overflow", 5: "waits"}
ORDER = ("leaf", "leaf", "outer", "again", "again", "again")
WAYS = {"abort": -signal.SIGABRT, "overflow": -signal.SIGSEGV, "segv": -signal.SIGSEGV,
        "_exit": 0, "exec": -signal.SIGKILL, "memory": -signal.SIGKILL}

Call = collections.namedtuple("Call", "end_ns tid function duration_ns")


class Tally:
    """What one thread reported: how many calls returned, and which it was inside of."""

    def __init__(self, returned, open_calls):
        self.returned, self.open = returned, open_calls


def read_tally(path):
    with open(path, "rb") as file:
        threads = {}
        for tid, returned, depth, inside in TALLY.iter_unpack(file.read()):
            if tid:  # else a thread that had not begun
                threads[tid] = Tally(returned, [FUNCTIONS[f] for f in inside[:depth]])
        return threads


def report_of(tool, log):
    """Also of a process that was killed before its first call: status 3."""
    command = (tool, "report", "--format=json", log)
    result = subprocess.run(command, env=dp.environment(), capture_output=True, text=True, check=False)
    report = json.loads(result.stdout)
    assert result.returncode == (0 if report["functions"] or report["open_calls"] else 3), result
    return report


def events_of(tool, log):
    """What `events` prints; nothing of a process that was killed before its first call."""
    command = (tool, "events", "--format=json", log)
    result = subprocess.run(command, env=dp.environment(), capture_output=True, text=True, check=False)
    assert result.returncode == 0 or "holds no events" in result.stderr, result.stderr
    return result.stdout


def calls_of(text):
    """The calls among those events, in their order."""
    found = []
    for line in text.splitlines():
        if line.startswith(('{"event":"profiler.start"', '{"event":"profiler.sample"')):
            continue
        event = json.loads(line)
        about, tid = event["metadata"].get("function"), event["metadata"]["tid"]
        if event["event"] == "profiler.stop":
            found.append(Call(event["time_unix_ns"], tid, about, event["measurements"]["duration_ns"]))
        else:
            assert event["event"] == "profiler.lost" or about == "waits", event
    return found


def calls_by_babeltrace(log):
    text = dp.run("babeltrace2", "--clock-seconds", log).stdout
    names = {int(site): name for site, name in re.findall(
        r"\) site: .*?\{ site = (\d+), .*?function = \"(\w+)\"", text)}
    return [Call(int(seconds) * 10**9 + int(nanos), int(tid), names[int(site)], int(duration))
            for seconds, nanos, tid, site, duration in re.findall(
                r"^\[(\d+)\.(\d+)\] \S+ call(?:_wide)?: \{.*? tid = (\d+), .*?\}, "
                r"\{ site = (\d+),.*? duration_ns = (\d+)", text, re.MULTILINE)]


def check_calls(calls, tallies, began_ns, ended_ns):
    by_thread = collections.defaultdict(list)
    for call in calls:
        by_thread[call.tid].append(call)
    assert set(by_thread) <= set(tallies), "calls of threads that there were not"
    for tid, tally in tallies.items():
        found = by_thread[tid]
        assert tally.returned <= len(found) <= tally.returned + 1, (tid, tally.returned, len(found))
        names = [call.function for call in found]
        assert names == list(itertools.islice(itertools.cycle(ORDER), len(names))), tid
        check_times(found, began_ns, ended_ns)


def check_times(found, began_ns, ended_ns):
    """Ends come one after another, and what began before the call before it ended
    holds that call: calls of one thread lie apart or inside one another."""
    before = []
    for call in found:
        start_ns = call.end_ns - call.duration_ns
        assert began_ns <= start_ns and call.end_ns <= ended_ns, call
        while before and before[-1].end_ns - before[-1].duration_ns >= start_ns:
            before.pop()
        assert not before or before[-1].end_ns <= start_ns, (before[-1], call)
        before = before[-4:] + [call]


def check_open(report, tallies, how, began_ns, ended_ns):
    """A call is open from its gate's opening to its exit: a little longer than the
    thread itself can tell."""
    found = collections.defaultdict(list)
    for call in report["open_calls"]:
        found[call["tid"]].append(call["function"])
    assert set(found) <= set(tallies), "open calls of threads that there were not"
    for tid, tally in tallies.items():
        names = found[tid]
        assert names[:len(tally.open)] == tally.open, (tid, names, tally.open)
        more = names[len(tally.open):]
        assert len(more) <= 1 or how == "overflow" and set(more) == {"overflow"}, (tid, names, tally.open)
    for call in report["open_calls"]:
        assert began_ns <= call["start_unix_ns"] <= ended_ns, call


def command_of(pid):
    with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
        return file.read().strip()


def run_until_dead(program, tool, folder, how, chance, longest):
    """Its status. The tally is folder/tally, the log folder/log."""
    with open(folder + "/tally", "wb") as file:
        file.write(bytes(TALLY.size * (THREADS + 1)))
    arguments = [program, folder + "/tally", str(THREADS)]
    if how:
        # Without a limit of our own it would be the machine's memory.
        alone = how == "memory" and memory_cgroup.refused()
        arguments += ["kill" if alone else how, str(chance.randrange(5000))]
    env = dp.environment(DEEP_PROFILE="1", DEEP_PROFILE_OUT=folder + "/log",
                         DEEP_PROFILE_PACKET_SIZE="16KB")

    def begin():
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if how == "memory" and memory_cgroup.refused() is None:
            memory_cgroup.enter()
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, env=env, preexec_fn=begin) as process:
        process.stdout.readline()
        if not how:
            time.sleep(chance.uniform(0, longest))
            process.kill()
        if how == "exec":
            while command_of(process.pid) != "sleep":
                time.sleep(0.001)
            # The pid lives on, as another program.
            assert report_of(tool, folder + "/log")["ending"] == {"by": "exec"}, "another program"
            process.kill()
        return process.wait()


def die_once(program, tool, folder, how, chance, longest):
    began_ns = time.time_ns()
    status = run_until_dead(program, tool, folder, how, chance, longest)
    assert status == (WAYS[how] if how else -signal.SIGKILL), (how, status)
    ended_ns = time.time_ns()
    log, tallies = folder + "/log", read_tally(folder + "/tally")
    events = events_of(tool, log)
    calls = calls_of(events)
    check_calls(calls, tallies, began_ns, ended_ns)
    report = report_of(tool, log)
    assert report["phase"] == "killed", report["phase"]
    assert report.get("ending") == ({"by": "_exit", "status": 0} if how == "_exit" else None), report
    assert report["damage"]["places"] == 0, report["damage"]
    lost = {reason for reason, count in report["loss"].items() if count}
    assert lost <= set(dp.BUSY) | ({"depth"} if how == "overflow" else set()), report["loss"]
    check_open(report, tallies, how, began_ns, ended_ns)
    if how == "overflow": # a recursion is one row in words
        assert re.search(r"^and \d+ more of it$", dp.run(tool, "report", log).stdout, re.MULTILINE)
    dp.run(tool, "recover", log)
    assert events_of(tool, log) == events, "recover changed what is read"
    assert sorted(calls_by_babeltrace(log)) == sorted(calls), "babeltrace2 reads something else"
    return sum(tally.returned for tally in tallies.values())


def main():
    compiler, tool = (os.path.abspath(path) for path in sys.argv[1:3])
    kills = int(sys.argv[3]) if len(sys.argv) > 3 else 20
    chance = random.Random(int(sys.argv[4]) if len(sys.argv) > 4 else 1)
    here = os.path.dirname(os.path.abspath(__file__))
    rounds = [""] * kills + list(WAYS) * max(1, kills // 20)
    with tempfile.TemporaryDirectory(prefix="deep-profile-killed-") as root, memory_cgroup.made():
        if memory_cgroup.refused():
            print(f"no out-of-memory killer, SIGKILL in its place: {memory_cgroup.refused()}")
        program, total = os.path.realpath(root) + "/tally", 0
        dp.run(compiler, "-O2", f"{here}/programs/tally.c", "-o", program, "-lpthread")
        for number, how in enumerate(rounds):
            folder = f"{root}/{number}"
            os.mkdir(folder)
            try:
                total += die_once(program, tool, folder, how, chance, 0.002 if number % 4 else 0.006)
            except AssertionError:
                print(f"{how or 'SIGKILL'}, number {number}:", file=sys.stderr)
                raise
            shutil.rmtree(folder)
        killed = memory_cgroup.kills()
        assert killed is None or killed >= rounds.count("memory"), "the kernel killed nobody"
    print(f"{kills} kills, {len(rounds) - kills} other deaths, {total} counted calls, all read back")


if __name__ == "__main__":
    main()
