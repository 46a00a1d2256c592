#!/usr/bin/env python3
"""Man pages: well formed, one for each verb, and every option of --help in them.

Run by Meson: check.py DEEP_PROFILE PAGE…
"""
import os
import re
import subprocess
import sys
import unittest

TOOL, PAGES = sys.argv[1], sys.argv[2:]


def output(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True,
                          env={**os.environ, "LC_ALL": "C"}).stdout


class ManPages(unittest.TestCase):
    def test_they_are_well_formed(self):
        lint = subprocess.run(["mandoc", "-Tlint", "-Wwarning", *PAGES], check=False, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual((lint.returncode, lint.stdout), (0, ""))

    def test_every_verb_has_one_with_all_its_options(self):
        verbs = re.findall(r"^  (\w+) ", output(TOOL, "--help"), flags=re.M)
        self.assertIn("report", verbs)
        pages = {os.path.basename(page): page for page in PAGES}
        self.assertEqual(sorted(pages),
                         sorted(["deep-profile.1", *(f"deep-profile-{v}.1" for v in verbs)]))
        for verb in verbs:
            text = output("mandoc", "-Tascii", pages[f"deep-profile-{verb}.1"])
            text = re.sub(".\b", "", text)
            for option in re.findall(r"^ .*?(--[a-z]+)", output(TOOL, verb, "--help"), flags=re.M):
                if option not in ("--help", "--usage", "--version"):
                    self.assertIn(option, text, verb)

    def test_the_main_page_names_every_verb(self):
        text = output("mandoc", "-Tascii", next(p for p in PAGES if p.endswith("/deep-profile.1")))
        text = re.sub(".\b", "", text)
        for verb in re.findall(r"^  (\w+) ", output(TOOL, "--help"), flags=re.M):
            self.assertIn(f"deep-profile-{verb}(1)", text)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
