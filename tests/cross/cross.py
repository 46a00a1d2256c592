#!/usr/bin/env python3
"""Programs of another processor, cross-compiled and run under emulation.

Run by Meson: cross.py SOURCE BUILD DEEP_PROFILE TARGET [TEST...]. Configures BUILD/cross/TARGET by
TARGET.ini beside this file, as docs/cross-compiling.md tells a user to do, and reads the
programs' logs with the tool of this machine. Skipped (77) where there is no cross
compiler, plugin headers for it or emulator.

What qemu's user mode cannot show: costs in time, the processor's own memory order, signals
that interrupt any instruction, PR_SET_TSC and seccomp of the target.
"""
import configparser
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../e2e"))
import dp  # pylint: disable=wrong-import-position

SOURCE, BUILD, TOOL = (os.path.abspath(path) for path in sys.argv[1:4])
TARGET = sys.argv[4]
CROSS = os.path.join(HERE, f"{TARGET}.ini")
FOLDER = os.path.join(BUILD, "cross", TARGET)
CC = os.path.join(FOLDER, "tools/wrappers/deep-profile-cc")

machine = configparser.ConfigParser()
machine.read(CROSS)
GCC, GXX = (machine["binaries"][key].strip("'") for key in ("c", "cpp"))
EMULATOR = [word.strip(" '") for word in machine["binaries"]["exe_wrapper"].strip("[]").split(",")]


def missing():
    """What this machine lacks, or None."""
    for program in (GCC, GXX, EMULATOR[0]):
        if not shutil.which(program):
            return program
    plugin = subprocess.run([GCC, "-print-file-name=plugin"], capture_output=True, text=True,
                            check=False).stdout.strip()
    return None if os.path.exists(f"{plugin}/include/gcc-plugin.h") else f"{plugin}/include"


class Cross(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not os.path.exists(f"{FOLDER}/build.ninja"):
            dp.run("meson", "setup", FOLDER, SOURCE, "--cross-file", CROSS)
        dp.run("ninja", "-C", FOLDER)
        cls.folder = tempfile.mkdtemp(prefix=f"deep-profile-{TARGET}-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)

    def build(self, name, *flags):
        program = f"{self.folder}/{name}"
        dp.run(CC, "-O2", "-g", *flags, f"{HERE}/programs.c", "-o", program, "-lpthread")
        return program

    def profile(self, program, *arguments, rules="1"):
        log = f"{program}-log"
        said = dp.run(*EMULATOR, program, *arguments, env=dp.environment(
            DEEP_PROFILE=rules, DEEP_PROFILE_OUT=log)).stdout
        self.assertEqual(said, "20250 610\n")
        return dp.report(TOOL, log)

    def functions(self, report):
        return {f["function"]: f for f in report["functions"]}

    def check_annotated(self, report, finished=True):
        functions = self.functions(report)
        self.assertEqual(functions["work"]["sampled"], 1000)
        if finished: # otherwise nobody has noticed yet that the call was left
            self.assertEqual(functions["leaves"]["exceptions"], 1)
        self.assertEqual(functions["waits"]["slow"], 1)
        slow = report["slow_operations"][0]
        self.assertGreaterEqual(slow["duration_ns"] + slow["duration_error_ns"], 300_000_000)
        # Every word of it is mapped: a program that does not finish loses nothing.
        self.assertEqual(functions["counted"]["counted"], 1973)
        self.assertEqual(functions["allocates"]["memory"]["allocations"], 1)
        self.assertGreaterEqual(functions["allocates"]["memory"]["delta_bytes"], 4096)
        self.assertEqual(report["phase"], "finished" if finished else "killed")

    def test_annotated(self):
        self.check_annotated(self.profile(self.build("annotated", "-DANNOTATED")))

    def test_static(self):
        self.check_annotated(self.profile(self.build("static", "-DANNOTATED", "-static")))

    def test_killed(self):
        self.check_annotated(self.profile(self.build("killed", "-DANNOTATED"), "killed"), False)

    def test_whole_program(self):
        report = self.profile(self.build("whole", "-fdeep-profile=all"), rules="*:rate=1")
        functions = self.functions(report)
        self.assertEqual(functions["work"]["sampled"], 1000)
        self.assertEqual(functions["waits"]["sampled"], 2)

    def test_off(self):
        program = self.build("off", "-DANNOTATED")
        said = dp.run(*EMULATOR, program, env=dp.environment(), cwd=self.folder).stdout
        self.assertEqual(said, "20250 610\n")
        self.assertFalse([name for name in os.listdir(self.folder) if "deep-profile." in name])

    def test_plugin(self):
        """The plugin's own programs, beside the fake runtime."""
        major = dp.run(GCC, "-dumpversion").stdout.strip().split(".")[0]
        for options in (["-O0"], ["-O2"], ["whole", "-O2"], ["whole", "-O2", "-flto"]):
            with self.subTest(options):
                dp.run(sys.executable, f"{SOURCE}/tests/plugin/run_pass.py", GCC, GXX,
                       f"{FOLDER}/plugin/gcc-{major}/deep_profile.so", f"{SOURCE}/include",
                       f"{SOURCE}/tests/plugin", "--", *options,
                       env=dict(os.environ, DEEP_PROFILE_TEST_EMULATOR=" ".join(EMULATOR)))


if missing():
    print(f"no {missing()}")
    sys.exit(77)
unittest.main(argv=sys.argv[:1] + sys.argv[5:])
