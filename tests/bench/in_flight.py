#!/usr/bin/env python3
"""What profiling costs a program with 100,000 calls in flight, at a microsecond each.

    in_flight.py DEEP_PROFILE_CC [--rounds N] [--in-flight N] [--work NS] > table.md

The program is that of tests/e2e: coroutines suspended inside the one function that is
annotated, resumed by another thread than before. Every round runs each variant once,
in turn; user instructions and cycles (perf stat; CPU time where there is no perf) are
compared with those of the program without profiling in the same round. Bytes: greatest
resident memory, less that of the program without, less the same with 1,000 in flight.
"""
import argparse
import os
import shutil
import statistics
import subprocess
import tempfile

import rounds
from variants import ON, Variant

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = f"{HERE}/../e2e/programs/in_flight.c"
FEW, THREADS, CALLS_EACH, STATUS = 1000, 2, 10, 7


def all_variants(compiler):
    def state(name, attribute, environment):
        return Variant(name, compiler, [f"-DATTRIBUTES={attribute}"], environment=environment)
    return [
        Variant("without", "gcc", [f"-I{HERE}/../../include"]),
        state("off", "DEEP_PROFILE()", {}),
        state("watched for slowness", "DEEP_PROFILE_IF_SLOW(10s)", ON),
        state("sampled at 1 %", "DEEP_PROFILE()", ON),
        state("production's default", "DEEP_PROFILE_PRODUCTION()", ON),
        state("every call recorded", "DEEP_PROFILE(rate=1)", ON),
    ]


def run(variant, path, calls, work, folder, counter=()):
    """What the program says of itself on stderr, and what perf adds to that."""
    shutil.rmtree(folder, ignore_errors=True)
    os.mkdir(folder)
    command = [*counter, path, str(calls), str(THREADS), str(CALLS_EACH), str(work), "0", "0", "-"]
    done = subprocess.run(command, env=variant.variables(folder), cwd=folder, text=True,
                          capture_output=True, check=False)
    if done.returncode != STATUS:
        raise RuntimeError(f"{command}: status {done.returncode}\n{done.stderr}")
    return done.stderr.splitlines()


def counter_in_use():
    command = ["perf", "stat", "-x,", "-e", "instructions:u,cycles:u"]
    try:
        done = subprocess.run([*command, "true"], capture_output=True, text=True, check=True)
        return command if done.stderr.split(",")[0].isdigit() else []
    except (OSError, subprocess.CalledProcessError):
        return []


def table(titles, usable, measured, bytes_each):
    """`measured`: one dict of rounds for each of `titles`, see rounds.interleave."""
    heads = "".join(f" {title} | ratio | spread |" for title in titles)
    print(f"| |{heads} bytes in flight |\n|---|{'---|---|---|' * len(titles)}---|")
    compared = [rounds.compare(usable, found) for found in measured]
    for rows in zip(*compared):
        # The median of the ratios within a round: the machine's speed changes.
        cells = "".join(f" {row['median']:.0f} | {row['ratio_median']:.3f} "
                        f"| {row['ratio_least']:.3f} to {row['ratio_most']:.3f} |" for row in rows)
        print(f"| {rows[0]['name']} |{cells} {bytes_each[rows[0]['name']]:.0f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("compiler")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--in-flight", type=int, default=100_000, help="a power of ten")
    parser.add_argument("--work", type=int, default=1000, help="nanoseconds an operation")
    arguments = parser.parse_args()
    compiler, counter = os.path.abspath(arguments.compiler), counter_in_use()
    usable = all_variants(compiler)
    with tempfile.TemporaryDirectory(prefix="deep-profile-bench-") as folder:
        paths = {variant.name: f"{folder}/{number}" for number, variant in enumerate(usable)}
        for variant in usable:
            variant.compile(SOURCE, paths[variant.name])
        steps = [int(subprocess.run([paths["without"], "calibrate", str(arguments.work)],
                                    capture_output=True, text=True, check=True).stdout)
                 for _ in range(5)]
        work = max(steps) # a slower one was disturbed

        def resident(variant, calls):
            return int(run(variant, paths[variant.name], calls, work, folder + "/run")[0].split()[0])

        def once(variant):
            lines = run(variant, paths[variant.name], arguments.in_flight, work, folder + "/run",
                        counter)
            counted = [line.split(",")[0] for line in lines[1:3]] if counter else \
                [lines[0].split()[1]]
            return [float(count) / (arguments.in_flight * CALLS_EACH) for count in counted]
        found = rounds.interleave(usable, arguments.rounds, once)
        kb = {variant.name: statistics.median(resident(variant, arguments.in_flight) -
                                              resident(variant, FEW) for _ in range(3))
              for variant in usable}
    titles = ["instructions a call", "cycles"] if counter else ["CPU ns a call"]
    measured = [{name: [values[i] for values in each] for name, each in found.items()}
                for i in range(len(titles))]
    table(titles, usable, measured,
          {name: (kb[name] - kb["without"]) * 1024 / (arguments.in_flight - FEW) for name in kb})


if __name__ == "__main__":
    main()
