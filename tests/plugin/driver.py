#!/usr/bin/env python3
"""The plugin as the compiler and its user meet it: arguments, messages, the
wrong release, the header without the plugin, loading and unloading, and the
assembly of a leaf function.

Run by Meson: driver.py INCLUDE SOURCES GCC G++ PLUGIN [GCC G++ PLUGIN ...].
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

include, sources = (os.path.abspath(path) for path in sys.argv[1:3])
builds = [(gcc, gxx, os.path.abspath(plugin))
          for gcc, gxx, plugin in zip(*(sys.argv[i::3] for i in (3, 4, 5)))]

ANNOTATED = """#include <deep_profile.h>
DEEP_PROFILE(rate=0.5, env=dev|test) DEEP_PROFILE_CALLS()
int annotated(int n) { return n; }
int plain(int n) { return n; }
"""


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)
        return name

    def run_command(self, *command):
        return subprocess.run(command, cwd=self.folder, text=True, capture_output=True,
                              check=False, env={**os.environ, "LC_ALL": "C"})

    def run_well(self, *command):
        """Standard output of a command that succeeds in silence."""
        done = self.run_command(*command)
        self.assertEqual((done.returncode, done.stderr), (0, ""), " ".join(command))
        return done.stdout


class Messages(Case):
    def test_verbose_is_one_line_a_function(self):
        self.write("a.c", ANNOTATED)
        for gcc, gxx, plugin in builds:
            for compiler in (gcc, gxx):
                done = self.run_command(compiler, f"-fplugin={plugin}", "-I", include,
                                        "-fplugin-arg-deep_profile-verbose", "-c", "a.c")
                self.assertEqual((done.returncode, done.stderr),
                                 (0, "deep-profile: annotated (a.c:3): "
                                     "profile(rate=0.5, env=dev|test), profile_calls()\n"))

    def test_a_register_of_the_programs_own(self):
        """The thunks change r10 and r11: nothing is instrumented if the program reserves one."""
        self.write("a.c", "#ifdef R\nregister long mine __asm__(R);\n#endif\n" + ANNOTATED)
        for gcc, _, plugin in builds:
            for register, how in (("r10", '-DR="r10"'), ("r11", '-DR="r11"'),
                                  ("r10", "-ffixed-r10"), (None, '-DR="r12"')):
                for arguments, what in (([], "'annotated' is not"), (
                        ["-fplugin-arg-deep_profile-all"], "nothing in this file is")):
                    done = self.run_command(gcc, f"-fplugin={plugin}", "-I", include, "-O2", how,
                                            *arguments, "-c", "a.c")
                    self.assertEqual(done.returncode, 0, done.stderr)
                    warning = (f"warning: {what} profiled: the program keeps register {register} "
                               "for itself\n")
                    self.assertEqual(done.stderr.count(warning), 1 if register else 0)
                    self.assertEqual("U deep_profile_e" in self.run_well("nm", "a.o"), not register)

    def argument(self, build, argument):
        self.write("a.c", ANNOTATED)
        done = self.run_command(build[0], f"-fplugin={build[2]}",
                                f"-fplugin-arg-deep_profile-{argument}", "-I", include,
                                "-c", "a.c")
        self.assertNotEqual(done.returncode, 0)
        return done.stderr

    def test_unknown_argument(self):
        for build in builds:
            self.assertIn("fatal error: deep-profile: unknown plugin argument 'verbos'; "
                          "did you mean 'verbose'?\n", self.argument(build, "verbos"))
            self.assertIn("fatal error: deep-profile: unknown plugin argument 'colour'\n",
                          self.argument(build, "colour"))

    def test_argument_without_value(self):
        for build in builds:
            self.assertIn("deep-profile: plugin argument 'verbose' takes no value, but got '3'",
                          self.argument(build, "verbose=3"))

    @unittest.skipIf(len(builds) < 2, "only one GCC has a plugin")
    def test_plugin_of_another_release(self):
        self.write("a.c", ANNOTATED)
        for gcc, gxx, plugin in builds:
            for _, _, other in builds:
                for compiler in (gcc, gxx):
                    done = self.run_command(compiler, f"-fplugin={other}", "-I", include,
                                            "-c", "a.c")
                    if other == plugin:
                        self.assertEqual((done.returncode, done.stderr), (0, ""))
                        continue
                    self.assertNotEqual(done.returncode, 0)
                    self.assertRegex(
                        done.stderr,
                        r"\A\S+: fatal error: deep-profile: this plugin is for GCC [\d.]+, "
                        r"but this is GCC [\d.]+: deep-profile-cc chooses the plugin that fits\n"
                        r"compilation terminated\.\n\Z")

    def test_wrong_attribute_leaves_no_object_behind(self):
        self.write("a.c", "__attribute__((profile(\"rtae=1\"))) int f(void) { return 1; }\n")
        for gcc, _, plugin in builds:
            done = self.run_command(gcc, f"-fplugin={plugin}", "-c", "a.c")
            self.assertNotEqual(done.returncode, 0)
            self.assertFalse(os.path.exists(os.path.join(self.folder, "a.o")))


class WholeProgram(Case):
    TWO = "int small(int n) { return n; }\nint big(int n)\n{\n    int s = 0;\n" \
          "    for (int i = 0; i < n; i++)\n        s += i * n;\n    return s;\n}\n"

    def compile_all(self, build, *arguments):
        return self.run_command(build[0], f"-fplugin={build[2]}", "-fplugin-arg-deep_profile-all",
                                *arguments)

    def instrumented(self, filter_text, *arguments):
        """Names of the functions that a filter file selects, the same with each GCC."""
        self.write("a.c", self.TWO)
        self.write("filter", filter_text)
        found = set()
        for build in builds:
            done = self.compile_all(build, "-fplugin-arg-deep_profile-verbose",
                                    "-fplugin-arg-deep_profile-filter=filter", *arguments,
                                    "-c", "a.c")
            self.assertEqual(done.returncode, 0, done.stderr)
            found.add(" ".join(sorted(re.findall(r"deep-profile: (\w+) .*: whole program",
                                                 done.stderr))))
        self.assertEqual(len(found), 1)
        return found.pop()

    def test_filter(self):
        self.assertEqual(self.instrumented(""), "big small")
        self.assertEqual(self.instrumented("include function b*\n"), "big")
        self.assertEqual(self.instrumented("exclude function b?g # comment\n\n"), "small")
        self.assertEqual(self.instrumented("exclude file a.c\ninclude function small\n"), "small")
        self.assertEqual(self.instrumented("exclude file *.h\n"), "big small")
        self.assertEqual(self.instrumented("min-size 4\n"), "big")
        self.assertEqual(self.instrumented("", "-fplugin-arg-deep_profile-min-size=4"), "big")

    def test_filter_messages(self):
        self.write("a.c", self.TWO)
        wrong = {
            "\nincluded function x\n": "filter:2: expected 'include', 'exclude' or 'min-size', "
                                       "but got 'included'",
            "include functions x\n": "filter:1: expected 'function' or 'file', "
                                     "but got 'functions'",
            "exclude file\n": "filter:1: expected a pattern, but got ''",
            "exclude file a b\n": "filter:1: expected the end of the line, but got 'b'",
            "min-size few\n": "filter:1: expected a number of statements, but got 'few'",
            "x" * 5000 + "\n": "filter:1: expected a line of at most 4095 bytes",
        }
        for build in builds:
            for text, message in wrong.items():
                self.write("filter", text)
                done = self.compile_all(build, "-fplugin-arg-deep_profile-filter=filter",
                                        "-c", "a.c")
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(f"fatal error: deep-profile: {message}", done.stderr)
            done = self.compile_all(build, "-fplugin-arg-deep_profile-filter=none", "-c", "a.c")
            self.assertIn("cannot open filter file 'none': No such file or directory", done.stderr)

    def test_debug_information_changes_nothing(self):
        for build in builds:
            for options in (["-O0"], ["-O2"], ["-O3"], ["-Os"]):
                for name in ("tails.c", "values.c", "jumps.c", "clones.c", "exceptions.cc"):
                    compiler = build[1] if name.endswith(".cc") else build[0]
                    command = ["-fcompare-debug", "-w", "-I", include, "-I", sources, *options,
                               "-c", os.path.join(sources, "whole", name), "-o", "a.o"]
                    if self.run_command(compiler, *command).returncode != 0:
                        continue # GCC 14 makes a difference of its own
                    done = self.run_command(compiler, f"-fplugin={build[2]}",
                                            "-fplugin-arg-deep_profile-all", *command)
                    self.assertEqual((done.returncode, done.stderr), (0, ""), (name, options))


class Header(Case):
    EVERY_MACRO = """#include <deep_profile.h>
DEEP_PROFILE() DEEP_PROFILE_IF_SLOW(500ms) DEEP_PROFILE_PRODUCTION(sample_rate=0.01)
DEEP_PROFILE_MEMORY(threshold=10MB) DEEP_PROFILE_CALLS()
int f(void);
DEEP_PROFILE_MEMORY() DEEP_PROFILE_PRODUCTION() DEEP_PROFILE(env=linux, metadata=a:b)
DEEP_PROFILE_FLAME_GRAPH(output="a b.svg", duration=10s)
int g(void);
"""
    STRICT = ["-Wall", "-Wextra", "-pedantic", "-Werror"]

    def check(self, text, *command):
        for language, standard in (("c", "-std=c11"), ("c", "-std=c99"), ("c++", "-std=c++17"),
                                   ("c++", "-std=c++11")):
            name = self.write("a.c", text)
            if language == "c++" and "clang" in command[0]:
                command = ("clang++", *command[1:])
            self.run_well(*command, "-x", language, standard, *self.STRICT, "-I", include,
                          "-c", name)

    def test_macros_vanish_without_the_plugin(self):
        compilers = {gcc for gcc, _, _ in builds} | {"cc"}
        if shutil.which("clang"):
            compilers.add("clang")
        for compiler in compilers:
            self.check(self.EVERY_MACRO, compiler)

    def test_macros_are_quiet_with_the_plugin(self):
        text = self.EVERY_MACRO.replace("env=linux", "env=prod").replace("#include", "#define prod 1\n#include")
        for gcc, _, plugin in builds:
            self.check(text, gcc, f"-fplugin={plugin}")

    def test_words_are_not_expanded(self):
        """`linux` is a macro of gnu11; the message must name it, not 1."""
        self.write("a.c", self.EVERY_MACRO)
        for gcc, _, plugin in builds:
            done = self.run_command(gcc, f"-fplugin={plugin}", "-std=gnu11", "-I", include,
                                    "-c", "a.c")
            self.assertIn("a.c:5:66: error: 'linux' is not an environment", done.stderr)


class Building(Case):
    def compile_with(self, build, *arguments):
        gcc, _, plugin = build
        return self.run_well(gcc, f"-fplugin={plugin}", "-I", include, "-I", sources, *arguments)

    def fake_runtime(self, build, *arguments):
        self.run_well(build[0], "-O1", *arguments, "-I", include, "-c",
                      os.path.join(sources, "fake_runtime.c"), "-o", "runtime.o")

    def module(self, name):
        return os.path.join(sources, "module", name)

    def test_dlopen_and_dlclose(self):
        for build in builds:
            for options in (["-O0"], ["-O2"], ["-O2", "-flto"], ["-O2", "-fvisibility=default",
                                                                 "-Wl,-z,now"]):
                self.fake_runtime(build)
                self.compile_with(build, *options, "-fPIC", "-shared", self.module("module.c"),
                                  self.module("second.c"), "-o", "module.so")
                self.compile_with(build, *options, "-rdynamic", self.module("host.c"), "runtime.o",
                                  "-o", "host")
                self.run_well("./host", "./module.so")

    def test_runtime_in_a_static_archive(self):
        """With -flto the thunks are named in asm only; the linker must see them."""
        self.write("a.c", ANNOTATED + "int main(void) { return annotated(0); }\n")
        for build in builds:
            self.fake_runtime(build)
            self.run_well("ar", "rcs", "libruntime.a", "runtime.o")
            for options in (["-O2"], ["-O2", "-flto"], ["-O2", "-flto", "-static"]):
                self.compile_with(build, *options, "a.c", "-L.", "-lruntime", "-o", "a")
                self.run_well("./a")

    def test_runtime_in_a_shared_library(self):
        self.write("a.c", ANNOTATED + "int main(void) { return annotated(0); }\n")
        for build in builds:
            self.fake_runtime(build, "-fPIC")
            self.run_well(build[0], "-shared", "runtime.o", "-o", "libruntime.so")
            for options in (["-O2"], ["-O2", "-fno-pie", "-no-pie"], ["-O2", "-flto"]):
                self.compile_with(build, *options, "a.c", "-L.", "-lruntime", "-Wl,-rpath,.",
                                  "-o", "a")
                self.run_well("./a")

    def test_preprocessed_separately(self):
        self.write("a.c", ANNOTATED)
        for build in builds:
            self.compile_with(build, "-E", "a.c", "-o", "a.i")
            self.compile_with(build, "-c", "a.i", "-o", "a.o")
            self.assertIn("deep_profile_enter", self.run_well("nm", "a.o"))
            self.compile_with(build, "-save-temps", "-c", "a.c", "-o", "b.o")
            self.assertIn("deep_profile_enter", self.run_well("nm", "b.o"))

    def test_declaration_in_a_precompiled_header(self):
        self.write("a.h", "#include <deep_profile.h>\nDEEP_PROFILE(rate=0.5) int f(int);\n")
        self.write("a.c", "#include \"a.h\"\nint f(int n) { return n; }\n")
        for build in builds:
            self.compile_with(build, "a.h")
            self.assertTrue(os.path.exists(os.path.join(self.folder, "a.h.gch")))
            self.compile_with(build, "-Winvalid-pch", "-c", "a.c")
            self.assertIn("deep_profile_enter", self.run_well("nm", "a.o"))
            os.unlink(os.path.join(self.folder, "a.h.gch"))

    def test_descriptions_lie_side_by_side(self):
        """40 bytes for each function: GCC's own alignment would make 64 of them."""
        self.write("a.c", "".join(f"int f{i}(int n) {{ return n + {i}; }}\n" for i in range(5)))
        for build in builds:
            self.compile_with(build, "-fplugin-arg-deep_profile-all", "-O2", "-c",
                              "a.c")
            found = [line.split() for line in self.run_well("nm", "-n", "-S", "a.o").splitlines()
                     if "_desc_" in line]
            places = [int(line[0], 16) for line in found]
            self.assertEqual([int(line[1], 16) for line in found], 5 * [40])
            self.assertEqual(places[-1] - places[0], 4 * 40)

    def test_nothing_annotated_changes_nothing(self):
        self.write("a.c", "int plain(int n) { return n; }\n")
        for build in builds:
            self.compile_with(build, "-c", "a.c", "-o", "with.o")
            self.run_well(build[0], "-c", "a.c", "-o", "without.o")
            with open(os.path.join(self.folder, "with.o"), "rb") as one, \
                    open(os.path.join(self.folder, "without.o"), "rb") as other:
                self.assertEqual(one.read(), other.read())

    def test_file_names_follow_the_prefix_map(self):
        self.write("a.c", ANNOTATED)
        for build in builds:
            self.compile_with(build, f"-ffile-prefix-map={self.folder}=/src", "-c",
                              os.path.join(self.folder, "a.c"), "-o", "a.o")
            with open(os.path.join(self.folder, "a.o"), "rb") as file:
                content = file.read()
            self.assertIn(b"/src/a.c\0", content)
            self.assertNotIn(self.folder.encode(), content)

    def test_32_bits_call_plainly(self):
        self.write("a.c", ANNOTATED)
        for build in builds:
            done = self.run_command(build[0], f"-fplugin={build[2]}", "-m32", "-ffreestanding",
                                    "-I", include, "-S", "a.c", "-o", "-")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("deep_profile_enter_call", done.stdout)
            self.assertNotIn("r10", done.stdout)

    def test_sites_lie_packed(self):
        text = ANNOTATED + "".join(f"DEEP_PROFILE() int f{i}(void) {{ return {i}; }}\n"
                                   for i in range(9))
        self.write("a.c", text)
        for build in builds:
            for options in ([], ["-O2"], ["-fsanitize=address"]):
                self.compile_with(build, *options, "-c", "a.c")
                sections = self.run_well("objdump", "-h", "a.o")
                size = re.search(r" deep_profile_sites +([0-9a-f]+)", sections)
                self.assertEqual(int(size.group(1), 16), 10 * 32)


@unittest.skipUnless(os.uname().machine == "x86_64", "thunks are for x86-64")
class Assembly(Case):
    def function(self, text, name):
        return re.search(rf"^{name}:\n(.*?)\.size\s+{name},", text, re.M | re.S).group(1)

    def leaves(self):
        for gcc, _, plugin in builds:
            for options in (["-O2"], ["-O3"], ["-Os"], ["-O2", "-fPIC"]):
                yield options, self.run_well(
                    gcc, f"-fplugin={plugin}", "-I", include, *options, "-fcf-protection=none",
                    "-S", os.path.join(sources, "leaf.c"), "-o", "-")

    def test_slow_paths_lie_apart(self):
        for options, text in self.leaves():
            if "-Os" in options:
                continue  # GCC keeps small functions in one piece
            for name in ("plain_leaf", "slow_leaf", "counted_leaf", "wide_leaf"):
                hot, cold = self.function(text, name).split("\t.section\t.text.unlikely")
                self.assertNotIn("#APP", hot)
                self.assertIn("jmp\t*deep_profile_enter@GOTPCREL(%rip)", cold)
                self.assertIn("jmp\t*deep_profile_exit@GOTPCREL(%rip)", cold)

    INLINED = """#include <deep_profile.h>
DEEP_PROFILE_IF_SLOW(500ms) static inline __attribute__((always_inline)) int inner(int a)
{
    return a * 3;
}
DEEP_PROFILE(rate=0.5) int twice(int n)
{
    int sum = 0;
    for (int i = 0; i < n; i++)
        sum += inner(i) ^ inner(sum);
    return sum;
}
int looks_alike(int n)
{
    if (n == 1)
        __asm__ volatile("# deep_profile_enter" ::: "memory");
    return n;
}
"""

    def test_slow_paths_of_inlined_copies_lie_apart(self):
        self.write("a.c", self.INLINED)
        for gcc, _, plugin in builds:
            for options in (["-O2"], ["-O3"], ["-O2", "-fPIC"]):
                text = self.run_well(gcc, f"-fplugin={plugin}", "-I", include, *options, "-S",
                                     "a.c", "-o", "-")
                hot, cold = self.function(text, "twice").split("\t.section\t.text.unlikely")
                self.assertNotIn("#APP", hot)
                self.assertGreaterEqual(cold.count("deep_profile_enter@GOTPCREL"), 3)

    def test_asm_of_the_user_stays_where_it_is(self):
        self.write("a.c", self.INLINED)
        for gcc, _, plugin in builds:
            text = self.run_well(gcc, f"-fplugin={plugin}", "-I", include, "-O2", "-S",
                                 "a.c", "-o", "-")
            self.assertNotIn("unlikely", self.function(text, "looks_alike"))

    def test_leaf_function_keeps_no_frame(self):
        for options, text in self.leaves():
            names = ["plain_leaf", "counted_leaf"]
            if "-fPIC" not in options:
                names += ["slow_leaf", "wide_leaf"]
            for name in names:
                code = self.function(text, name)
                self.assertIn("deep_profile_enter@GOTPCREL", code)
                self.assertNotRegex(code, r"\t(push|pop|call|leave)")
                self.assertNotRegex(code, r"\t(sub|add|lea)\S*\s.*%rsp$")
                self.assertNotRegex(code, r"%(rbx|ebx|rbp|ebp|r1[2-5])")


unittest.main(argv=sys.argv[:1], verbosity=2)
