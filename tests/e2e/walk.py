#!/usr/bin/env python3
"""The stack walk, frame by frame, beside gdb's: a zoo of programs and of ways to build them.

Run by Meson: walk.py DEEP_PROFILE_CC WALK_OF [TEST...]. gdb steps through each scene of
programs/walk, from instruction to instruction; at every stop our walk (tests/unit/runtime/
walk_of.c) and gdb's must find the same frames. Where a scene waits in the kernel, ours must
find them with the instruction and the stack pointer alone, too.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import dp

CC, WALK_OF = (os.path.abspath(path) for path in sys.argv[1:3])
HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = os.path.join(HERE, "programs/walk")
GDB = shutil.which("gdb")
CLANG = shutil.which("clang")
STOPS = os.environ.get("DEEP_PROFILE_TEST_STOPS", "250")
ZOO_SCENES = 18


@unittest.skipUnless(GDB, "no gdb")
class Walk(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="deep-profile-walk-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)

    def build(self, compiler, source, *options):
        path = f"{self.folder}/{self.id().rsplit('.', maxsplit=1)[-1]}"
        dp.run(compiler, "-g", "-w", *options, f"{SOURCES}/{source}", "-o", path, "-lpthread")
        return path

    def compare(self, path, scenes, symbols=None, **variables):
        """Steps through a program. Returns gdb's and our figures."""
        env = dp.environment(WALK_OF=WALK_OF, STOPS=STOPS, **variables)
        command = [GDB, "-nx", "-batch", *(["-ex", f"symbol-file {symbols}"] if symbols else []),
                   "-x", f"{HERE}/walk_gdb.py", "--args", path]
        done = subprocess.run(command, env=env, text=True, capture_output=True,
                              check=False, cwd=self.folder)
        lines = done.stdout.splitlines()
        shown = "\n".join(lines[-60:]) + done.stderr[-2000:]
        results = [line for line in lines if line.startswith("RESULT ")]
        self.assertEqual(len(results), 1, shown)
        result = {key: int(value) for key, value in
                  (word.split("=") for word in results[0].split()[1:])}
        different = [line for line in lines if line.startswith(("DIFFERENT", "  ", "=>"))]
        self.assertEqual(result["different"], 0, "\n".join([results[0], *different]))
        self.assertEqual(result["scenes"], scenes, shown)
        self.assertGreater(result["stops"], 20 * scenes, results[0])
        self.assertLess(result["lost"], 20, results[0])
        print(f"{self.id().rsplit('.', maxsplit=1)[-1]}: {results[0]}", flush=True)
        return result

    def zoo(self, compiler, *options):
        result = self.compare(self.build(compiler, "zoo.c", *options), ZOO_SCENES)
        self.assertGreater(result["waiting"], 20)
        return result

    def test_gcc_without_optimisation(self):
        self.zoo("gcc", "-O0")

    def test_gcc_o1(self):
        self.zoo("gcc", "-O1")

    def test_gcc_o2(self):
        result = self.zoo("gcc", "-O2")
        self.assertEqual(result["guessed"], 0)

    def test_gcc_o3(self):
        self.zoo("gcc", "-O3")

    def test_gcc_for_size(self):
        self.zoo("gcc", "-Os")

    def test_frame_pointers(self):
        self.zoo("gcc", "-O2", "-fno-omit-frame-pointer", "-mno-omit-leaf-frame-pointer")

    def test_bound_late(self):
        self.zoo("gcc", "-O2", "-no-pie", "-Wl,-z,lazy")

    def test_control_flow_enforcement(self):
        self.zoo("gcc", "-O2", "-fcf-protection=full", "-Wl,-z,ibtplt", "-Wl,-z,lazy")

    def test_static(self):
        self.zoo("gcc", "-O2", "-static")

    def test_static_without_optimisation(self):
        self.zoo("gcc", "-O0", "-static")

    def test_stripped(self):
        path = self.build("gcc", "zoo.c", "-O2", "-no-pie")
        dp.run("strip", path, "-o", path + "-stripped")
        self.compare(path + "-stripped", ZOO_SCENES, symbols=path)

    @unittest.skipUnless(CLANG, "no clang")
    def test_clang(self):
        self.zoo("clang", "-O2")

    @unittest.skipUnless(CLANG, "no clang")
    def test_clang_without_optimisation(self):
        self.zoo("clang", "-O0")

    def test_exceptions(self):
        self.compare(self.build("g++", "exceptions.cc", "-O2"), 3)

    def test_exceptions_without_optimisation(self):
        self.compare(self.build("g++", "exceptions.cc", "-O0"), 3)

    def test_exceptions_static(self):
        self.compare(self.build("g++", "exceptions.cc", "-O2", "-static"), 3)

    def profiled(self, *options):
        path = self.build(CC, "zoo.c", *options)
        result = self.compare(path, ZOO_SCENES, DEEP_PROFILE="*:rate=1",
                              DEEP_PROFILE_OUT=f"{path}-log")
        self.assertGreater(result["switched"], 0, "nothing was walked on a stack of ours")
        self.assertTrue(os.path.isdir(f"{path}-log"))

    def test_profiled(self):
        self.profiled("-O2", "-DPLUGIN")

    def test_profiled_without_optimisation(self):
        self.profiled("-O0", "-DPLUGIN")

    def test_profiled_whole_program(self):
        self.profiled("-O2", "-fdeep-profile=all")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
