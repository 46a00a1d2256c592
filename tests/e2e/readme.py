#!/usr/bin/env python3
"""What the README promises: its program, built, run and read by its own commands.

Run by Meson: readme.py README TOOL CC.
"""
import glob
import os
import re
import shutil
import sys
import tempfile
import unittest

import dp

README, TOOL, CC = map(os.path.abspath, sys.argv[1:4])


class Readme(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="deep-profile-readme-")
        self.addCleanup(shutil.rmtree, self.folder)
        with open(README, encoding="utf-8") as file:
            self.text = file.read()

    def block(self, language):
        """The first fenced block in this language."""
        blocks = re.findall(r"^```(\w*)\n(.*?)^```$", self.text, re.DOTALL | re.MULTILINE)
        return next(text for name, text in blocks if name == language)

    def test_sixty_seconds(self):
        with open(self.folder + "/primes.c", "w", encoding="utf-8") as file:
            file.write(self.block("c"))
        path = f"{os.path.dirname(CC)}:{os.path.dirname(TOOL)}:{os.environ['PATH']}"
        said = dp.run("sh", "-ec", self.block("sh"), cwd=self.folder,
                      env=dp.environment(PATH=path)).stdout
        self.assertTrue(said.startswith("25 primes below 100\n"), said)
        # The same headings, in the same order, and the same functions as are shown.
        shown = self.block("")
        headings = re.findall(r"^[A-Z].*$", shown, re.MULTILINE)
        self.assertGreater(len(headings), 3)
        for heading in headings:
            self.assertIn("\n" + heading + "\n", said)
        for function in ("is_prime", "primes_below"):
            self.assertRegex(said, rf"\n.*\b{function} +primes\.c:\d+\n")

    def test_links_lead_somewhere(self):
        links = re.findall(r"\]\(([^)]+)\)", self.text)
        self.assertGreater(len(links), 8)
        for link in links:
            self.assertTrue(os.path.exists(os.path.join(os.path.dirname(README), link)), link)

    def test_files_that_documents_name_exist(self):
        root = os.path.dirname(README)
        documents = [README, *glob.glob(root + "/docs/*.md"), *glob.glob(root + "/docs/*/*.md")]
        for document in documents:
            with open(document, encoding="utf-8") as file:
                text = file.read()
            for name in re.findall(r"`((?:docs|examples|include|plugin|runtime|scripts|tests|tools)"
                                   r"/[\w./+-]*)`", text):
                with self.subTest(document=os.path.relpath(document, root), name=name):
                    self.assertTrue(os.path.exists(f"{root}/{name}"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
