#!/usr/bin/env python3
"""scripts/demo where it cannot install what is missing: it says what, and what to type.

Run by Meson: scripts.py ROOT.
"""
import os
import subprocess
import sys
import tempfile
import unittest

ROOT = sys.argv[1]


class Missing(unittest.TestCase):
    """A folder of commands stands for a machine: no package is installed there."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.commands = folder.name
        for name in "sh", "cat", "sed", "dirname", "basename", "mktemp", "mkdir", "rm":
            os.symlink(f"/bin/{name}" if os.path.exists(f"/bin/{name}") else f"/usr/bin/{name}",
                       f"{self.commands}/{name}")
        self.command("dpkg-query", "exit 1")
        self.command("apt-get", "echo apt-get was run >&2; exit 100")
        self.command("id", "echo 1000")

    def command(self, name, text):
        with open(f"{self.commands}/{name}", "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\n{text}\n")
        os.chmod(f"{self.commands}/{name}", 0o755)

    def demo(self, **variables):
        done = subprocess.run(["/bin/sh", f"{ROOT}/scripts/demo"],
                              env={"PATH": self.commands, **variables},
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              check=False)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def test_an_ordinary_user_without_sudo(self):
        said = self.demo()
        self.assertIn("these packages are missing: ", said)
        self.assertIn("as root, type:\n    apt-get install --no-install-recommends ", said)
        self.assertIn("meson", said.rsplit("install-recommends ", 1)[1])
        self.assertNotIn("Installing", said)

    def test_a_folder_of_somebody_else(self):
        self.command("dpkg-query", "echo installed")
        said = self.demo(DEEP_PROFILE_BUILD="/proc/self/build")
        self.assertIn("cannot write to /proc/self/build; build in a folder of your own:\n"
                      "    DEEP_PROFILE_BUILD=$HOME/", said)

    def test_a_failure_of_apt_get(self):
        self.command("id", "echo 0")
        said = self.demo()
        self.assertIn("apt-get was run", said)
        self.assertIn("apt-get failed", said)

    def test_sudo_that_refuses(self):
        self.command("sudo", "echo you are not in the sudoers file >&2; exit 1")
        said = self.demo()
        self.assertIn("you are not in the sudoers file", said)
        self.assertIn("as root, type:\n    apt-get install", said)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
