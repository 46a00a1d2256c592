#!/usr/bin/env python3
"""deep-profile-cc with clang: what it makes of a command line, and what it says.

Run by Meson: clang.py DEEP_PROFILE_CC DEEP_PROFILE_CXX DEEP_PROFILE. DEEP_PROFILE_CC and
DEEP_PROFILE_CXX in the environment name the clang.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../e2e")
import dp

CC, CXX, TOOL = map(os.path.abspath, sys.argv[1:4])
CLANG = os.environ.get("HOST_CC", "clang")

ANNOTATED = """
#include <deep_profile.h>
DEEP_PROFILE(rate=1)
int twice(int n)
{
    return 2 * n;
}
"""
MAIN = """
#include <stdio.h>
int twice(int n);
int main(void)
{
    printf("%d\\n", twice(21));
    return 0;
}
"""


class Clang(unittest.TestCase):
    def setUp(self):
        self.folder = os.path.realpath(tempfile.mkdtemp(prefix="deep-profile-clang-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.write("twice.c", ANNOTATED)
        self.write("main.c", MAIN)

    def write(self, name, text):
        with open(f"{self.folder}/{name}", "w", encoding="utf-8") as file:
            file.write(text)

    def cc(self, *arguments, program=CC, **variables):
        os.makedirs(self.folder + "/tmp", exist_ok=True)
        env = dp.environment(TMPDIR=self.folder + "/tmp", **variables)
        done = subprocess.run([program, *arguments], cwd=self.folder, env=env, text=True,
                              capture_output=True, check=False)
        self.assertEqual(os.listdir(self.folder + "/tmp"), [], "nothing is left behind")
        return done

    def build(self, *arguments, **variables):
        done = self.cc(*arguments, **variables)
        self.assertEqual((done.returncode, done.stderr), (0, ""), arguments)

    def calls(self, program="./prog", rules="1"):
        log = self.folder + "/log"
        shutil.rmtree(log, ignore_errors=True)
        dp.run(program, cwd=self.folder, env=dp.environment(DEEP_PROFILE=rules,
                                                            DEEP_PROFILE_OUT=log))
        return {f["function"]: f["sampled"] for f in dp.report(TOOL, log)["functions"]}

    # ---- ways to build ----

    def test_in_one_command(self):
        self.build("-O2", "main.c", "twice.c", "-o", "prog")
        self.assertEqual(self.calls(), {"twice": 1})

    def test_object_by_object_with_a_default_name(self):
        self.build("-O2", "-c", "main.c", "twice.c")
        self.build("main.o", "twice.o", "-o", "prog")
        self.assertEqual(self.calls(), {"twice": 1})

    def test_by_assembly(self):
        self.build("-O2", "-S", "twice.c")
        self.build("-O2", "main.c", "twice.s", "-o", "prog")
        self.assertEqual(self.calls(), {"twice": 1})

    def test_language_by_x(self):
        os.rename(self.folder + "/twice.c", self.folder + "/twice.txt")
        self.build("-O2", "main.c", "-x", "c", "twice.txt", "-x", "none", "-lm", "-o", "prog")
        self.assertEqual(self.calls(), {"twice": 1})

    def test_preprocessed_first(self):
        self.build("-E", "twice.c", "-o", "twice.i")
        self.build("main.c", "twice.i", "-o", "prog")
        self.assertEqual(self.calls(), {"twice": 1})

    def test_dependencies_are_those_of_the_compiler(self):
        for arguments, made in ((["-c", "twice.c", "-MMD"], "twice.d"),
                                (["-c", "twice.c", "-MMD", "-o", "sub.o"], "sub.d"),
                                (["-c", "twice.c", "-MMD", "-MF", "named.d"], "named.d"),
                                (["-c", "twice.c", "-MD", "-MT", "goal", "-MP"], "twice.d")):
            self.build(*arguments)
            with open(f"{self.folder}/{made}", encoding="utf-8") as file:
                ours = file.read()
            os.remove(f"{self.folder}/{made}")
            include = os.path.abspath(__file__ + "/../../../include")
            dp.run(CLANG, "-idirafter", include, *arguments, cwd=self.folder)
            with open(f"{self.folder}/{made}", encoding="utf-8") as file:
                self.assertEqual(ours, file.read(), arguments)

    def test_shared_library(self):
        self.build("-O2", "-fPIC", "-shared", "twice.c", "-o", "libtwice.so")
        self.build("-O2", "main.c", "./libtwice.so", "-o", "prog")
        self.assertEqual(self.calls(), {"twice": 1})

    def test_whole_program_and_annotated_in_one_file(self):
        self.build("-O2", "-fno-inline", "-fdeep-profile=all", "main.c", "twice.c", "-o", "prog")
        self.assertEqual(self.calls(rules="*:rate=1"), {"main": 1, "twice": 1})

    def test_filter(self):
        self.write("filter", "include function twi*\n")
        self.write("plain.c", MAIN + "int twice(int n) { return 2 * n; }\n")
        flags = ["-O2", "-fno-inline", "-fdeep-profile=all"]
        self.build(*flags, "-fdeep-profile-filter=filter", "plain.c", "-o", "prog")
        self.assertEqual(self.calls(rules="*:rate=1"), {"twice": 1})
        self.build(*flags, "-fdeep-profile-min-size=3", "plain.c", "-o", "prog")
        self.assertEqual(self.calls(rules="*:rate=1"), {"main": 1})
        self.write("filter", "include functions twi*\n")
        done = self.cc(*flags, "-fdeep-profile-filter=filter", "plain.c", "-o", "prog")
        self.assertEqual((done.returncode, done.stderr),
                         (1, "deep-profile-cc: filter:1: expected 'function' or 'file', but got "
                             "'functions'\n"))

    def test_debug_information_stays_as_asked_for(self):
        for flags in ([], ["-fdeep-profile=all"]):
            for debug in ("-g0", "-g"):
                self.build(debug, *flags, "-c", "twice.c")
                sections = dp.run("readelf", "-SW", self.folder + "/twice.o").stdout
                self.assertEqual(".debug_line" in sections, debug == "-g", flags)

    def test_place_is_the_functions_name(self):
        self.write("place.cc", "#include <deep_profile.h>\nnamespace far {\nDEEP_PROFILE()\n"
                   "static int\nthere(int n)\n{\n    return n;\n}\n}\n"
                   "int main() { return far::there(0); }\n")
        done = self.cc("-fdeep-profile-verbose", "place.cc", "-o", "prog", program=CXX)
        self.assertEqual(done.stderr, "deep-profile: far::there (place.cc:5): profile()\n")

    def test_attributes_in_their_own_spelling(self):
        self.write("raw.cc", """#include <stdio.h>
const char *text = "__attribute__((profile))", *more = R"x(it's __attribute__((profile("")))x";
__attribute__((profile("rate=1, metadata=\\"a:)\\""), noinline)) static int one(int n) { return n; }
[[gnu::profile_calls]] int two(int n) { return n; }
[[gnu::noinline, gnu::__profile__("rate=0.5")]] int three(int n) { return n; }
struct s { __attribute__ (( __profile_if_slow__ ("10ms") )) int member(int n) { return n; } };
int main()
{
    int profile[3] = {0};
    printf("%s %s\\n", text, more);
    return one(profile[0]) + two(0) + three(0) + s().member(0);
}
""")
        done = self.cc("-Wall", "-MMD", "-fdeep-profile-verbose", "raw.cc", "-o", "prog", program=CXX)
        self.assertEqual((done.returncode, sorted(done.stderr.splitlines())), (0, [
            'deep-profile: one (raw.cc:3): profile(rate=1, metadata="a:)")',
            "deep-profile: s::member (raw.cc:6): profile_if_slow(10ms)",
            "deep-profile: three (raw.cc:5): profile(rate=0.5)",
            "deep-profile: two (raw.cc:4): profile_calls()"]))
        self.assertEqual(dp.run("./prog", cwd=self.folder).stdout,
                         '__attribute__((profile)) it\'s __attribute__((profile(""))\n')
        with open(self.folder + "/prog.d", encoding="utf-8") as file:
            self.assertEqual(file.read(), "prog: raw.cc\n")

    # ---- what it says ----

    def test_says_that_there_is_no_plugin(self):
        done = self.cc("-v", "-c", "twice.c")
        self.assertRegex(done.stderr, r"(?m)\Adeep-profile: '.*' is clang \d+: gates without a plugin")

    def test_mistakes_in_options(self):
        self.write("wrong.c", "#include <deep_profile.h>\nDEEP_PROFILE(rat=0.5)\nint f(int n)\n"
                   "{ return n; }\nDEEP_PROFILE_IF_SLOW()\nint g(int n) { return n; }\n")
        done = self.cc("-c", "wrong.c")
        self.assertEqual(done.returncode, 1)
        self.assertIn("wrong.c:3: error: ", done.stderr)
        self.assertIn("'rat'", done.stderr)
        self.assertIn("did you mean 'rate'?", done.stderr)
        self.assertIn("wrong.c:6: error: profile_if_slow needs a threshold", done.stderr)
        self.assertFalse(os.path.exists(self.folder + "/wrong.o"))

    def test_functions_that_cannot_be_profiled(self):
        self.write("wrong.c", "#include <deep_profile.h>\n"
                   "DEEP_PROFILE() __attribute__((naked)) int bare(void) { __asm__(\"ret\"); }\n"
                   "typedef int fn(int);\nstatic int one(int n) { return n; }\n"
                   "DEEP_PROFILE() fn *choose(void) { return one; }\n"
                   "__attribute__((ifunc(\"choose\"))) int chosen(int);\n")
        done = self.cc("-c", "wrong.c")
        self.assertEqual(done.returncode, 1)
        self.assertIn("'bare' cannot be profiled: it is naked", done.stderr)
        self.assertIn("'choose' cannot be profiled: it resolves an ifunc", done.stderr)

    def test_mistakes_in_the_source_are_the_compilers(self):
        self.write("wrong.c", "int f(int n) { return m; }\n" + ANNOTATED)
        done = self.cc("-c", "wrong.c")
        self.assertEqual(done.returncode, 1)
        self.assertIn("wrong.c:1:23: error: use of undeclared identifier 'm'", done.stderr)

    def test_without_annotations_the_command_is_the_compilers(self):
        self.write("plain.c", "int f(int n) { return n; }\n")
        self.build("-O2", "-c", "plain.c", "-o", "ours.o")
        dp.run(CLANG, "-O2", "-c", "plain.c", "-o", "theirs.o", cwd=self.folder)
        with open(self.folder + "/ours.o", "rb") as ours, \
                open(self.folder + "/theirs.o", "rb") as theirs:
            self.assertEqual(ours.read(), theirs.read())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
