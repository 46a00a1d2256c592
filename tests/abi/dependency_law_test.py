#!/usr/bin/env python3
"""The dependency law's own test: each way to break it, in a made-up tree, is found.

Run by Meson: dependency_law_test.py CC…
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

import declarations
import dependency_law

CC = sys.argv[1:]
CLEAN = {
    "include/deep_profile/abi/gate.h": "#define GATE 1\n",
    "common/text.h": '#include "deep_profile/abi/gate.h"\n',
    "runtime/base/low.h": "int dp_low(void);\nextern int dp_low_variable;\n"
                          "extern void (*dp_low_callback)(void);\n",
    "runtime/base/low.c": '#include "low.h"\n#include "common/text.h"\nint dp_low_variable;\n'
                          "void (*dp_low_callback)(void);\n"
                          "int dp_low(void) { dp_low_callback(); return dp_low_variable; }\n",
    "runtime/hot/high.h": "int dp_high(int);\nextern int dp_high_variable;\n",
    "runtime/hot/high.c": '#include "high.h"\n#include "base/low.h"\nint dp_high_variable;\n'
                          "int dp_high(int n) { return n + dp_low() + dp_low_variable; }\n",
    "runtime/process.h": "void dp_process(void);\n",
    "runtime/process.c": '#include "process.h"\n#include "hot/high.h"\n'
                         "void dp_process(void) { dp_high(1); }\n",
}


UP = "runtime: base -> hot: runtime/base/low.c uses dp_high of runtime/hot/high.c"


class Law(unittest.TestCase):
    def setUp(self):
        self.compiler = CC
        self.targets = {path for path in CLEAN if path.endswith(".c")}

    def broken(self, **changes):
        """What the law says of the clean tree with other contents of some files; a key
        is a path with __ for / and the ending as in runtime__base__low_c."""
        with tempfile.TemporaryDirectory(prefix="dependency-law-") as root:
            files = dict(CLEAN)
            for key, text in changes.items():
                stem, _, ending = key.replace("__", "/").rpartition("_")
                path = f"{stem}.{ending}"
                files[path] = text.replace("…", files.get(path, ""))
            for path, text in files.items():
                os.makedirs(os.path.dirname(f"{root}/{path}"), exist_ok=True)
                with open(f"{root}/{path}", "w", encoding="utf-8") as file:
                    file.write(text)
            added = {path for path in files if path.endswith(".c")} - set(CLEAN)
            self.build(root, sorted(self.targets | added))
            tree = dependency_law.Tree(root, root + "/build")
            return [text.replace(root + "/", "") for _, text in tree.look()]

    def build(self, root, sources):
        commands = []
        os.mkdir(root + "/build")
        for source in sources:
            output = source.split("/")[0] + "/" + source.replace("/", "_") + ".o"
            os.makedirs(os.path.dirname(f"{root}/build/{output}"), exist_ok=True)
            subprocess.run([*self.compiler, "-O2", "-I..", "-I../include",
                            "-I../" + source.split("/")[0], "-c", "../" + source, "-o", output],
                           check=True, cwd=root + "/build")
            commands.append({"directory": root + "/build", "file": "../" + source,
                             "output": output})
        with open(root + "/build/compile_commands.json", "w", encoding="utf-8") as file:
            json.dump(commands, file)

    def test_calls_that_go_down_and_callbacks_are_lawful(self):
        self.assertEqual(self.broken(), [])

    def test_an_include_that_goes_up(self):
        found = self.broken(runtime__base__low_c='…#include "hot/high.h"\n')
        self.assertIn("runtime: base -> hot: runtime/base/low.c includes runtime/hot/high.h", found)

    def test_a_call_that_goes_up(self):
        found = self.broken(runtime__base__low_c="…int dp_high(int);\nint dp_up(void);\n"
                                                 "int dp_up(void) { return dp_high(1); }\n")
        self.assertIn(UP, found)

    def test_a_variable_above_and_the_declaration_beside_it(self):
        found = self.broken(runtime__base__low_c="…extern int dp_high_variable;\n"
                                                 "int *dp_up(void);\n"
                                                 "int *dp_up(void) { return &dp_high_variable; }\n")
        self.assertIn("runtime: base -> hot: runtime/base/low.c uses dp_high_variable of "
                      "runtime/hot/high.c", found)
        self.assertIn("runtime/base/low.c:6 declares dp_high_variable of runtime/hot/high.c"
                      " by itself instead of including a header", found)

    def test_a_call_that_goes_up_from_an_inline_function(self):
        found = self.broken(
            runtime__base__low_h='…#include "hot/high.h"\n'
                                 "static inline int dp_in(void) { return dp_high(1); }\n",
            runtime__base__low_c="…int dp_up(void);\nint dp_up(void) { return dp_in(); }\n")
        self.assertIn(UP, found)

    def test_a_call_of_the_top(self):
        found = self.broken(runtime__hot__high_c='…#include "process.h"\n')
        self.assertIn("runtime: hot -> top: runtime/hot/high.c includes runtime/process.h", found)

    def test_a_call_of_a_neighbour(self):
        found = self.broken(
            runtime__host__bus_h="int dp_bus(void);\n",
            runtime__host__bus_c='#include "bus.h"\nint dp_bus(void) { return 1; }\n',
            runtime__steward__tick_c='#include "host/bus.h"\nint dp_tick(void);\n'
                                     "int dp_tick(void) { return dp_bus(); }\n")
        self.assertIn("runtime: steward -> host: runtime/steward/tick.c uses dp_bus of "
                      "runtime/host/bus.c", found)

    def test_a_circle(self):
        found = self.broken(runtime__base__low_c='…#include "hot/high.h"\n')
        self.assertIn("runtime: a circle of base, hot", found)

    def test_a_circle_by_way_of_a_third_room(self):
        found = self.broken(runtime__log__stream_h="int dp_stream(void);\n",
                            runtime__log__stream_c='#include "stream.h"\n#include "base/low.h"\n'
                                                   "int dp_stream(void) { return dp_low(); }\n",
                            runtime__hot__high_c='…#include "log/stream.h"\n',
                            runtime__base__low_c='…#include "hot/high.h"\n')
        self.assertIn("runtime: a circle of base, hot, log", found)

    def test_a_header_that_declares_another_files_function(self):
        found = self.broken(
            runtime__hot__high_h="…int dp_aside(int, int (*)(void));\n",
            runtime__hot__aside_c='#include "high.h"\n'
                                  "int dp_aside(int n, int (*f)(void)) { return n + f(); }\n")
        self.assertEqual(found, ["runtime/hot/high.h:3 declares dp_aside of runtime/hot/aside.c"])

    def test_a_header_of_the_common_code_that_does_so(self):
        found = self.broken(common__text_h="…int dp_word(void);\n",
                            common__word_c='#include "text.h"\nint dp_word(void) { return 1; }\n')
        self.assertEqual(found, ["common/text.h:2 declares dp_word of common/word.c"])

    def test_a_header_that_declares_what_nobody_defines(self):
        found = self.broken(runtime__hot__high_h="…extern int *const dp_gone[4];\n")
        self.assertEqual(found, ["runtime/hot/high.h:3 declares dp_gone, which nobody defines"])

    def test_a_room_without_a_place_in_the_law(self):
        found = self.broken(runtime__cellar__x_h="\n")
        self.assertIn("runtime/cellar/x.h: the law does not know the room 'cellar'", found)

    def test_another_part(self):
        found = self.broken(plugin__site_h="\n",
                            common__text_h='…#include "runtime/base/low.h"\n',
                            runtime__hot__high_c='…#include "plugin/site.h"\n')
        self.assertIn("runtime -> plugin: runtime/hot/high.c:5 includes plugin/site.h", found)
        self.assertIn("common -> runtime: common/text.h:2 includes runtime/base/low.h", found)

    def test_a_file_that_no_target_compiles(self):
        self.targets.remove("runtime/hot/high.c")
        self.assertIn("runtime/hot/high.c: compiled by no target of its part", self.broken())

    def test_an_object_that_is_not_built(self):
        self.compiler = ["true"]
        with self.assertRaisesRegex(SystemExit, "build first"):
            self.broken()

    def test_functions_of_libc_that_the_runtime_replaces(self):
        self.assertEqual(self.broken(
            runtime__host__malloc_c="void free(void *p);\nvoid free(void *p) { (void)p; }\n",
            runtime__base__low_c="…#include <stdlib.h>\nvoid dp_give(void *p);\n"
                                 "void dp_give(void *p) { free(p); }\n"), [])


class Declarations(unittest.TestCase):
    def test_what_is_a_declaration(self):
        for text, names in {
                "int f(void);": ["f"],
                "void f(int (*callback)(void *), void *context);": ["f"],
                "void (*f(int signal, void (*handler)(int)))(int);": ["f"],
                "__attribute__((format(printf, 1, 2))) void f(const char *, ...);": ["f"],
                "void f(void) __attribute__((noreturn));": ["f"],
                "extern int a, *b[3];": ["a", "b"],
                "extern HIDDEN _Thread_local struct s *a;": ["a"],
                "extern void (*hook)(int);": ["hook"],
                "static inline int f(void)\n{ return g(1); }\nint h(void);": ["h"],
                "struct s { int (*member)(void); };\nint f(struct s);": ["f"],
                "struct s;\nenum e { A = sizeof(int) };": [],
                "typedef int f(void);\n_Static_assert(sizeof(int) == 4, \"int\");": [],
                'extern "C" {\nint f(void);\n}\n': ["f"],
                "#define X(a) \\\n    int a(void);\n/* int g(void); */ // int h(void);": [],
        }.items():
            with self.subTest(text):
                self.assertEqual([name for _, name in declarations.declared(text)], names)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
