#!/usr/bin/env python3
"""Whole programs with every function instrumented, beside the peers.

    programs.py DEEP_PROFILE_CC CACHE [--program NAME] [--rounds N]

Builds Debian's Lua, SQLite, zstd, redis and LevelDB once for each variant (into CACHE, where
the sources are fetched to, too), runs them in turn, and prints user and system
time as a ratio to the same program without profiling, by the same compiler.
"""
import argparse
import os
import resource

import rounds
import sources
import variants

SLOW = {"LTTng cyg-profile"}


def cpu_seconds(variant, path, arguments, folder):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    variant.run(path, arguments, folder)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(compiler, cache, name, number, only=None):
    """Rows of rounds.compare, and the variants that are not installed."""
    cache = os.path.abspath(cache)
    program = sources.PROGRAMS[name]
    os.makedirs(cache, exist_ok=True)
    source = sources.fetch(cache, program.package)
    candidates = variants.bare() + variants.whole_program(os.path.abspath(compiler)) + \
        [peer for peer in variants.peers() if peer.name not in SLOW]
    if only:
        candidates = [variant for variant in candidates
                      if only in variant.name or variant.name.startswith("without")]
    usable, missing = variants.split(candidates)
    paths, built = {}, {}
    for variant in usable:
        flags = [flag for flag in variant.flags if flag != variants.KEEP_CALLS]
        key = (variant.compiler, *flags, *variant.extra)
        if key not in built:
            built[key] = f"{cache}/{program.name}-{len(built)}"
            if os.path.exists(built[key]):
                os.remove(built[key])
            program.build(source, variant.compiler, flags, variant.extra, built[key])
        paths[variant.name] = built[key]
    work = program.arguments(source)
    return rounds.compare(usable, rounds.interleave(
        usable, number,
        lambda variant: cpu_seconds(variant, paths[variant.name], work, cache + "/run"))), missing


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("compiler")
    parser.add_argument("cache")
    parser.add_argument("--program", choices=sorted(sources.PROGRAMS), default="lua")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", help="variants whose name contains this, and those without")
    arguments = parser.parse_args()
    rows, missing = measure(arguments.compiler, arguments.cache, arguments.program,
                            arguments.rounds, arguments.only)
    for row in rows:
        print(f"{row['name']:34}{row['median']:>10.2f} s{row['ratio']:>10.3f}"
              f"{row['ratio_least']:>12.3f} -{row['ratio_most']:>7.3f}")
    for name, programs in missing.items():
        print(f"\nleft out: {name}: not installed: {', '.join(programs)}")


if __name__ == "__main__":
    main()
