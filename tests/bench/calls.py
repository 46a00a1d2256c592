#!/usr/bin/env python3
"""Nanoseconds that a call costs more than without profiling, side by side.

    calls.py DEEP_PROFILE_CC [--workload loop|recursion|threads] [--rounds N]

Every round runs each variant once, in turn, beside one run without profiling;
what is printed is the median of the differences within a round, their spread,
and the ratio of the medians.
"""
import argparse
import os
import shutil
import statistics
import tempfile

import variants

HERE = os.path.dirname(os.path.abspath(__file__))


def measure(candidates, workload, rounds, folder):
    """{name: [ns a call, one of each round]}"""
    times = {variant.name: [] for variant in candidates}
    for number in range(rounds):
        for index, variant in enumerate(candidates):
            scratch = f"{folder}/run"
            shutil.rmtree(scratch, ignore_errors=True)
            os.mkdir(scratch)
            times[variant.name].append(
                variant.run(f"{folder}/{index}", workload, scratch))
    return times


def show(times):
    bare = times[variants.BARE.name]
    print(f"{'':34}{'ns a call more':>16}{'spread':>18}{'ratio':>8}")
    for name, found in times.items():
        added = sorted(value - base for value, base in zip(found, bare))
        middle = statistics.median(added)
        ratio = statistics.median(found) / statistics.median(bare)
        if name == variants.BARE.name:
            print(f"{name:34}{'(' + format(statistics.median(bare), '.2f') + ')':>16}"
                  f"{min(bare):>10.2f} -{max(bare):>6.2f}{ratio:>8.2f}")
        else:
            print(f"{name:34}{middle:>16.2f}{added[0]:>10.2f} -{added[-1]:>6.2f}{ratio:>8.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("compiler")
    parser.add_argument("--workload", default="loop", choices=["loop", "recursion", "threads"])
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    candidates = [variants.BARE, *variants.ours(arguments.compiler)]
    with tempfile.TemporaryDirectory(prefix="deep-profile-bench-") as folder:
        for index, variant in enumerate(candidates):
            variant.compile(f"{HERE}/calls.c", f"{folder}/{index}")
        show(measure(candidates, arguments.workload, arguments.rounds, folder))


if __name__ == "__main__":
    main()
