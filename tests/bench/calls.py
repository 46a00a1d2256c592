#!/usr/bin/env python3
"""Nanoseconds that a call costs more than without profiling, side by side.

    calls.py DEEP_PROFILE_CC [--workload NAME] [--rounds N] [--peers] [--without-plugin]

Every round runs each variant once, in turn, beside one run without profiling;
what is printed is the median of the differences within a round, their spread,
and the ratio of the medians.
"""
import argparse
import os
import tempfile

import rounds
import variants

WORKLOADS = ["loop", "recursion", "threads", "ordinary", "ways_out", "pads"]
HERE = os.path.dirname(os.path.abspath(__file__))


def text_table(rows):
    print(f"{'':34}{'ns a call more':>16}{'spread':>18}{'ratio':>8}")
    for row in rows:
        print(f"{row['name']:34}{row['added']:>16.2f}{row['least']:>10.2f} -{row['most']:>7.2f}"
              f"{row['ratio']:>8.2f}")


def measure(compiler, workload, number, with_peers, without_plugin=False):
    """Rows of rounds.compare, and the variants that are not installed."""
    candidates = variants.bare()[:1] + variants.annotated(compiler)
    if with_peers:
        candidates = variants.bare() + candidates[1:] + \
            variants.whole_program(compiler) + variants.peers()
    if without_plugin:
        candidates = variants.bare() + variants.annotated(compiler) + \
            variants.whole_program(compiler) + variants.without_plugin(compiler)
    source = f"{HERE}/calls.c"
    if workload == "pads":
        source = f"{HERE}/pads.cc"
        candidates = [variant for variant in candidates if not variant.extra]  # those are C
    usable, missing = variants.split(candidates)
    with tempfile.TemporaryDirectory(prefix="deep-profile-bench-") as folder:
        paths = {variant.name: f"{folder}/{index}" for index, variant in enumerate(usable)}
        for variant in usable:
            variant.compile(source, paths[variant.name])

        def once(variant):
            printed = variant.run(paths[variant.name], [workload, str(variant.calls)],
                                  folder + "/run")
            return float(printed.split()[-1])
        return rounds.compare(usable, rounds.interleave(usable, number, once)), missing


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("compiler")
    parser.add_argument("--workload", default="loop", choices=WORKLOADS)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--peers", action="store_true", help="the peers, too")
    parser.add_argument("--without-plugin", action="store_true",
                        help="by a compiler that has none, too")
    arguments = parser.parse_args()
    rows, missing = measure(arguments.compiler, arguments.workload, arguments.rounds,
                            arguments.peers, arguments.without_plugin)
    text_table(rows)
    for name, programs in missing.items():
        print(f"\nleft out: {name}: not installed: {', '.join(programs)}")


if __name__ == "__main__":
    main()
