#!/usr/bin/env python3
"""Projects of other people, from Debian's sources, built as their users build them.

    projects.py [--all] BUILD TOOL SOURCES

Each is built with profiling by one build system, run, and its functions looked for in the
log. Run by Meson for the small ones; `--all` (tests/stress/projects) takes all of them. The sources
come by apt-get into the folder SOURCES, where they stay; without a network that has
them the status is 77: skipped.
"""
import glob
import os
import re
import shutil
import sys
import tempfile
import unittest

import dp

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, ROOT + "/tests/bench")
import sources  # pylint: disable=wrong-import-position

ALL = "--all" in sys.argv
BUILD, TOOL, SOURCES = (os.path.abspath(path) for path in sys.argv[1:] if path != "--all")
CC = BUILD + "/tools/wrappers/deep-profile-cc"
WHOLE = CC + " -fdeep-profile=all"
PACKAGES = ["cjson", "gnu-which", "lz4", "tree"] + (["hello", "libev", "zlib"] if ALL else [])


def programs(*names):
    missing = [name for name in names if not shutil.which(name)]
    return unittest.skipIf(missing, "not installed: " + ", ".join(missing))


long_one = unittest.skipIf(not ALL, "only with --all")


class Projects(unittest.TestCase):
    def setUp(self):
        self.top = os.path.realpath(tempfile.mkdtemp(prefix="deep-profile-projects-"))
        self.addCleanup(shutil.rmtree, self.top)
        self.folder = self.top + "/project"

    def unpack(self, package):
        # With its times: configure and the like are newer than what they are made from.
        shutil.copytree(f"{SOURCES}/{package}/source", self.folder, symlinks=True)

    def edit(self, name, pattern, text):
        with open(f"{self.folder}/{name}", encoding="utf-8") as file:
            before = file.read()
        after, count = re.subn(pattern, text, before, count=1, flags=re.M)
        self.assertEqual(count, 1, f"{name} has no {pattern}")
        with open(f"{self.folder}/{name}", "w", encoding="utf-8") as file:
            file.write(after)

    def annotate(self, name, declaration):
        self.edit(name, "^" + re.escape(declaration), "DEEP_PROFILE(rate=1) " + declaration)
        self.edit(name, r"\A", "#include <deep_profile.h>\n")

    def build(self, *commands, **variables):
        env = dp.environment(PKG_CONFIG_PATH=BUILD + "/meson-uninstalled", **variables)
        for command in commands:
            dp.run("sh", "-ec", command, env=env, cwd=self.folder)

    def functions(self, command, rules="*:rate=1"):
        """Runs a program of the project; the functions that its log has."""
        log = self.top + "/log"
        shutil.rmtree(log, ignore_errors=True)
        dp.run("sh", "-ec", command, cwd=self.folder,
               env=dp.environment(DEEP_PROFILE=rules, DEEP_PROFILE_OUT=log))
        return {f["function"] for f in dp.report(TOOL, log)["functions"] if f["sampled"]}

    # ---- the short run ----

    @programs("make")
    def test_autoconf(self):
        self.unpack("gnu-which")
        self.build(f"./configure CC='{WHOLE}'", "make -j8 -C tilde", "make -j8 which")
        self.assertIn("main", self.functions("./which sh"))

    @programs("make")
    def test_plain_make(self):
        self.unpack("tree")
        self.build(f"make -j8 CC='{WHOLE}' CFLAGS='-O2 -D_GNU_SOURCE -DLINUX' LDFLAGS=-s")
        self.assertLessEqual({"main", "listdir"}, self.functions("./tree ."))

    @programs("cmake", "ninja")
    def test_cmake_package_in_the_library_only(self):
        """Ninja gives the linker response files. The program has no annotation."""
        self.unpack("cjson")
        self.annotate("cJSON.c", "CJSON_PUBLIC(char *) cJSON_Print(const cJSON *item)\n")
        self.edit("CMakeLists.txt", r"\Z", "find_package(DeepProfile REQUIRED)\n"
                                           'deep_profile_target("${CJSON_LIB}")\n')
        self.build("cmake -G Ninja -DCMAKE_NINJA_FORCE_RESPONSE_FILE=1 -B b "
                   "-DENABLE_CUSTOM_COMPILER_FLAGS=Off -DBUILD_SHARED_LIBS=On "
                   f"-DDeepProfile_DIR={BUILD}/tools/packaging", "ninja -C b cJSON_test", CC="gcc")
        self.assertEqual(self.functions("b/cJSON_test"), {"cJSON_Print"})

    def test_meson_dependency(self):
        self.unpack("lz4")
        self.annotate("lib/lz4.c", "int LZ4_compress_fast_extState_fastReset(")
        self.edit("contrib/meson/meson.build", r"^(project\((?:.*\n)*?\))$",
                  r"\1\nadd_project_dependencies(dependency('deep-profile'), language: 'c')")
        self.build("meson setup b contrib/meson -Dprograms=true", "ninja -C b", CC="gcc")
        (program,) = glob.glob(self.folder + "/b/**/lz4", recursive=True)
        self.assertEqual(self.functions(f"{program} -c lib/lz4.h >/dev/null"),
                         {"LZ4_compress_fast_extState_fastReset"})

    # ---- the long one ----

    @long_one
    def test_hand_written_configure(self):
        self.unpack("zlib")
        self.build("./configure", "make -j8 example", CC=WHOLE)
        self.assertLessEqual({"deflate", "inflate"}, self.functions("./example"))

    @long_one
    def test_libtool(self):
        self.unpack("libev")
        self.build(f"./configure --enable-shared CC='{WHOLE}'", "make -j8",
                   "printf '#include <ev.h>\\nint main(void) { return !ev_default_loop(0); }\\n' "
                   f">main.c; ./libtool --mode=link {CC} -I. main.c libev.la -o main")
        self.assertIn("ev_default_loop", self.functions("./main"))

    @long_one
    def test_gnulib(self):
        self.unpack("hello")
        self.build(f"./configure CC='{WHOLE}'", "make -j8 lib/configmake.h",
                   "make -j8 hello")
        self.assertIn("xmalloc", self.functions("./hello"))

    @long_one
    def test_meson_subproject(self):
        os.makedirs(self.folder + "/subprojects")
        os.symlink(ROOT, self.folder + "/subprojects/deep-profile")
        for name, text in {
                "meson.build": "project('main', 'c')\nexecutable('main', 'main.c', "
                               "dependencies: dependency('deep-profile', "
                               "fallback: 'deep-profile'))\n",
                "main.c": "#include <deep_profile.h>\n"
                          "DEEP_PROFILE(rate=1) int main(void) { return 0; }\n"}.items():
            with open(f"{self.folder}/{name}", "w", encoding="ascii") as file:
                file.write(text)
        self.build("meson setup --wrap-mode=forcefallback b", "ninja -C b main", CC="gcc")
        self.assertEqual(self.functions("b/main"), {"main"})


if __name__ == "__main__":
    try:
        os.makedirs(SOURCES, exist_ok=True)
        for one in PACKAGES:
            sources.fetch(SOURCES, one)
    except SystemExit as problem:
        print("skipped:", problem)
        sys.exit(77)
    unittest.main(argv=sys.argv[:1], verbosity=2)
