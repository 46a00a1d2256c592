#!/usr/bin/env python3
"""The stacks of a slow call have names: of programs as they are really built.

    names.py DEEP_PROFILE_CC DEEP_PROFILE_CXX DEEP_PROFILE

The program is programs/named.cc. What is asserted are functions, files and lines of the
stack in which its slow call was found blocked, from the report.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import dp

CC, CXX, TOOL = (os.path.abspath(path) for path in sys.argv[1:4])
SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs/named.cc")
with open(SOURCE, encoding="ascii") as source:
    LINES = {match.group(1): number for number, line in enumerate(source, 1)
             if (match := re.search(r"/\* line: (.*?) \*/", line))}
CHAIN = ["rest", "wait_for_goods", "stock", "order", "main"]


class Names(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="deep-profile-names-")
        self.addCleanup(shutil.rmtree, self.root)
        os.environ["XDG_CACHE_HOME"] = self.root + "/cache"

    def build(self, *flags, compiler=CC, name="named"):
        language = ["-x", "c"] if compiler == CC else []
        dp.run(compiler, *language, *flags, SOURCE, "-o", f"{self.root}/{name}", "-ldl")
        return f"{self.root}/{name}"

    def profile(self, *command):
        log = tempfile.mkdtemp(dir=self.root) + "/log"
        self.assertEqual(dp.profile(log, *command), "ordered\n")
        return log

    def blocked(self, log):
        """(the report, the frames that are not libc's of the stack in which most time went)"""
        report = dp.report(TOOL, log)
        reason = report["slow_operations"][0]["reason"]
        self.assertIsNotNone(reason, report["slow_operations"])
        stacks = [stack for stack in reason["stacks"] if stack["state"] == "blocked"]
        self.assertTrue(stacks, reason)
        frames = max(stacks, key=lambda stack: stack["ns"])["frames"]
        return report, [frame for frame in frames if not frame["module"]
                        or not re.search(r"/(libc|ld-)[^/]*$", frame["module"])]

    def is_the_chain(self, log, scope="", lines=True):
        report, frames = self.blocked(log)
        names = [frame["function"] for frame in frames]
        chain = [scope + name if name != "main" else name for name in CHAIN]
        while names and names[0] not in chain: # a static program has its libc in itself
            names, frames = names[1:], frames[1:]
        self.assertEqual(names[:len(chain)], chain, report["names_missing"])
        for name, frame in zip(CHAIN, frames):
            if lines:
                self.assertEqual((os.path.basename(frame["file"] or ""), frame["line"]),
                                 ("named.cc", LINES[name]), frame)
        self.assertEqual(report["names_missing"], [])

    def test_programs_as_they_are_built(self):
        for flags in (["-O0"], ["-O2"], ["-O2", "-no-pie"], ["-O2", "-static"],
                      ["-O2", "-static-pie"], ["-O2", "-gdwarf-4", "-gz"]):
            with self.subTest(flags=flags):
                program = self.build("-g", "-fno-optimize-sibling-calls", *flags)
                self.is_the_chain(self.profile(program))

    def test_a_program_in_cxx(self):
        program = self.build("-g", "-O2", "-fno-optimize-sibling-calls", compiler=CXX)
        self.is_the_chain(self.profile(program), scope="shop::")

    def test_a_stripped_program_with_its_debug_file(self):
        program = self.build("-g", "-O2", "-fno-optimize-sibling-calls")
        dp.run("objcopy", "--only-keep-debug", program, program + ".debug")
        dp.run("strip", program)
        dp.run("objcopy", "--add-gnu-debuglink=" + program + ".debug", program)
        log = self.profile(program)
        self.is_the_chain(log)
        os.rename(program + ".debug", program + ".elsewhere")
        shutil.rmtree(self.root + "/cache")
        _, frames = self.blocked(log)
        self.assertTrue(all(frame["function"].startswith("[unknown 0x") for frame in frames), frames)

    def test_a_library_that_was_loaded_and_replaced(self):
        program = self.build("-g", "-O2")
        flags = ["-g", "-shared", "-fPIC", "-DLIBRARY", "-fno-optimize-sibling-calls"]
        library = self.build(*flags, "-O2", name="libgoods.so")
        log = self.profile(program, library)
        _, frames = self.blocked(log)
        self.assertEqual([(frame["function"], frame["line"]) for frame in frames[:4]],
                         [("rest", LINES["rest"]), ("wait_for_goods", LINES["wait_for_goods"]),
                          ("deliver", LINES["deliver"]),
                          ("order", LINES["order of the library"])])
        # Another library in its place: its names would be wrong.
        shutil.rmtree(self.root + "/cache")
        self.build(*flags, "-O1", name="libgoods.so")
        report, frames = self.blocked(log)
        self.assertRegex(report["names_missing"][0]["problem"], r"libgoods.so' was replaced since")
        self.assertTrue(frames[0]["function"].startswith("[unknown 0x"), frames)
        self.assertIn("order", [frame["function"] for frame in frames])
        text = subprocess.run([TOOL, "report", log], capture_output=True, text=True, check=True,
                              env=dp.environment()).stdout
        self.assertIn("Names are missing: '", text)

    def test_the_sentence_of_the_report(self):
        log = self.profile(self.build("-g", "-O2", "-fno-optimize-sibling-calls"))
        text = subprocess.run([TOOL, "report", log], capture_output=True, text=True, check=True,
                              env=dp.environment()).stdout
        section = text[text.index("Why they were slow"):].split("\n\n")[1]
        self.assertRegex(section, r"1 call of order \(named.cc:\d+\):\n  \d.* blocked in "
                                  r"clock_nanosleep in `rest` <-\s+`wait_for_goods`")
        self.assertRegex(section, r"%  blocked   rest <- wait_for_goods <- stock <- order <- main")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
