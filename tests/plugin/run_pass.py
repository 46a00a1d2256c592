#!/usr/bin/env python3
"""Programs that the plugin instruments must behave.

Run by Meson: run_pass.py GCC G++ PLUGIN INCLUDE SOURCES -- OPTION... . Compiles
every program of SOURCES/run with the plugin and the options, links it with the
fake runtime, runs it, and expects status 0 and silence. A comment at the top
of a program may add `options:` of its own, and names those it is `not with:`.
OPTION `plain-calls` is the plugin's.
"""
import os
import re
import subprocess
import sys
import tempfile

gcc, gxx = sys.argv[1:3]
plugin, include, sources = (os.path.abspath(path) for path in sys.argv[3:6])
options = sys.argv[7:]
plain = "plain-calls" in options
options = [option for option in options if option != "plain-calls"]
includes = ["-I", include, "-I", sources]
load = [f"-fplugin={plugin}"] + ["-fplugin-arg-deep_profile-plain-calls"] * plain
flags = ["-g", "-Wall", "-Wextra", "-Werror"]


def run(command, cwd):
    done = subprocess.run(command, cwd=cwd, text=True, capture_output=True, check=False)
    if done.returncode != 0 or done.stderr:
        return f"$ {' '.join(command)}\nstatus {done.returncode}\n{done.stdout}{done.stderr}"
    return None


def read_head(path, key):
    with open(path, encoding="utf-8") as file:
        head = file.read().split("*/")[0]
    found = re.search(f" {key}: (.*)", head)
    return found.group(1).split() if found else []


def check(name, folder):
    """What went wrong, or None."""
    path = os.path.join(sources, "run", name)
    compiler = gxx if name.endswith(".cc") else gcc
    own = read_head(path, "options")
    program = os.path.splitext(name)[0]
    steps = [
        [compiler, *load, *flags, *options, *own, *includes, "-c", path, "-o", f"{program}.o"],
        [compiler, *options, *own, f"{program}.o", "runtime.o", "-o", program],
        [f"./{program}"],
    ]
    for step in steps:
        wrong = run(step, folder)
        if wrong:
            return wrong
    return None


failed = passed = 0
with tempfile.TemporaryDirectory() as folder:
    # The real runtime is never compiled with the program's options, either.
    position = [option for option in options if option in ("-fPIC", "-fno-pie")]
    wrong = run([gcc, "-O1", "-g", *flags, *position, *includes, "-c",
                 os.path.join(sources, "fake_runtime.c"), "-o", "runtime.o"], folder)
    if wrong:
        sys.exit(wrong)
    for name in sorted(os.listdir(os.path.join(sources, "run"))):
        if not name.endswith((".c", ".cc")):
            continue
        if set(read_head(os.path.join(sources, "run", name), "not with")) & set(options):
            continue
        wrong = check(name, folder)
        if wrong:
            failed += 1
            print(f"FAILED: {name}\n{wrong}")
        else:
            passed += 1
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed or not passed else 0)
