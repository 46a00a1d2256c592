#!/usr/bin/env python3
"""Whole-program mode through deep-profile-cc, by whatever way a program is put
together: link-time optimization at each of its places, libraries, filters.

Run by Meson: whole_program_builds.py DEEP_PROFILE DEEP_PROFILE_CC.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import dp

TOOL, CC = (os.path.abspath(path) for path in sys.argv[1:3])
FILES = {
    "main.c": """
#include <stdio.h>
int twice(int); int thrice(int);
__attribute__((noinline)) int local(int n) { __asm__ volatile(""); return n; }
int main(void)
{
    int sum = 0;
    for (int i = 0; i < 100; i++)
        sum += twice(i) + thrice(local(i));
    printf("%d\\n", sum);
    return 0;
}
""",
    "twice.c": "__attribute__((noinline)) int twice(int n) { __asm__ volatile(\"\"); return 2 * n; }\n",
    "thrice.c": "__attribute__((noinline)) int thrice(int n) { __asm__ volatile(\"\"); return 3 * n; }\n",
    "loads.c": """
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
static volatile int stop;
static int here(int n) { __asm__ volatile(""); return n; }
static void *run(void *unused)
{
    while (!stop)
        here(1);
    return unused;
}
int main(int argc, char **argv)
{
    pthread_t thread;
    int sum = 0;
    pthread_create(&thread, 0, run, 0);
    for (int i = 0; i < 50; i++)
        for (int j = 1; j < argc; j++) {
            void *library = dlopen(argv[j], RTLD_NOW);
            int (*twice)(int) = (int (*)(int))dlsym(library, "twice");
            sum += twice(i);
            dlclose(library);
        }
    stop = 1;
    pthread_join(thread, 0);
    printf("%d\\n", sum);
    return 0;
}
""",
}
ALL = {"main": 1, "local": 100, "twice": 100, "thrice": 100}


class Builds(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="deep-profile-builds-")
        self.addCleanup(shutil.rmtree, self.folder)
        for name, text in FILES.items():
            self.write(name, text)

    def write(self, name, text):
        os.makedirs(os.path.dirname(f"{self.folder}/{name}"), exist_ok=True)
        with open(f"{self.folder}/{name}", "w", encoding="ascii") as file:
            file.write(text)

    def cc(self, *arguments, folder="."):
        dp.run(CC, "-O2", "-fdeep-profile=all", *arguments, cwd=os.path.join(self.folder, folder))

    def objects(self, *flags):
        for name in ("main", "twice", "thrice"):
            self.cc(*flags, "-c", name + ".c", "-o", name + ".o")

    def recorded(self, *command, rules="*:rate=1"):
        log = f"{self.folder}/log"
        shutil.rmtree(log, ignore_errors=True)
        dp.run(*command, cwd=self.folder, env=dp.environment(DEEP_PROFILE=rules,
                                                             DEEP_PROFILE_OUT=log))
        return {f["function"]: f["sampled"] for f in dp.report(TOOL, log)["functions"]}

    # ---- link-time optimization ----

    def test_a_link_of_objects_only(self):
        self.objects("-flto")
        for flags in (["-flto"], [], ["-flto=2"]): # GCC sees by the objects that it is one
            self.cc(*flags, "main.o", "twice.o", "thrice.o", "-o", "main")
            self.assertEqual(self.recorded("./main"), ALL, flags)

    def test_objects_that_hold_both(self):
        self.objects("-flto", "-ffat-lto-objects")
        for flag in ("-flto", "-fno-lto"):
            self.cc(flag, "main.o", "twice.o", "thrice.o", "-o", "main")
            self.assertEqual(self.recorded("./main"), ALL, flag)

    def test_objects_linked_into_one(self):
        """-r keeps them as they are, or compiles them for good."""
        self.objects("-flto")
        for how in ("-flinker-output=rel", "-flinker-output=nolto-rel"):
            self.cc("-flto", "-r", how, "twice.o", "thrice.o", "-o", "both.o")
            self.cc("-flto", "main.o", "both.o", "-o", "main")
            self.assertEqual(self.recorded("./main"), ALL, how)

    def test_static_libraries(self):
        self.objects("-flto")
        dp.run("gcc-ar", "rcs", "libboth.a", "twice.o", "thrice.o", cwd=self.folder)
        for library in (["libboth.a"], ["-L.", "-lboth"],
                        ["-Wl,--whole-archive", "libboth.a", "-Wl,--no-whole-archive"]):
            self.cc("-flto", "main.o", *library, "-o", "main")
            self.assertEqual(self.recorded("./main"), ALL, library)

    def test_shared_libraries(self):
        for lto in ([], ["-flto"]):
            self.objects("-fPIC", *lto)
            self.cc(*lto, "-shared", "twice.o", "thrice.o", "-o", "libboth.so")
            self.cc(*lto, "main.o", "./libboth.so", "-o", "main")
            self.assertEqual(self.recorded("./main"), ALL, lto)

    # ---- libraries that come and go ----

    def test_libraries_are_loaded_and_unloaded_in_a_loop(self):
        for lto in ([], ["-flto"]):
            libraries = []
            for i in range(3):
                libraries.append(f"./lib{i}.so")
                self.cc(*lto, "-fPIC", "-shared", "twice.c", "-o", libraries[-1])
            self.cc(*lto, "loads.c", "-o", "loads", "-lpthread", "-ldl")
            log = f"{self.folder}/log"
            found = self.recorded("./loads", *libraries, rules="twice:rate=1;main:rate=1")
            self.assertEqual(found["main"], 1)
            rows = [f for f in dp.report(TOOL, log)["functions"] if f["function"] == "twice"]
            self.assertEqual(sorted((row["module"], row["sampled"]) for row in rows),
                             [(f"lib{i}.so", 50) for i in range(3)], lto)

    # ---- which functions ----

    def test_filters(self):
        self.write("filter/rules", "include function t*\nexclude file thrice.c\n")
        self.write("build/nothing", "")
        filtered = ("-fdeep-profile-filter=../filter/rules",)
        # The name is meant from where the compiler runs, at each of its runs.
        sources = ["../main.c", "../twice.c", "../thrice.c"]
        self.cc(*filtered, *sources, "-o", "main", folder="build")
        self.assertEqual(self.recorded("build/main"), {"twice": 100})
        for name in ("main", "twice", "thrice"):
            self.cc(*filtered, "-flto", "-c", f"../{name}.c", "-o", f"{name}.o", folder="build")
        self.cc(*filtered, "-flto", "main.o", "twice.o", "thrice.o", "-o", "main", folder="build")
        self.assertEqual(self.recorded("build/main"), {"twice": 100})
        self.cc("-flto", "main.o", "twice.o", "thrice.o", "-o", "main", folder="build")
        self.assertEqual(self.recorded("build/main"), ALL, "the link decides")

    def test_least_size(self):
        self.cc("-fdeep-profile-min-size=8", "main.c", "twice.c", "thrice.c", "-o", "main")
        self.assertEqual(self.recorded("./main"), {"main": 1})
        self.objects("-flto", "-fdeep-profile-min-size=8")
        self.cc("-flto", "-fdeep-profile-min-size=8", "main.o", "twice.o", "thrice.o", "-o", "main")
        self.assertEqual(self.recorded("./main"), {"main": 1})

    def test_a_filter_that_is_not_there(self):
        self.objects("-flto")
        for arguments in (["main.c"], ["-flto", "main.o", "twice.o", "thrice.o"]):
            done = subprocess.run([CC, "-fdeep-profile=all", "-fdeep-profile-filter=missing",
                                   *arguments, "-o", "main"], cwd=self.folder,
                                  env=dp.environment(), capture_output=True, text=True,
                                  check=False)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("cannot open filter file", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
