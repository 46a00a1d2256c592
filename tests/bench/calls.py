#!/usr/bin/env python3
"""Nanoseconds that a call costs more than without profiling, side by side.

    calls.py DEEP_PROFILE_CC [--workload loop|recursion|threads] [--rounds N] [--peers]

Every round runs each variant once, in turn, beside one run without profiling;
what is printed is the median of the differences within a round, their spread,
and the ratio of the medians. --markdown prints a table for docs/overhead.md.
"""
import argparse
import os
import tempfile

import rounds
import variants

HERE = os.path.dirname(os.path.abspath(__file__))


def text_table(rows):
    print(f"{'':34}{'ns a call more':>16}{'spread':>18}{'ratio':>8}")
    for row in rows:
        print(f"{row['name']:34}{row['added']:>16.2f}{row['least']:>10.2f} -{row['most']:>7.2f}"
              f"{row['ratio']:>8.2f}")


def markdown_table(rows):
    print("| | ns a call more | spread | ratio |\n|---|---|---|---|")
    for row in rows:
        print(f"| {row['name']} | {row['added']:.2f} | {row['least']:.2f} to {row['most']:.2f} "
              f"| {row['ratio']:.2f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("compiler")
    parser.add_argument("--workload", default="loop", choices=["loop", "recursion", "threads"])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--peers", action="store_true", help="the peers, too")
    parser.add_argument("--markdown", action="store_true")
    arguments = parser.parse_args()
    candidates = variants.bare()[:1] + variants.annotated(arguments.compiler)
    if arguments.peers:
        candidates = variants.bare() + candidates[1:] + \
            variants.whole_program(arguments.compiler) + variants.peers()
    usable, missing = variants.split(candidates)
    with tempfile.TemporaryDirectory(prefix="deep-profile-bench-") as folder:
        for variant in usable:
            variant.compile(f"{HERE}/calls.c", f"{folder}/{usable.index(variant)}")

        def once(variant):
            path = f"{folder}/{usable.index(variant)}"
            printed = variant.run(path, [arguments.workload, str(variant.calls)], folder + "/run")
            return float(printed.split()[-1])
        rows = rounds.compare(usable, rounds.interleave(usable, arguments.rounds, once))
    (markdown_table if arguments.markdown else text_table)(rows)
    for name, programs in missing.items():
        print(f"\nleft out: {name}: not installed: {', '.join(programs)}")


if __name__ == "__main__":
    main()
