#!/usr/bin/env python3
"""Programs that the plugin instruments must behave.

Run by Meson: run_pass.py GCC G++ PLUGIN INCLUDE SOURCES -- OPTION... . Compiles
every program of SOURCES/run with the plugin and the options, links it with the
fake runtime, runs it, and expects status 0 and no message. A comment at the top
of a program may add `options:`, and list options that the program does not run with
(`not with:`). OPTION `plain-calls` is an argument of the plugin. OPTION `whole` takes the
programs of SOURCES/whole instead, in whole-program mode; NAME-*.c are further files of NAME.c.

PLUGIN `without:NAME` is none: GCC and G++ are deep-profile-cc and deep-profile-c++, which
DEEP_PROFILE_CC and DEEP_PROFILE_CXX tell their compilers, and NAME counts among the options.
"""
import glob
import os
import re
import subprocess
import sys
import tempfile

gcc, gxx = sys.argv[1:3]
without = sys.argv[3].partition("without:")[2]
plugin, include, sources = (os.path.abspath(path) for path in sys.argv[3:6])
options = sys.argv[7:]
plain = "plain-calls" in options
# For another processor: an emulator and its arguments.
emulator = os.environ.get("DEEP_PROFILE_TEST_EMULATOR", "").split()
whole = "whole" in options
programs = os.path.join(sources, "whole" if whole else "run")
options = [option for option in options if option not in ("plain-calls", "whole")]
includes = ["-I", include, "-I", sources]
load = ([f"-fplugin={plugin}"] + ["-fplugin-arg-deep_profile-plain-calls"] * plain +
        ["-fplugin-arg-deep_profile-all"] * whole)
plain_gcc, plain_gxx = gcc, gxx
if without:
    gcc, gxx = os.path.abspath(gcc), os.path.abspath(gxx)
    load = ["-fdeep-profile=all"] * whole + [
        # A GCC gets its gates in the text of the source: docs/fallback.md says what differs.
        *(["-DGATES_IN_TEXT"] if without == "gcc" else
          ["-Wno-unknown-warning-option", "-Dnoipa=noinline"])]
    plain_gcc, plain_gxx = os.environ["DEEP_PROFILE_CC"], os.environ["DEEP_PROFILE_CXX"]
flags = ["-g", "-Wall", "-Wextra", "-Werror"]
# With its stacks of freed frames, which newer compilers use by default, trampolines of nested
# functions lie where nothing may be executed.
os.environ["ASAN_OPTIONS"] = "detect_stack_use_after_return=0"


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
    """Returns a description of the failure, or None."""
    path = os.path.join(programs, name)
    compiler, linker = (gxx, plain_gxx) if name.endswith(".cc") else (gcc, plain_gcc)
    own = read_head(path, "options")
    program = os.path.splitext(name)[0]
    files = [path] + sorted(glob.glob(os.path.join(programs, f"{program}-*.c")))
    objects = [f"{os.path.splitext(os.path.basename(file))[0]}.o" for file in files]
    steps = [[compiler, *load, *flags, *options, *own, *includes, "-c", file, "-o", made]
             for file, made in zip(files, objects)]
    steps += [
        # With -flto, whole-program mode instruments here.
        [linker, *load * (whole and not without), *options, *own, *objects, "runtime.o",
         "-o", program],
        [*emulator, f"./{program}"],
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
    wrong = run([plain_gcc, "-O1", "-g", *flags, *position, *includes, "-c",
                 os.path.join(sources, "fake_runtime.c"), "-o", "runtime.o"], folder)
    if wrong:
        sys.exit(wrong)
    for name in sorted(os.listdir(programs)):
        if not name.endswith((".c", ".cc")) or "-" in name:
            continue
        if set(read_head(os.path.join(programs, name), "not with")) & {without, *options}:
            continue
        wrong = check(name, folder)
        if wrong:
            failed += 1
            print(f"FAILED: {name}\n{wrong}")
        else:
            passed += 1
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed or not passed else 0)
