#!/usr/bin/env python3
"""What whole-program mode adds to the time of compiling.

compile_time.py CC ROUNDS FLAG... FILE.c...: compiles the files at -O2 with and
without -fdeep-profile=all, in turn, and prints the user time of each, the least
and the median of the rounds. CC is deep-profile-cc. "annotated" is the plugin
loaded, with nothing to do; "plain" is gcc.
"""
import os
import resource
import statistics
import subprocess
import sys

cc, rounds = sys.argv[1], int(sys.argv[2])
arguments = sys.argv[3:]
ways = {"plain": [os.environ.get("DEEP_PROFILE_CC", "gcc")], "annotated": [cc],
        "all": [cc, "-fdeep-profile=all"]}
seconds = {way: [] for way in ways}
flags = [word for word in arguments if not word.endswith(".c")]
files = [word for word in arguments if word.endswith(".c")]
for _ in range(rounds):
    for way, command in ways.items():
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        for file in files:
            subprocess.run([*command, "-O2", "-w", *flags, "-c", file, "-o", "/dev/null"], check=True)
        seconds[way].append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before)
for way, values in seconds.items():
    low, middle = min(values), statistics.median(values)
    print(f"{way:10} least {low:.3f} s ({low / min(seconds['plain']):.3f}x)  "
          f"median {middle:.3f} s ({middle / statistics.median(seconds['plain']):.3f}x)")
