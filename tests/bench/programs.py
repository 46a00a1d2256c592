#!/usr/bin/env python3
"""Whole programs with every function instrumented, beside the peers.

    programs.py DEEP_PROFILE_CC CACHE [--program lua|sqlite|zstd] [--rounds N]

Builds Debian's Lua, SQLite and zstd once for each variant (into CACHE, where
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


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("compiler")
    parser.add_argument("cache")
    parser.add_argument("--program", choices=sorted(sources.PROGRAMS), default="lua")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", help="variants whose name contains this, and those without")
    parser.add_argument("--markdown", action="store_true")
    arguments = parser.parse_args()
    arguments.cache = os.path.abspath(arguments.cache)
    program = sources.PROGRAMS[arguments.program]
    os.makedirs(arguments.cache, exist_ok=True)
    source = sources.fetch(arguments.cache, program.package)
    candidates = variants.bare() + variants.whole_program(os.path.abspath(arguments.compiler)) + \
        [peer for peer in variants.peers() if peer.name not in SLOW]
    if arguments.only:
        candidates = [variant for variant in candidates
                      if arguments.only in variant.name or variant.name.startswith("without")]
    usable, missing = variants.split(candidates)
    paths, built = {}, {}
    for variant in usable:
        flags = [flag for flag in variant.flags if flag != variants.KEEP_CALLS]
        key = (variant.compiler, *flags, *variant.extra)
        if key not in built:
            built[key] = f"{arguments.cache}/{program.name}-{len(built)}"
            if os.path.exists(built[key]):
                os.remove(built[key])
            program.build(source, variant.compiler, flags, variant.extra, built[key])
        paths[variant.name] = built[key]
    work = program.arguments(source)
    rows = rounds.compare(usable, rounds.interleave(
        usable, arguments.rounds,
        lambda variant: cpu_seconds(variant, paths[variant.name], work, arguments.cache + "/run")))
    form = "| {} | {:.2f} | {:.3f} | {:.3f} to {:.3f} |" if arguments.markdown else \
        "{:34}{:>10.2f} s{:>10.3f}{:>12.3f} -{:>7.3f}"
    if arguments.markdown:
        print(f"| {program.name} | CPU s | ratio | spread |\n|---|---|---|---|")
    for row in rows:
        print(form.format(row["name"], row["median"], row["ratio"], row["ratio_least"],
                          row["ratio_most"]))
    for name, programs in missing.items():
        print(f"\nleft out: {name}: not installed: {', '.join(programs)}")


if __name__ == "__main__":
    main()
