#!/usr/bin/env python3
"""Resolvers of ifuncs run while a program is linked, before it can reach the runtime: those
that a person writes, those that the compiler makes, and what they call.

Run by Meson: resolvers.py DEEP_PROFILE_CC DEEP_PROFILE GCC G++ [GCC G++...]. Each program is built
with every GCC, and must run as it does without us: with profiling off and on.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import dp

CC, TOOL = (os.path.abspath(path) for path in sys.argv[1:3])
CXX = CC.removesuffix("cc") + "c++"
COMPILERS = list(zip(sys.argv[3::2], sys.argv[4::2]))
PROGRAMS = os.path.dirname(os.path.abspath(__file__)) + "/programs"


class Resolvers(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="deep-profile-resolvers-")
        self.addCleanup(shutil.rmtree, self.folder)

    def build(self, compiler, source, *arguments, out="program"):
        """With one of COMPILERS; `source` says whether as C or C++."""
        wrapper = CXX if source.endswith(".cc") else CC
        environment = dp.environment(DEEP_PROFILE_CC=compiler[0],
                                     DEEP_PROFILE_CXX=compiler[1])
        return dp.run(wrapper, "-O2", "-w", f"{PROGRAMS}/{source}", *arguments, "-o", out,
                      cwd=self.folder, env=environment)

    def run_all_ways(self, name, quiet=True):
        for state in ("", "0", "1", "*:rate=1"):
            done = subprocess.run([f"./{name}"], cwd=self.folder, capture_output=True, text=True,
                                  env=dp.environment(DEEP_PROFILE=state, DEEP_PROFILE_OUT="log.%p"),
                                  check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            if quiet:
                self.assertEqual(done.stderr, "")

    def test_programs(self):
        for compiler in COMPILERS:
            for source in ("resolvers.c", "versions.cc"):
                for how in ([], ["-static"], ["-fPIC"], ["-O0"], ["-flto"], ["-flto", "-static"],
                            ["-fPIE", "-static-pie"]):
                    for mode in ([], ["-fdeep-profile=all"]):
                        with self.subTest(compiler=compiler, source=source, how=how, mode=mode):
                            self.build(compiler, source, "-DPROGRAM", *how, *mode)
                            self.run_all_ways("program")

    def test_libraries_that_are_not_relocated_yet(self):
        """One library's pointer to another's ifunc is resolved when that other has not been
        relocated: glibc warns, and does it."""
        with open(self.folder + "/main.c", "w", encoding="utf-8") as file:
            file.write("int use(int);\nint main(void) { return use(10) != 461; }\n")
        dp.run("cc", "-fPIC", "-shared", f"{PROGRAMS}/resolvers_user.c", "-o", "libuser.so",
               cwd=self.folder)
        for compiler in COMPILERS:
            for how in ([], ["-O0"], ["-flto"]):
                with self.subTest(compiler=compiler, how=how):
                    self.build(compiler, "resolvers.c", "-fPIC", "-shared", "-fdeep-profile=all",
                               *how, out="libresolvers.so")
                    dp.run("cc", "main.c", "-L.", "-Wl,--no-as-needed", "-lresolvers", "-luser",
                           "-Wl,-rpath,.", "-o", "main", cwd=self.folder)
                    self.run_all_ways("main", quiet=False)

    def test_the_others_are_profiled(self):
        for compiler in COMPILERS:
            self.build(compiler, "resolvers.c", "-DPROGRAM", "-fdeep-profile=all")
            dp.run("./program", cwd=self.folder,
                   env=dp.environment(DEEP_PROFILE="*:rate=1", DEEP_PROFILE_OUT="log"))
            names = {f["function"] for f in dp.report(TOOL, self.folder + "/log")["functions"]}
            self.assertLessEqual({"main", "one"}, names)
            self.assertFalse(names & {"resolve_it", "has_it", "helper"})
            shutil.rmtree(self.folder + "/log")


unittest.main(argv=sys.argv[:1], verbosity=2)
