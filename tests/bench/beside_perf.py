#!/usr/bin/env python3
"""Where the processor time goes, by our looks and by perf record, in one and the same run.

    beside_perf.py DEEP_PROFILE_CC DEEP_PROFILE CACHE [--size N] > table.md

SQLite's speedtest1, from Debian's sources (fetched into CACHE), with one function
instrumented, looked at every millisecond while perf takes 999 samples a second of it. For
the hottest functions: the share of the processor time that was spent in each itself. A
function that was inlined counts for the one that it was inlined into, as perf counts it.
Looks at a thread that had no processor have no stack; they are left out, and said below.
"""
import argparse
import collections
import glob
import math
import os
import re
import shutil
import subprocess

import sources

SHOWN = 10
MARKER = '#include <deep_profile.h>\nDEEP_PROFILE_IF_SLOW(10s) int marked(int x) { return x; }\n'


def build(compiler, cache):
    source = sources.fetch(cache, "sqlite3")
    if not os.path.exists(f"{source}/sqlite3.c"):
        sources.quiet("./configure", cwd=source)
        sources.quiet("make", "sqlite3.c", cwd=source)
    with open(f"{cache}/marked.c", "w", encoding="utf-8") as file:
        file.write(MARKER)
    path = f"{cache}/speedtest1-marked"
    sources.quiet(compiler, "-O2", "-g", "-DSQLITE_THREADSAFE=0",
                  "-DSQLITE_OMIT_LOAD_EXTENSION", f"-I{source}", f"{cache}/marked.c",
                  f"{source}/test/speedtest1.c", f"{source}/sqlite3.c", "-o", path, "-lm")
    return path


def run(path, size, cache):
    """The log and perf's data of one run."""
    log, data = f"{cache}/perf-log", f"{cache}/perf.data"
    for old in glob.glob(log + "*"):
        shutil.rmtree(old)
    environment = {**os.environ, "DEEP_PROFILE": "*:check_load=false",
                   "DEEP_PROFILE_SAMPLE": "1ms", "DEEP_PROFILE_OUT": log}
    subprocess.run(["perf", "record", "-q", "-F", "999", "-o", data, path, "--size", str(size),
                    ":memory:"], env=environment, stdout=subprocess.DEVNULL, check=True)
    return log, data


def by_perf(data):
    """Shares by function, and how many samples there were."""
    rows = subprocess.run(["perf", "report", "-i", data, "--stdio", "-q", "-F", "sample,sym"],
                          capture_output=True, text=True, check=True).stdout
    found = collections.Counter()
    for count, name in re.findall(r"^\s*(\d+)\s+\[[.k]\]\s+(\S+)", rows, re.MULTILINE):
        found[name] += int(count)
    total = found.total()
    return {name: count / total for name, count in found.items()}, total


def by_us(tool, log):
    """The same, and the share of what had no stack."""
    folded = subprocess.run([tool, "flamegraph", "--of=cpu", "--format=folded", log],
                            capture_output=True, text=True, check=True).stdout
    found = collections.Counter()
    for line in folded.splitlines():
        stack, _, weight = line.rpartition(" ")
        frames = [frame for frame in stack.split(";") if not frame.endswith("_[i]")]
        found[frames[-1]] += int(weight)
    total, without = found.total(), found.pop("[no stack]", 0)
    return {name: weight / (total - without) for name, weight in found.items()}, without / total


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("compiler")
    parser.add_argument("tool")
    parser.add_argument("cache")
    parser.add_argument("--size", type=int, default=300, help="of speedtest1 (300: about 15 s)")
    options = parser.parse_args()
    cache = os.path.abspath(options.cache)
    os.makedirs(cache, exist_ok=True)
    path = build(os.path.abspath(options.compiler), cache)
    log, data = run(path, options.size, cache)
    theirs, samples = by_perf(data)
    ours, without = by_us(os.path.abspath(options.tool), log)
    ranks = {name: rank for rank, name in enumerate(sorted(ours, key=ours.get, reverse=True), 1)}
    print("| | function | perf | ours | points apart | our rank |\n|--:|---|--:|--:|--:|--:|")
    for rank, name in enumerate(sorted(theirs, key=theirs.get, reverse=True)[:SHOWN], 1):
        share, own = theirs[name], ours.get(name, 0)
        error = 196 * math.sqrt(2 * share * (1 - share) / samples)
        print(f"| {rank} | `{name}` | {100 * share:.2f} % | {100 * own:.2f} % | "
              f"{100 * (own - share):+.2f} ± {error:.2f} | {ranks.get(name, '')} |")
    print(f"\n{samples} samples of perf; {100 * without:.1f} % of our looks' time had no stack.")


if __name__ == "__main__":
    main()
