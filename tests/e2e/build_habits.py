#!/usr/bin/env python3
"""What build systems and their helpers do with a compiler, done with deep-profile-cc:
response files, preprocessing apart, dependencies, temporary files, caches.

Run by Meson: build_habits.py BUILD TOOL. Everything lies in a folder with a space in its
name. The wrapper is a copy, so that a test may change the plugin beside it.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import dp

BUILD, TOOL = (os.path.abspath(path) for path in sys.argv[1:3])
MAIN = """
#include <deep_profile.h>
#include <stdio.h>
int twice(int);
DEEP_PROFILE(rate=1) __attribute__((noinline)) static int work(int n) { return twice(n); }
int main(void) { printf("%d\\n", work(21)); return 0; }
"""
TWICE = """
#include <deep_profile.h>
DEEP_PROFILE(rate=1) int twice(int value) { return 2 * value; }
"""
# Shell commands that leave an executable "prog". $CC is used unquoted where it is several words.
HABITS = {
    "a folder with a space": 'mkdir "a b"; $CC -O2 main.c twice.c -o "a b/p"; cp "a b/p" prog',
    "several sources, then objects": "mkdir o; cd o; $CC -c ../main.c ../twice.c; "
                                     "$CC *.o -o ../prog",
    "-pipe": "$CC -pipe main.c twice.c -o prog",
    "-save-temps": "$CC -save-temps main.c twice.c -o prog; $CC -save-temps=obj -c main.c",
    "from stdin": "cat main.c twice.c | $CC -O2 -x c - -o prog",
    "preprocessed apart": "for f in main twice; do $CC -E $f.c -o $f.i; $CC -c $f.i; done; "
                          "$CC main.o twice.o -o prog",
    "preprocessed into a pipe": "for f in main twice; do "
                                "$CC -E $f.c | $CC -c -x cpp-output - -o $f.o; done; "
                                "$CC main.o twice.o -o prog",
    "assembled apart": "$CC -O2 -S main.c twice.c; $CC main.s twice.s -o prog",
    "response files": """printf '%s\\n' -c main.c -o '"a main.o"' >c.rsp; $CC @c.rsp;
                         printf '%s\\n' '"a main.o"' twice.c >l.rsp; $CC @l.rsp -o prog""",
    "the linker's response file": "$CC -c main.c twice.c; printf '%s\\n' main.o twice.o >o.rsp; "
                                  "$CC -Wl,@o.rsp -o prog; $CC -Xlinker @o.rsp -o prog",
    "as Bazel does": """
        $CC -MD -MF t.d -frandom-seed=t.o -fPIC -iquote . -c twice.c -o t.o
        $CC -MD -MF m.d -fPIC -iquote . '-D__DATE__="redacted"' -Wno-builtin-macro-redefined \
            -c main.c -o m.o
        printf '%s\\n' -shared -o libt.so t.o -Wl,-S >t.params; $CC @t.params
        printf '%s\\n' -o prog m.o '-Wl,-rpath,$ORIGIN/' -L. -lt -pie >m.params; $CC @m.params
        grep -q deep_profile.h m.d""",
    "a header compiled before": "echo '#include <deep_profile.h>' >p.h; $CC p.h -o p.h.gch; "
                                "$CC -include p.h -Winvalid-pch -Werror main.c twice.c -o prog",
    "the wrapper by another name": 'mkdir bin; ln -s "$CC" bin/cc; '
                                   "bin/cc main.c twice.c -o prog",
}


class Habits(unittest.TestCase):
    def setUp(self):
        self.folder = os.path.realpath(tempfile.mkdtemp(prefix="deep-profile habits-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.write("main.c", MAIN)
        self.write("twice.c", TWICE)
        self.cc = BUILD + "/tools/wrappers/deep-profile-cc"

    def write(self, name, text):
        with open(f"{self.folder}/{name}", "w", encoding="ascii") as file:
            file.write(text)

    def shell(self, text, cc=None, **variables):
        env = dp.environment(CC=cc or self.cc, **variables)
        return dp.run("sh", "-ec", text, env=env, cwd=self.folder).stdout

    def test_every_habit(self):
        compilers = [name for name in ("gcc", "clang") if shutil.which(name)]
        for real in compilers:
            for name, commands in HABITS.items():
                with self.subTest(name, compiler=real):
                    self.check(commands, real)

    def check(self, commands, real):
        kept = set(os.listdir(self.folder))
        self.shell(commands, DEEP_PROFILE_CC=real)
        log = f"{self.folder}/log"
        self.assertEqual(dp.profile(log, f"{self.folder}/prog"), "42\n")
        self.assertEqual(dp.functions(dp.events(TOOL, log), "profiler.stop"), {"work", "twice"})
        for made in set(os.listdir(self.folder)) - kept:
            path = f"{self.folder}/{made}"
            (shutil.rmtree if os.path.isdir(path) else os.unlink)(path)

    # ---- the filter file is an input ----

    def test_filter_file_is_a_dependency(self):
        self.write("only", "include function nothing\n")
        for real in ("gcc", "clang"):
            for options in ("-MMD", "-MD -MF twice.d", "-MMD -MP"):
                if not shutil.which(real):
                    continue
                with self.subTest(options, compiler=real):
                    self.shell("$CC -O2 -fdeep-profile=all -fdeep-profile-filter=only "
                               f"{options} -c twice.c", DEEP_PROFILE_CC=real)
                    with open(f"{self.folder}/twice.d", encoding="ascii") as file:
                        words = re.sub(r"\\\n", " ", file.read()).split()
                    self.assertEqual(words[0], "twice.o:")
                    self.assertIn("only", words)
                    if real == "gcc":  # clang names such files first
                        self.assertEqual(words[1], "twice.c", "the source is the first")

    # ---- ccache ----

    def copy_of_wrapper(self):
        """A build folder that has what compiling needs, and whose plugins can be changed."""
        copy = self.folder + "/copy"
        shutil.copytree(BUILD + "/plugin", copy + "/plugin",
                        ignore=shutil.ignore_patterns("*.o", "*.d", "*.p"))
        os.makedirs(copy + "/tools/wrappers")
        for name in ("deep-profile-cc", "include-path"):
            shutil.copy(f"{BUILD}/tools/wrappers/{name}", copy + "/tools/wrappers")
        return copy + "/tools/wrappers/deep-profile-cc"

    def write_plain(self):
        self.write("plain.c", "int f(int n) { return n + 1; }\n")
        os.utime(f"{self.folder}/plain.c", (1, 1))  # ccache trusts no file that is new

    def cached(self, way, options, **variables):
        """Compiles; "hit" or "miss"."""
        env = {"CCACHE_DIR": self.folder + "/cache", **way, **variables}
        self.shell(f"ccache --zero-stats; $CC {options} -c plain.c -o plain.o", **env)
        counts = self.shell("ccache --print-stats", **env)
        found = {name: int(n) for name, n in re.findall(r"^(\w+)\t(\d+)$", counts, re.M)}
        hits = found["direct_cache_hit"] + found["preprocessed_cache_hit"]
        self.assertEqual(hits + found["cache_miss"], 1, counts)
        return "hit" if hits else "miss"

    def has_gates(self):
        symbols = dp.run("nm", f"{self.folder}/plain.o").stdout
        return "deep_profile_enter" in symbols

    @unittest.skipIf(not shutil.which("ccache"), "not installed: ccache")
    def test_ccache_notices_what_changed(self):
        self.write_plain()
        wrapper = self.copy_of_wrapper()
        os.symlink(wrapper, self.folder + "/dpcc")  # $CC is split at spaces
        ways = {"before": {"cc": "ccache ./dpcc"},
                "behind": {"cc": "./dpcc", "DEEP_PROFILE_CC": "ccache gcc"}}
        options = "-O2 -fdeep-profile=all -fdeep-profile-filter=filter"
        for name, way in ways.items():
            with self.subTest(name):
                shutil.rmtree(self.folder + "/cache", ignore_errors=True)
                self.write("filter", "include function f\n")
                self.assertEqual(self.cached(way, options), "miss")
                self.assertEqual(self.cached(way, options), "hit")
                self.assertTrue(self.has_gates())
                self.write("filter", "include function g\n")
                self.assertEqual(self.cached(way, options), "miss", "another filter")
                self.assertFalse(self.has_gates())
                self.assertEqual(self.cached(way, options), "hit")
                for plugin in self.plugins():
                    with open(plugin, "ab") as file:
                        file.write(b"changed")
                self.assertEqual(self.cached(way, options), "miss", "another plugin")
                self.assertEqual(self.cached(way, options), "hit")

    def plugins(self):
        return [f"{folder}/{name}" for folder, _, names in os.walk(self.folder + "/copy/plugin")
                for name in names if name == "deep_profile.so"]

    @unittest.skipIf(not shutil.which("ccache") or not shutil.which("gcc-11") or
                     not shutil.which("gcc-12"), "not installed: ccache, gcc-11 or gcc-12")
    def test_ccache_notices_another_compiler(self):
        self.write_plain()
        os.symlink(self.copy_of_wrapper(), self.folder + "/dpcc")
        way = {"cc": "ccache ./dpcc"}
        for real in ("gcc-11", "gcc-12"):
            self.assertEqual(self.cached(way, "-O2", DEEP_PROFILE_CC=real), "miss")
            comment = dp.run("readelf", "-p.comment", f"{self.folder}/plain.o").stdout
            self.assertIn(real[4:] + ".", comment)
            self.assertEqual(self.cached(way, "-O2", DEEP_PROFILE_CC=real), "hit")

    def test_a_preprocessed_source_is_as_it_was_without_ccache(self):
        self.assertNotIn("deep-profile ", self.shell('"$CC" -E twice.c'))
        for option in ("-P", "-dM"):
            shown = self.shell(f'"$CC" -E {option} twice.c', UNCACHED_ERR_FD="2")
            self.assertNotIn("/dev/null", shown)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
