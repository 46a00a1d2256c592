#!/usr/bin/env python3
"""What belongs to the host alone and is found untouched: its floating-point
environment, its stack's alignment, its registers, its own string functions.

Run by Meson: host_state.py DEEP_PROFILE_CC DEEP_PROFILE.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import dp

CC, TOOL = sys.argv[1:3]
HERE = os.path.dirname(os.path.abspath(__file__))
# Of DEEP_PROFILE: off, on, rules that say so, and such with numbers to read.
STATES = ("", "0", "1", "*:off", "sampled:rate=0.37;counted:rate=2.5%;slow:slow=2.5ms", "*:slow=7us")


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.programs = tempfile.mkdtemp(prefix="deep-profile-host-state-")
        cls.addClassCleanup(shutil.rmtree, cls.programs)

    @classmethod
    def build(cls, name, *arguments, compiler=CC):
        path = f"{cls.programs}/{name}"
        dp.run(compiler, "-O2", "-g", *arguments, "-o", path)
        return path

    def setUp(self):
        self.folder = tempfile.mkdtemp(dir=self.programs)
        self.log = self.folder + "/log"

    def run_in_silence(self, *command, **variables):
        variables = {"DEEP_PROFILE_OUT": self.log + ".%p", "DEEP_PROFILE_SEED": "1", **variables}
        done = subprocess.run(command, env=dp.environment(**variables), cwd=self.folder,
                              capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""),
                         (command, variables))


@unittest.skipUnless(os.uname().machine == "x86_64", "the program reads x86 registers")
class FloatingPoint(Case):
    ENVIRONMENTS = ("default", "down", "up", "zero", "flush", "flags", "single", "traps",
                    "everything")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        host, library = (f"{HERE}/programs/floating{part}.c" for part in ("", "_library"))
        cls.library = cls.build("library.so", "-fPIC", "-shared", library)
        cls.host = cls.build("host", host, "-ldl", "-lpthread", compiler="cc")
        cls.linked = [cls.build("linked" + "".join(how), "-DLINKED", *how, host, library, "-lpthread")
                      for how in ([], ["-static"], ["-fdeep-profile=all"])]

    def test_a_library_that_is_loaded_leaves_it_alone(self):
        for environment in self.ENVIRONMENTS:
            for state in STATES:
                self.run_in_silence(self.host, environment, self.library, DEEP_PROFILE=state)

    def test_a_program_that_is_linked_finds_it_as_new(self):
        for program in self.linked:
            for environment in ("default", "everything"):
                for state in STATES:
                    self.run_in_silence(program, environment, DEEP_PROFILE=state)

    def figures(self, environment):
        """What the log says was decided and drawn, without times."""
        log = f"{self.folder}/{environment}"
        self.run_in_silence(self.host, environment, self.library, DEEP_PROFILE_OUT=log,
                            DEEP_PROFILE="*:check_load=false;sampled:rate=0.37;slow:slow=3.3ms")
        sites = json.loads(dp.run(TOOL, "sites", "--format=json", log).stdout)["sites"]
        drawn = {f["function"]: {key: f[key] for key in f if key == "sampled" or "calls" in key}
                 for f in dp.report(TOOL, log)["functions"]}
        return sites, drawn

    def test_it_changes_no_figure(self):
        usual = self.figures("default")
        self.assertIn("'rate': 0.37,", str(usual))
        self.assertGreater(usual[1]["sampled"]["sampled"], 7000)
        for environment in self.ENVIRONMENTS[1:]:
            self.assertEqual(self.figures(environment), usual, environment)


@unittest.skipUnless(os.uname().machine == "x86_64", "the program has x86 assembly")
class Alignment(Case):
    def test_a_stack_of_8_bytes_alignment_is_enough(self):
        source = f"{HERE}/programs/misaligned.c"
        programs = [self.build("plain", "-w", "-I", f"{HERE}/../../include", source, compiler="cc")]
        programs += [self.build("misaligned" + "".join(how), *how, source)
                     for how in ([], ["-static"], ["-fdeep-profile=all"])]
        for program in programs:
            for what in ("exit", "sigaction", "longjmp", "fork"):
                for state in STATES:
                    self.run_in_silence(program, what, DEEP_PROFILE=state)


@unittest.skipUnless(os.uname().machine == "x86_64", "x86 registers and conventions")
class Conventions(Case):
    """Options that change how functions are called, or what the compiler may use there."""

    def runs(self, program):
        for state in ("", "1", "*:rate=1;*:calls"):
            for arguments in ([], ["one"], ["one", "two"]):
                self.run_in_silence(program, *arguments, DEEP_PROFILE=state)

    def test_the_default_is_that_of_windows(self):
        for how in (["-O2"], ["-O0"], ["-flto"], ["-static"], ["-fPIC"]):
            for mode in ([], ["-fdeep-profile=all"]):
                self.runs(self.build("ms_abi", "-mabi=ms", *how, *mode,
                                     f"{HERE}/programs/ms_abi.c"))

    def test_every_function_keeps_the_registers_that_it_must(self):
        for how in (["-O2"], ["-O0"], ["-flto"], ["-mno-red-zone"], ["-mcmodel=medium"],
                    ["-mcmodel=large"], ["-mcmodel=large", "-fPIC"],
                    ["-mcmodel=kernel", "-fno-pic", "-no-pie"], ["-fcf-protection=full"],
                    ["-ffixed-rbx", "-ffixed-r12"], ["-mcall-ms2sysv-xlogues"],
                    ["-mindirect-branch=thunk-inline", "-mfunction-return=thunk-inline"],
                    ["-fsplit-stack"], ["-fzero-call-used-regs=all"], ["-mstackrealign"],
                    ["-fstack-protector-all", "-fstack-clash-protection"]):
            for mode in ([], ["-fdeep-profile=all"]):
                self.runs(self.build("conventions", *how, *mode, "-w",
                                     f"{HERE}/programs/conventions.c"))


class OwnStrings(Case):
    """A host whose memcpy, strlen and so on are its own, instrumented, and picky."""

    def test_they_are_never_called_by_us(self):
        program = self.build("own_strings", "-fdeep-profile=all", "-fno-builtin", "-w",
                             f"{HERE}/programs/own_strings.c")
        for state in STATES + ("*:memory", "*:rate=1;memcpy:slow=1us"):
            self.run_in_silence(program, DEEP_PROFILE=state)

    def test_their_calls_are_the_hosts_own(self):
        program = self.build("counted", "-fdeep-profile=all", "-fno-builtin", "-w",
                             f"{HERE}/programs/own_strings.c")
        self.run_in_silence(program, DEEP_PROFILE="*:calls;*:rate=1", DEEP_PROFILE_OUT=self.log)
        calls = {f["function"]: f["sampled"] for f in dp.report(TOOL, self.log)["functions"]}
        self.assertEqual(calls, {"main": 1, **{name: 100 for name in (
            "memset", "memcpy", "memcmp", "strlen", "memchr")}})


unittest.main(argv=sys.argv[:1], verbosity=2)
