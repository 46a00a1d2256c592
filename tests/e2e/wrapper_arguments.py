#!/usr/bin/env python3
"""deep-profile-cc's command lines, with a compiler that only shows its own.

Run by Meson: wrapper_arguments.py CC CXX BINDIR LIBDIR INCLUDEDIR. Copies the
wrappers into a made-up installation with plugins for GCC 12 and 11, so that it
needs neither the plugin nor the runtime.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

CC, CXX, BINDIR, LIBDIR, INCLUDEDIR = sys.argv[1:6]

SHOW_ARGUMENTS = """#!/bin/sh
case $* in *-dumpfullversion*) {answer};; esac
[ $# -eq 0 ] || printf '%s\\n' "$@"
"""


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)
    return path


class Wrapper(unittest.TestCase):
    def setUp(self):
        self.root = os.path.realpath(tempfile.mkdtemp(prefix="deep-profile-wrapper-"))
        self.addCleanup(shutil.rmtree, self.root)
        self.prefix = self.root + "/moved prefix, with a comma"
        self.lib = f"{self.prefix}/{LIBDIR}"
        self.include = f"{self.prefix}/{INCLUDEDIR}"
        self.path = self.root + "/path"
        for major in (11, 12):
            write(f"{self.lib}/deep-profile/gcc-{major}/deep_profile.so", "")
        for program in (CC, CXX):
            os.makedirs(f"{self.prefix}/{BINDIR}", exist_ok=True)
            shutil.copy(program, f"{self.prefix}/{BINDIR}")
        self.compiler("gcc", 12)
        self.compiler("g++", 12)
        self.plugin = f"-fplugin={self.lib}/deep-profile/gcc-12/deep_profile.so"

    def compiler(self, name, major):
        answer = f"echo {major}.2.0; exit 0" if major else "exit 1"
        write(f"{self.path}/{name}", SHOW_ARGUMENTS.format(answer=answer), 0o755)

    def run_wrapper(self, *arguments, program="deep-profile-cc", **variables):
        env = {"PATH": f"{self.path}:/usr/bin:/bin", **variables}
        return subprocess.run([f"{self.prefix}/{BINDIR}/{program}", *arguments], env=env,
                              cwd=self.root, capture_output=True, text=True, check=False)

    def arguments(self, *arguments, **options):
        result = self.run_wrapper(*arguments, **options)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return result.stdout.split("\n")[:-1]

    def error(self, *arguments, **options):
        result = self.run_wrapper(*arguments, **options)
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        return result.stderr.rstrip("\n")

    def compile_flags(self):
        return [self.plugin, "-idirafter", self.include]

    def runtime(self, how, archive=False):
        name = "libdeep_profile." + ("a" if archive else "so")
        words = ["--push-state", how, f"{self.lib}/{name}", "--pop-state"]
        if not archive:
            words += ["-rpath", self.lib]
        return [part for word in words for part in ("-Xlinker", word)]

    def test_compiling_adds_plugin_and_header_folder(self):
        self.assertEqual(self.arguments("-c", "a.c", "-o", "a.o"),
                         ["-c", "a.c", "-o", "a.o", *self.compile_flags()])

    def test_cxx_wrapper_runs_gxx(self):
        write(f"{self.path}/g++", SHOW_ARGUMENTS.format(answer="echo 11.4.0; exit 0"), 0o755)
        self.assertEqual(self.arguments("-c", "a.cc", program="deep-profile-c++")[2],
                         self.plugin.replace("gcc-12", "gcc-11"))

    def test_compile_and_link_adds_both(self):
        self.assertEqual(self.arguments("a.c"),
                         [*self.runtime("--no-as-needed"), "a.c", *self.compile_flags()])

    def test_link_of_objects_loads_no_plugin(self):
        self.assertEqual(self.arguments("a.o", "-o", "a"),
                         [*self.runtime("--no-as-needed"), "a.o", "-o", "a"])

    def test_shared_library_needs_the_runtime_only_if_it_is_used(self):
        for extra in ([], ["-nostdlib"]):
            arguments = ["-shared", "a.o", *extra]
            self.assertEqual(self.arguments(*arguments), arguments + self.runtime("--as-needed"))

    def test_static_link_wraps_malloc(self):
        for option in ("-static", "-static-pie"):
            got = self.arguments(option, "a.o")
            self.assertEqual(got[:2], [option, "a.o"])
            self.assertIn("--wrap=malloc", got)
            self.assertIn("--wrap=free", got)
            self.assertEqual(got[-8:], self.runtime("--whole-archive", archive=True))

    def test_left_alone(self):
        for arguments in (["--version"], ["-dumpversion"], ["-print-search-dirs"], ["-v"], [],
                          ["-c", "a.s"], ["-c", "a.S"], ["-c", "-x", "assembler", "a.c"],
                          ["-r", "a.o", "-o", "b.o"], ["-Wl,-r", "a.o"], ["-nostdlib", "a.o"],
                          ["-Xlinker", "-r", "a.o"], ["-nodefaultlibs", "a.o"],
                          ["-o", "a.c"], ["-I", "a.c", "-v"], ["-shared", "-static", "a.o"],
                          ["-dumpversion", "a.c"]):
            with self.subTest(arguments):
                self.assertEqual(self.arguments(*arguments), arguments)

    def test_every_link_may_compile_in_whole_program_mode(self):
        for arguments in (["-r", "a.o"], ["-nostdlib", "a.o"], ["-shared", "a.o"], ["a.o"]):
            with self.subTest(arguments):
                self.assertIn(self.plugin, self.arguments("-fdeep-profile=all", *arguments))
                self.assertNotIn(self.plugin, self.arguments(*arguments))
        self.assertEqual(self.arguments("-fdeep-profile=all", "-v"), ["-v"])

    def test_compiles_without_linking(self):
        for arguments in (["-E", "a.c"], ["-S", "a.c"], ["-M", "a.c"], ["-MM", "a.i"],
                          ["-fsyntax-only", "a.cpp"], ["a.h"], ["-E", "-"],
                          ["-x", "c++", "-c", "a.o"], ["-xc", "-c", "-"], ["-r", "a.c"],
                          ["--language=c", "--compile", "a"]):
            with self.subTest(arguments):
                self.assertEqual(self.arguments(*arguments), [*arguments, *self.compile_flags()])

    def test_language_ends_with_x_none(self):
        got = self.arguments("-x", "c", "a", "-x", "none", "b.o")
        self.assertEqual(got, [*self.runtime("--no-as-needed"),
                               "-x", "c", "a", "-x", "none", "b.o", *self.compile_flags()])

    def test_response_file_is_read_but_passed_on(self):
        write(self.root + "/args", "-c 'a b.c'\n\"-DX=\\\"y z\\\"\"\n")
        self.assertEqual(self.arguments("@args"), ["@args", *self.compile_flags()])

    def test_own_option_in_nested_response_file(self):
        write(self.root + "/inner", "-fdeep-profile-verbose -DX='1 2'")
        write(self.root + "/args", "-c a.c @inner")
        self.assertEqual(self.arguments("@args"),
                         ["-c", "a.c", "-DX=1 2", self.plugin,
                          "-fplugin-arg-deep_profile-verbose", "-idirafter", self.include])

    def test_missing_or_endless_response_file(self):
        self.assertEqual(self.arguments("-c", "@none.c"),
                         ["-c", "@none.c", *self.compile_flags()])
        write(self.root + "/loop", "@loop -c")
        self.assertEqual(self.arguments("@loop"), ["@loop"])

    def test_verbose_reaches_the_plugin_only_where_one_is(self):
        self.assertIn("-fplugin-arg-deep_profile-verbose",
                      self.arguments("-fdeep-profile-verbose", "-c", "a.c"))
        self.assertEqual(self.arguments("-fdeep-profile-verbose", "-c", "a.s"), ["-c", "a.s"])

    def test_annotated_is_the_default(self):
        self.assertEqual(self.arguments("-fdeep-profile=annotated", "-c", "a.c"),
                         self.arguments("-c", "a.c"))

    def test_argument_of_another_option_is_not_ours(self):
        self.assertEqual(self.arguments("-c", "a.s", "-o", "-fdeep-profile=all"),
                         ["-c", "a.s", "-o", "-fdeep-profile=all"])

    def test_wrong_options(self):
        for option, part in (
                ("-fdeep-profile-filter=x", "-fdeep-profile-filter goes with -fdeep-profile=all"),
                ("-fdeep-profile-min-size=3", "-fdeep-profile-min-size goes with"),
                ("-fdeep-profile-filter", "-fdeep-profile-filter needs a value"),
                ("-fdeep-profile", "needs a value"),
                ("-fdeep-profile=anotated", "unknown value 'anotated'"),
                ("-fdeep-profile-verbos", "unknown option '-fdeep-profile-verbos'")):
            with self.subTest(option):
                message = self.error(option, "-c", "a.c")
                self.assertTrue(message.startswith("deep-profile-cc: "), message)
                self.assertIn(part, message)
                self.assertNotIn("\n", message)

    def test_a_gcc_without_a_plugin(self):
        """Nothing is refused: docs/fallback.md. A source without annotations is its own affair."""
        self.compiler("gcc-13", 13)
        plain = ["-D__DEEP_PROFILE_FALLBACK__", "-idirafter", self.include, "-c", "a.c"]
        self.assertEqual(self.arguments("-c", "a.c", DEEP_PROFILE_CC="gcc-13"), plain)
        self.assertEqual(self.arguments("-c", "a.c", DEEP_PROFILE_PLUGIN="none"), plain)
        done = self.run_wrapper("-v", "-c", "a.c", DEEP_PROFILE_CC="gcc-13")
        self.assertEqual(done.stderr, "deep-profile: 'gcc-13' is GCC 13: gates without a plugin, "
                         "see fallback.md\n")
        self.assertEqual(self.error("-c", "a.c", DEEP_PROFILE_PLUGIN="no"),
                         "deep-profile-cc: unknown value 'no' of DEEP_PROFILE_PLUGIN, expected none")

    def test_neither_gcc_nor_clang(self):
        self.compiler("tcc", None)
        message = self.error("-c", "a.c", DEEP_PROFILE_CC="tcc")
        self.assertEqual(message, "deep-profile-cc: 'tcc' is neither a GCC nor a clang: set "
                         "DEEP_PROFILE_CC to gcc-12 or gcc-11")

    def test_programs_that_the_runtime_cannot_be_in(self):
        for arguments, wish in ((["-m32", "-c", "a.c"], "gcc"), (["-mx32", "a.o"], "gcc"),
                                (["-c", "a.c"], "musl-gcc"), (["a.o"], "musl-gcc"),
                                (["--target=x86_64-linux-musl", "a.o"], "gcc")):
            self.compiler("musl-gcc", 12)
            message = self.error(*arguments, DEEP_PROFILE_CC=wish)
            self.assertRegex(message, r"\Adeep-profile-cc: .* cannot be profiled.*: .*\Z")

    def test_missing_compiler(self):
        self.assertEqual(self.error("-c", "a.c", DEEP_PROFILE_CC="no-such-cc"),
                         "deep-profile-cc: cannot run 'no-such-cc': No such file or directory")
        self.assertEqual(self.error("a.o", DEEP_PROFILE_CC="no-such-cc"),
                         "deep-profile-cc: cannot run 'no-such-cc': No such file or directory")

    def test_no_plugin_at_all(self):
        shutil.rmtree(self.lib + "/deep-profile")
        self.assertEqual(self.arguments("-c", "a.c"), [
            "-D__DEEP_PROFILE_FALLBACK__", "-idirafter", self.include, "-c", "a.c"])
        self.assertEqual(self.arguments("--version"), ["--version"])

    def test_default_falls_back_to_a_gcc_with_a_plugin(self):
        self.compiler("gcc", 13)
        self.compiler("gcc-11", 11)
        self.compiler("gcc-12", None)
        self.assertEqual(self.arguments("-c", "a.c")[2], self.plugin.replace("gcc-12", "gcc-11"))

    def test_compiler_of_several_words(self):
        self.compiler("cache", 12)
        self.assertEqual(self.arguments("-c", "a.c", DEEP_PROFILE_CC=" cache  gcc "),
                         ["gcc", "-c", "a.c", *self.compile_flags()])

    def test_a_runtime_of_another_release(self):
        for library, option in (("libdeep_profile.so", "-shared"), ("libdeep_profile.so", "-O2"),
                                ("libdeep_profile.a", "-static")):
            with self.subTest(library, option=option):
                path = write(f"{self.lib}/{library}", "\0deep-profile's runtime of release 0.0.9\0")
                message = self.error("a.o", option)
                self.assertRegex(message, r"deep-profile-cc: this is release \S+, but "
                                 f"'{re.escape(path)}' is of release 0.0.9: install all parts of "
                                 "one release")
                release = re.search(r"this is release (\S+),", message)[1]
                write(path, f"\0deep-profile's runtime of release {release}\0")
                self.arguments("a.o", option)
                os.unlink(path)

    def test_own_name_as_compiler(self):
        os.symlink(f"{self.prefix}/{BINDIR}/deep-profile-cc", self.path + "/deep-profile-cc")
        write(self.path + "/indirect", "#!/bin/sh\nexec deep-profile-cc \"$@\"\n", 0o755)
        for name in ("deep-profile-cc", "indirect"):
            self.assertEqual(self.error("a.o", DEEP_PROFILE_CC=name),
                             "deep-profile-cc: runs itself: DEEP_PROFILE_CC must name the real "
                             f"compiler, not '{name}'")

    def test_many_arguments(self):
        many = [f"-DX{i}" for i in range(20000)]
        self.assertEqual(len(self.arguments("-c", "a.c", *many)), 20005)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
