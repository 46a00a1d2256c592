#!/usr/bin/env python3
"""Other people's builds: every way to build with deep-profile, and the hooks run.

Run by Meson: packaging.py installed|build-folder BUILD TOOL BINDIR LIBDIR. Each
test builds a small annotated project in a scratch folder, runs it and looks
for its functions in the log. `installed` first installs into a scratch folder,
which also shows that an installation can be moved.
"""
import os
import re
import shutil
import sys
import tempfile
import unittest

import dp

HOW, BUILD, TOOL, BINDIR, LIBDIR = sys.argv[1:6]
SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))

ANNOTATED = """
#include <deep_profile.h>
#include <stdio.h>
#include <stdlib.h>

int twice(int value);

DEEP_PROFILE(rate=1)
__attribute__((noinline)) static int work(int n)
{
    char *volatile memory = malloc(100);
    free(memory);
    return twice(n);
}

int main(void)
{
    printf("%d\\n", work(21));
    return 0;
}
"""
LIBRARY = """
#include <deep_profile.h>

#ifdef __cplusplus
extern "C"
#endif
DEEP_PROFILE(rate=1)
int twice(int value)
{
    return 2 * value;
}
"""

MAKEFILE = """
all: main
main: main.o libtwice.so
\t$(CC) -o $@ main.o -L. -ltwice -Wl,-rpath,$(CURDIR)
libtwice.so: twice.o
\t$(CC) -shared -o $@ twice.o
%.o: %.c
\t$(CC) -O2 -fPIC -MMD -c -o $@ $<
"""
MESON = """
project('main', 'c', 'cpp')
dp = dependency('deep-profile')
lib = shared_library('twice', 'twice.cc', dependencies: dp)
executable('main', 'main.c', dependencies: dp, link_with: lib)
"""
CMAKE = """
cmake_minimum_required(VERSION 3.16)
project(main C CXX)
find_package(DeepProfile 0.1 REQUIRED)
add_library(twice SHARED twice.cc)
deep_profile_target(twice)
add_executable(main main.c)
target_link_libraries(main twice) # without a keyword, and one after
deep_profile_target(main)
add_executable(main-static main.c twice.c)
target_link_libraries(main-static PRIVATE DeepProfile::deep_profile_static)
"""
CMAKE_LIBRARY = """
cmake_minimum_required(VERSION 3.16)
project(main C)
find_package(DeepProfile REQUIRED)
add_library(twice @KIND@ twice.c)
deep_profile_target(twice)
add_executable(main plain.c)
target_link_libraries(main PRIVATE twice)
install(TARGETS twice EXPORT twice DESTINATION lib)
"""
SUBPROJECT = """
project('main', 'c', default_options: ['werror=true'])
dp = dependency('deep-profile', fallback: 'deep-profile')
executable('main', 'main.c', 'twice.c', dependencies: dp)
"""
CMAKE_PLAIN = """
cmake_minimum_required(VERSION 3.16)
project(main C)
add_library(twice SHARED twice.c)
add_executable(main main.c)
target_link_libraries(main PRIVATE twice)
"""
CONFIGURE_AC = """
AC_INIT([main], [1])
AM_INIT_AUTOMAKE([foreign])
AC_PROG_CC
AM_PROG_AR
LT_INIT
AC_CHECK_HEADERS([stdio.h])
AC_CHECK_FUNCS([malloc])
AC_CONFIG_FILES([Makefile])
AC_OUTPUT
"""
MAKEFILE_AM = """
lib_LTLIBRARIES = libtwice.la
libtwice_la_SOURCES = twice.c
bin_PROGRAMS = main
main_SOURCES = main.c
main_LDADD = libtwice.la
"""


def needs(*programs):
    missing = [program for program in programs if not shutil.which(program)]
    return unittest.skipIf(missing, "not installed: " + ", ".join(missing))


class Packaging(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = os.path.realpath(tempfile.mkdtemp(prefix="deep-profile-packaging-"))
        cls.addClassCleanup(shutil.rmtree, cls.root)
        if HOW == "build-folder":
            cls.wrappers = BUILD + "/tools/wrappers"
            cls.pkg_config_path = BUILD + "/meson-uninstalled"
            cls.cmake_dir = BUILD + "/tools/packaging"
            cls.tool = os.path.abspath(TOOL)
            return
        # The prefix inside of it does not matter: we look for where it has gone.
        dp.run("meson", "install", "--no-rebuild", "--quiet", "-C", BUILD,
               "--destdir", cls.root + "/moved")
        cls.wrappers = cls.find("moved", BINDIR.rsplit("/", maxsplit=1)[-1])
        cls.tool = cls.wrappers + "/deep-profile"
        cls.pkg_config_path = cls.find("moved", "pkgconfig")
        cls.cmake_dir = cls.find("moved", "DeepProfile")

    @classmethod
    def find(cls, below, name):
        for folder, folders, _ in os.walk(f"{cls.root}/{below}"):
            if name in folders:
                return os.path.join(folder, name)
        raise AssertionError(f"no {name} below {below}")

    def setUp(self):
        self.folder = tempfile.mkdtemp(dir=self.root)
        self.write("main.c", ANNOTATED)
        self.write("twice.c", LIBRARY)
        self.write("twice.cc", LIBRARY)
        self.write("plain.c", "#include <stdio.h>\nint twice(int);\n"
                   "int main(void) { printf(\"%d\\n\", twice(21)); return 0; }\n")
        self.cc = self.wrappers + "/deep-profile-cc"
        self.cxx = self.wrappers + "/deep-profile-c++"

    def write(self, name, text):
        with open(f"{self.folder}/{name}", "w", encoding="utf-8") as file:
            file.write(text)

    def build(self, *command, **variables):
        env = dp.environment(PKG_CONFIG_PATH=self.pkg_config_path, **variables)
        return dp.run(*command, env=env, cwd=self.folder)

    def check(self, program="main", functions=("work", "twice")):
        """The program works, alone and profiled, and its hooks ran."""
        path = f"{self.folder}/{program}"
        self.assertEqual(dp.run(path).stdout, "42\n")
        out = tempfile.mkdtemp(dir=self.root) + "/log"
        self.assertEqual(dp.profile(out, path), "42\n")
        found = dp.events(self.tool, out)
        self.assertEqual(dp.functions(found, "profiler.stop"), set(functions))

    def test_compiler_wrapper(self):
        self.build(self.cc, "-O2", "main.c", "twice.c", "-o", "main")
        self.check()

    def test_cxx_wrapper(self):
        self.build(self.cc, "-c", "main.c")
        self.build(self.cxx, "-c", "twice.cc")
        self.build(self.cxx, "main.o", "twice.o", "-o", "main")
        self.check()

    def test_link_time_optimisation(self):
        self.build(self.cc, "-O2", "-flto", "main.c", "twice.c", "-o", "main")
        self.check()

    def test_relocatable_object(self):
        self.build(self.cc, "-O2", "-c", "main.c", "twice.c")
        self.build(self.cc, "-r", "-nostdlib", "main.o", "twice.o", "-o", "both.o")
        self.build(self.cc, "both.o", "-o", "main")
        self.check()

    def test_static(self):
        for option in ("-static", "-static-pie"):
            with self.subTest(option):
                self.build(self.cc, "-O2", option, "main.c", "twice.c", "-o", "main")
                self.assertNotIn("INTERP", dp.run("readelf", "-lW", self.folder + "/main").stdout)
                self.check()

    @needs("gcc-11")
    def test_older_compiler(self):
        self.build(self.cc, "-O2", "main.c", "twice.c", "-o", "main", DEEP_PROFILE_CC="gcc-11")
        self.check()

    def test_verbose(self):
        said = self.build(self.cc, "-fdeep-profile-verbose", "-c", "main.c").stderr
        self.assertIn("work", said)

    @needs("make")
    def test_parallel_make(self):
        self.write("Makefile", MAKEFILE)
        self.build("make", "-j4", "CC=" + self.cc)
        self.check()

    @needs("make", "ccache")
    def test_ccache_before_and_behind(self):
        self.write("Makefile", MAKEFILE)
        cache = {"CCACHE_DIR": self.folder + "/cache"}
        for variables in ({"CC": "ccache " + self.cc}, {"CC": self.cc, "DEEP_PROFILE_CC": "ccache gcc"}):
            for _ in ("to fill it", "to use it"):
                self.build("make", "-B", "CC=" + variables["CC"], **cache, **variables)
                self.check()
            hits = self.build("ccache", "--print-stats", **cache).stdout
            self.assertRegex(hits, r"(direct|preprocessed)_cache_hit\t[1-9]")
            self.build("ccache", "--clear", "--zero-stats", **cache)

    @needs("autoreconf", "libtoolize", "make")
    def test_autoconf_and_libtool(self):
        self.write("configure.ac", CONFIGURE_AC)
        self.write("Makefile.am", MAKEFILE_AM)
        self.build("autoreconf", "-i")
        self.build("./configure", "CC=" + self.cc)
        self.build("make", "-j2")
        self.check()

    @needs("pkg-config")
    def test_pkg_config(self):
        self.build("sh", "-c", "gcc -O2 main.c twice.c -o main "
                   "$(pkg-config --cflags --libs deep-profile)")
        self.check()

    @needs("pkg-config")
    def test_pkg_config_where_only_a_library_is_profiled(self):
        """Its memory is counted, too: the runtime comes before libc."""
        self.build("sh", "-c", "gcc -O2 -fPIC -shared twice.c -o libtwice.so "
                   "$(pkg-config --cflags --libs deep-profile) && "
                   "gcc -O2 -Wl,--as-needed plain.c -o main -L. -ltwice -Wl,-rpath,$PWD "
                   "$(pkg-config --libs deep-profile)")
        self.assertRegex(self.build("readelf", "-d", "main").stdout, "NEEDED.*libdeep_profile")
        self.check(functions={"twice"})

    @needs("pkg-config", "gcc-11")
    def test_pkg_config_for_another_gcc(self):
        self.build("sh", "-c", "gcc-11 -O2 main.c twice.c -o main $(pkg-config "
                   "--define-variable=gcc_major=11 --cflags --libs deep-profile)")
        self.check()

    @needs("pkg-config")
    def test_pkg_config_static(self):
        self.build("sh", "-c", "gcc -static -O2 main.c twice.c -o main "
                   "$(pkg-config --static --cflags --libs deep-profile)")
        self.check()

    def test_meson_dependency(self):
        self.write("meson.build", MESON)
        self.build("meson", "setup", "b", CC="gcc", CXX="g++")
        self.build("ninja", "-C", "b")
        self.check("b/main")

    def test_meson_with_the_wrapper(self):
        self.write("meson.build", MESON.replace("dependency('deep-profile')", "[]"))
        self.build("meson", "setup", "b", CC=self.cc, CXX=self.cxx)
        self.build("ninja", "-C", "b")
        self.check("b/main")

    @needs("cmake")
    def test_cmake_package(self):
        self.write("CMakeLists.txt", CMAKE)
        self.build("cmake", "-B", "b", "-DDeepProfile_DIR=" + self.cmake_dir, CC="gcc", CXX="g++")
        self.build("cmake", "--build", "b", "-j2")
        self.check("b/main")
        self.check("b/main-static")

    @needs("cmake")
    def test_cmake_package_where_only_a_library_is_profiled(self):
        for kind in ("SHARED", "STATIC", "OBJECT"):
            with self.subTest(kind):
                self.write("CMakeLists.txt", CMAKE_LIBRARY.replace("@KIND@", kind))
                self.build("cmake", "-B", kind, "-DDeepProfile_DIR=" + self.cmake_dir,
                           "-DCMAKE_EXE_LINKER_FLAGS=-Wl,--as-needed", CC="gcc")
                self.build("cmake", "--build", kind)
                needed = self.build("readelf", "-d", kind + "/main").stdout
                self.assertRegex(needed, "NEEDED.*libdeep_profile")
                self.check(kind + "/main", functions={"twice"})

    @needs("cmake", "ninja")
    def test_cmake_with_ninja_and_response_files(self):
        self.write("CMakeLists.txt", CMAKE_PLAIN)
        self.build("cmake", "-G", "Ninja", "-DCMAKE_NINJA_FORCE_RESPONSE_FILE=1", "-B", "b",
                   "-DCMAKE_C_COMPILER=" + self.cc)
        self.assertIn(".rsp", self.build("ninja", "-C", "b", "-v").stdout)
        self.check("b/main")

    def test_meson_subproject(self):
        """What would be built and how; tests/stress/projects builds it."""
        if HOW != "build-folder":
            self.skipTest("a subproject is not installed")
        self.write("meson.build", SUBPROJECT)
        os.mkdir(self.folder + "/subprojects")
        os.symlink(SOURCE, self.folder + "/subprojects/deep-profile")
        self.build("meson", "setup", "--wrap-mode=forcefallback", "b", CC="gcc")
        steps = self.build("ninja", "-C", "b", "-t", "commands", "main").stdout.splitlines()
        (step,) = [step for step in steps if step.endswith("/main.c") and "-c" in step.split()]
        (plugin,) = re.findall(r"-fplugin=(\S+)", step)
        made = [step for step in steps if os.path.relpath(plugin, self.folder + "/b") in step]
        self.assertLess(steps.index(made[0]), steps.index(step), "the plugin is made before")
        ours = [step for step in steps if " -c ../subprojects/" in step]
        self.assertGreater(len(ours), 10)
        self.assertFalse([step for step in ours if "-Werror" in step.split()])
        self.assertRegex(steps[-1], "--no-as-needed.*libdeep_profile.so")

    @needs("cmake", "clang")
    def test_cmake_package_without_a_plugin(self):
        self.write("CMakeLists.txt", CMAKE.replace("deep_profile_static", "runtime"))
        said = self.build("cmake", "-B", "b", "-DDeepProfile_DIR=" + self.cmake_dir,
                          CC="clang", CXX="clang++").stderr
        self.assertIn("deep-profile has no plugin for this compiler", said)
        self.build("cmake", "--build", "b")
        self.assertEqual(dp.run(self.folder + "/b/main").stdout, "42\n")

    @needs("cmake")
    def test_cmake_with_the_wrapper(self):
        self.write("CMakeLists.txt", CMAKE_PLAIN)
        self.build("cmake", "-B", "b", "-DCMAKE_C_COMPILER=" + self.cc)
        self.build("cmake", "--build", "b", "-j2")
        self.check("b/main")

    def test_developer_shell_of_the_build_folder(self):
        if HOW != "build-folder":
            self.skipTest("installed")
        self.build("meson", "devenv", "-C", BUILD, "sh", "-ec",
                   "cd $0; deep-profile-cc -c main.c; deep-profile-c++ -c twice.cc; "
                   "deep-profile-c++ main.o twice.o -o main; deep-profile --version; "
                   "pkg-config --exists deep-profile", self.folder)
        self.check()

    def test_every_program_has_its_manual(self):
        if HOW == "build-folder":
            self.skipTest("not installed")
        pages = os.listdir(self.find("moved", "man") + "/man1")
        programs = os.listdir(self.wrappers)
        self.assertGreaterEqual(len(programs), 3)
        for program in programs:
            self.assertIn(program + ".1", pages)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
