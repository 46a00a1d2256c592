#!/usr/bin/env python3
"""Writes docs/overhead.md: every state of ours beside every peer, in one run.

    overhead.py DEEP_PROFILE_CC DEEP_PROFILE CACHE [--rounds N] > docs/overhead.md

Takes about twenty minutes with seven rounds. What each peer needs from Debian:
uftrace, clang-19 and libclang-rt-19-dev (XRay), linux-perf, lttng-tools and
liblttng-ust1 (LTTng), tcl (to make SQLite's amalgamation).
"""
import argparse
import glob
import os
import platform
import re
import resource
import subprocess
import sys
import tempfile
import time

import calls
import programs
import variants

HERE = os.path.dirname(os.path.abspath(__file__))


def version(*command):
    try:
        text = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False).stdout
    except OSError:
        return "not installed"
    return text.splitlines()[0].strip() if text else "unknown"


def head():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = re.search(r"model name\s*: (.*)", file.read()).group(1)
    print(f"""# What it costs

Written by `tests/bench/overhead.py` from one run on {time.strftime("%Y-%m-%d")}: {model},
{os.cpu_count()} processors, Linux {platform.release()}. Every round ran each variant once, in
turn; a figure is the median over the rounds, of the difference or ratio to the same program
without profiling, by the same compiler, in the same round. The spread is of the rounds.
Absolute times of another machine, or of another day, differ; compare within a table.

    {version("gcc", "--version")}
    {version("clang-19", "--version")}
    {version("uftrace", "--version")}
    {version("lttng", "--version")}
    {version("perf", "--version")}

"all:" is whole-program mode, every function instrumented and a rule in `DEEP_PROFILE`; the
other states of ours are attributes on the one function that is called.""")


def call_table(title, rows):
    print(f"\n## {title}\n\n| | ns a call more | spread | ratio |\n|---|---|---|---|")
    for row in rows:
        print(f"| {row['name']} | {row['added']:.2f} | {row['least']:.2f} to {row['most']:.2f} "
              f"| {row['ratio']:.2f} |")


def program_table(title, rows):
    print(f"\n## {title}, every function\n\n| | CPU s | ratio | spread |\n|---|---|---|---|")
    for row in rows:
        print(f"| {row['name']} | {row['median']:.2f} | {row['ratio']:.2f} "
              f"| {row['ratio_least']:.2f} to {row['ratio_most']:.2f} |")


def reading(compiler, tool):
    """Bytes a recorded call, and what a report on many costs."""
    print("\n## The log\n\n| recorded calls | bytes a call | report, s | memory, MB |\n|---|---|---|---|")
    variant = [v for v in variants.annotated(compiler) if v.name == "every call recorded"][0]
    with tempfile.TemporaryDirectory(prefix="deep-profile-bench-") as folder:
        variant.compile(f"{HERE}/calls.c", folder + "/calls")
        for count in (10_000_000, 100_000_000):
            variant.run(folder + "/calls", ["loop", str(count)], folder + "/run")
            log = folder + "/run/log"
            size = sum(os.path.getsize(path) for path in glob.glob(log + "/stream*"))
            start = time.monotonic()
            with subprocess.Popen([tool, "report", log], stdout=subprocess.DEVNULL) as process:
                _, _, usage = os.wait4(process.pid, 0)
                process.returncode = 0
            print(f"| {count:,} | {size / count:.2f} | {time.monotonic() - start:.2f} "
                  f"| {usage.ru_maxrss / 1024:.0f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("compiler")
    parser.add_argument("tool")
    parser.add_argument("cache")
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    head()
    missing = {}
    for workload, title in (("loop", "A tight loop"), ("recursion", "A recursive function"),
                            ("threads", "Two threads"),
                            ("ordinary", "A function of two branches, one of which calls"),
                            ("ways_out", "A function of three returns"),
                            ("pads", "A C++ function with a landing pad")):
        rows, left_out = calls.measure(arguments.compiler, workload, arguments.rounds, True)
        call_table(title, rows)
        missing.update(left_out)
        sys.stdout.flush()
    for name, title in (("lua", "Lua 5.4"), ("sqlite", "SQLite's speedtest1"), ("zstd", "zstd"),
                        ("redis", "redis-server"), ("leveldb", "LevelDB")):
        rows, left_out = programs.measure(arguments.compiler, arguments.cache, name,
                                          arguments.rounds)
        program_table(title, rows)
        missing.update(left_out)
        sys.stdout.flush()
    reading(arguments.compiler, arguments.tool)
    for name, needs in missing.items():
        print(f"\nLeft out: {name} (not installed: {', '.join(needs)}).")


if __name__ == "__main__":
    main()
