#!/usr/bin/env python3
"""Surroundings that mean harm: privileged programs, planted directories and links.

Run by Meson: hostile.py DEEP_PROFILE_CC DEEP_PROFILE. Needs root, to be two other
users: "nobody", who runs programs, and "mallory", who was there before.
"""
import glob
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

import dp

CC, TOOL = (os.path.realpath(path) for path in sys.argv[1:3])
HERE = os.path.dirname(os.path.abspath(__file__))
NOBODY, MALLORY = 65534, 65533


class Hostile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.programs = tempfile.mkdtemp(prefix="deep-profile-hostile-")
        cls.addClassCleanup(shutil.rmtree, cls.programs)
        os.chmod(cls.programs, 0o755)
        cls.program = cls.programs + "/ends"
        dp.run(CC, "-O2", "-g", "-static", f"{HERE}/programs/ends.c", "-o", cls.program,
               "-lpthread")
        cls.tool = shutil.copy(TOOL, cls.programs)  # where everybody can reach it

    def setUp(self):
        self.folder = tempfile.mkdtemp(dir=self.programs)
        os.chown(self.folder, NOBODY, NOBODY)
        os.chmod(self.folder, 0o755)
        self.log = self.folder + "/log"

    def make(self, name, owner, mode=0o755, group=None):
        path = f"{self.folder}/{name}"
        os.mkdir(path)
        os.chown(path, owner, owner if group is None else group)
        os.chmod(path, mode)
        return path

    def link(self, name, target, owner):
        path = f"{self.folder}/{name}"
        os.symlink(target, path)
        os.lchown(path, owner, owner)
        return path

    @staticmethod
    def as_user(*command, user=NOBODY, status=None, umask=0o022, **variables):
        done = subprocess.run(command, env=dp.environment(**variables), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, errors="surrogateescape",
                              check=False, user=user, group=user, extra_groups=[], umask=umask,
                              cwd="/")
        if status is not None and done.returncode != status:
            raise AssertionError(f"{command}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def run_on(self, out=None, **variables):
        """The program, profiled; it must not notice whether that worked."""
        done = self.as_user(self.program, "exit", status=3, DEEP_PROFILE="1",
                            DEEP_PROFILE_OUT=out or self.log, **variables)
        self.assertEqual((done.stdout, done.stderr), ("still here\n", ""))

    @staticmethod
    def contents(folder):
        return sorted(os.path.relpath(os.path.join(parent, name), folder)
                      for parent, folders, names in os.walk(folder) for name in folders + names)


class Privileged(Hostile):
    """A program with more rights than who runs it obeys no variable and opens nothing."""

    def setUp(self):
        super().setUp()
        if os.statvfs(self.programs).f_flag & os.ST_NOSUID:
            self.skipTest("the file system is mounted nosuid")
        self.copy = shutil.copy(self.program, self.folder + "/privileged")
        self.make("out", NOBODY)
        self.variables = {"DEEP_PROFILE": "*:rate=1", "DEEP_PROFILE_OUT": self.folder + "/out/log",
                          "DEEP_PROFILE_EVENTS": self.folder + "/out/events",
                          "DEEP_PROFILE_SIZE_LIMIT": "2MB", "DEEP_PROFILE_ENV": "test"}

    def files_named(self, **variables):
        """Every system call of it that names a file or starts a thread."""
        trace = self.folder + "/trace"
        done = subprocess.run(["strace", "-f", "-u", "nobody", "-o", trace, "-e",
                               "trace=%file,clone,clone3,memfd_create,socket", self.copy, "exit"],
                              env=dp.environment(**variables), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False, cwd="/")
        self.assertEqual((done.returncode, done.stdout), (3, b"still here\n"), done.stderr)
        with open(trace, encoding="utf-8") as lines:
            return [re.sub(r"^\d+ +|0x[0-9a-f]+|/\* \d+ vars \*/", "", line) for line in lines]

    def check(self):
        done = self.as_user(self.copy, "exit", status=3, **self.variables)
        self.assertEqual((done.stdout, done.stderr), ("still here\n", ""))
        self.assertEqual(self.contents(self.folder + "/out"), [])
        without = self.files_named()
        self.assertTrue(any("execve" in line for line in without), without)
        self.assertEqual(self.files_named(**self.variables), without)

    def test_the_same_program_without_rights_is_profiled(self):
        os.chmod(self.copy, 0o755)
        self.as_user(self.copy, "exit", status=3, **self.variables)
        self.assertIn("log/metadata", self.contents(self.folder + "/out"))
        self.assertIn("events", self.contents(self.folder + "/out"))
        self.assertNotEqual(self.files_named(**self.variables), self.files_named())

    def test_setuid(self):
        os.chown(self.copy, 0, 0)
        os.chmod(self.copy, 0o4755)
        self.check()

    def test_setuid_to_somebody_who_is_not_root(self):
        os.chown(self.copy, MALLORY, MALLORY)
        os.chmod(self.copy, 0o4755)
        self.check()

    def test_setgid(self):
        os.chown(self.copy, 0, 0)
        os.chmod(self.copy, 0o2755)
        self.check()

    def test_file_capabilities(self):
        # cap_net_raw+ep, as setcap writes it: VFS_CAP_REVISION_2 with the effective bit.
        value = bytes.fromhex("01000002" "00200000" "00000000" "00000000" "00000000")
        try:
            os.setxattr(self.copy, "security.capability", value)
        except OSError as error:
            self.skipTest(f"no file capabilities: {error}")
        self.check()


class Files(Hostile):
    def test_nobody_else_may_read_a_log(self):
        self.check_modes(0)

    def test_and_its_owner_may(self):
        for umask in 0o277, 0o777:
            with self.subTest(umask=oct(umask)):
                self.check_modes(umask)
                self.as_user("rm", "-r", f"{self.folder}/new", f"{self.folder}/events", status=0)

    def check_modes(self, umask):
        done = self.as_user(self.program, "exit", status=3, umask=umask, DEEP_PROFILE="1",
                            DEEP_PROFILE_OUT=self.folder + "/new/log",
                            DEEP_PROFILE_EVENTS=self.folder + "/events")
        self.assertEqual(done.stdout, "still here\n")
        found = {name: os.stat(f"{self.folder}/{name}").st_mode
                 for name in self.contents(self.folder)}
        self.assertIn("new/log/state/process", found)
        self.assertIn("new/log/stream-0000-0000", found)
        for name, mode in found.items():
            self.assertEqual(oct(stat.S_IMODE(mode)), oct(0o700 if stat.S_ISDIR(mode) else 0o600),
                             name)


class Planted(Hostile):
    """Nothing that mallory prepared is written to."""

    def is_refused(self, out, why, blamed):
        """No log; and record and doctor say why."""
        before = self.contents(self.folder)
        self.run_on(out)
        self.assertEqual(self.contents(self.folder), before)
        why = f"'{blamed}' {why}"
        done = self.as_user(self.tool, "record", "-o", out, "--", self.program, "exit", status=3)
        self.assertIn(f"no log is made as '{out}': {why} (DEEP_PROFILE_OUT)", done.stderr)
        self.assertIn("no log was written", done.stderr)
        done = self.as_user(self.tool, "doctor", self.program, status=1, DEEP_PROFILE="1",
                            DEEP_PROFILE_OUT=out)
        self.assertIn(why, done.stdout)

    def is_accepted(self, out):
        self.run_on(out)
        self.assertIn("metadata", self.contents(out))
        done = self.as_user(self.tool, "doctor", self.program, status=0, DEEP_PROFILE="1",
                            DEEP_PROFILE_OUT=out + "/../other")
        self.assertNotIn("no log is made", done.stdout)

    def test_the_logs_own_directory(self):
        shared = self.make("shared", 0, 0o1777)
        planted = self.make("shared/log", MALLORY, 0o777)
        self.run_on(planted)
        self.assertEqual(self.contents(planted), [])
        (log,) = glob.glob(shared + "/log.*")
        self.assertIn("metadata", self.contents(log))
        self.assertEqual(os.stat(log).st_uid, NOBODY)

    def test_one_of_our_own_where_others_may_write(self):
        for mode in (0o777, 0o1777):
            with self.subTest(oct(mode)):
                self.setUp()
                ours = self.make("log", NOBODY, mode)
                self.run_on(ours)
                self.assertEqual(self.contents(ours), [])

    def test_a_link_in_the_logs_place(self):
        self.make("shared", 0, 0o1777)
        target = self.make("target", NOBODY)
        link = self.link("shared/log", target, MALLORY)
        self.run_on(link)
        self.assertEqual(self.contents(target), [])
        self.assertEqual(len(glob.glob(link + ".*")), 1)

    def test_a_directory_above_it(self):
        self.make("shared", 0, 0o1777)
        planted = self.make("shared/logs", MALLORY, 0o777)
        self.is_refused(planted + "/log", "was made by another user where others may write",
                        planted)

    def test_a_link_above_it(self):
        self.make("shared", 0, 0o1777)
        target = self.make("target", NOBODY)
        planted = self.link("shared/logs", target, MALLORY)
        self.is_refused(planted + "/log", "is a link that another user made", planted)

    def test_a_directory_where_everybody_may_write(self):
        public = self.make("public", 0, 0o777)
        self.is_refused(public + "/log", "may be written by everybody", public)
        self.is_refused(public + "/deep/er/log", "may be written by everybody", public)

    def test_a_directory_where_a_group_may_write(self):
        group = self.make("group", NOBODY, 0o775, group=100)
        self.is_refused(group + "/log", "may be written by its group", group)

    def test_what_is_fine(self):
        self.is_accepted(self.make("own", NOBODY) + "/log")
        self.is_accepted(self.make("sticky", 0, 0o1777) + "/log")
        self.is_accepted(self.make("private", NOBODY, 0o775) + "/log")
        self.link("mine", self.folder + "/own", NOBODY)
        self.is_accepted(self.folder + "/mine/log2")
        self.link("roots", self.folder + "/own", 0)
        self.is_accepted(self.folder + "/roots/log3")
        self.is_accepted(self.folder + "/sticky/new/log")

    def test_events_are_not_written_to_what_another_user_made(self):
        self.make("shared", 0, 0o1777)
        target = self.folder + "/target"
        with open(target, "w", encoding="utf-8") as file:
            file.write("before\n")
        os.chown(target, NOBODY, NOBODY)
        link = self.link("shared/link", target, MALLORY)
        own = self.folder + "/shared/file"
        shutil.copy(target, own)
        os.chmod(own, 0o666)
        os.chown(own, MALLORY, MALLORY)
        planted = self.make("shared/planted", MALLORY, 0o777) + "/events"
        for n, events in enumerate((link, own, planted)):
            with self.subTest(events):
                self.run_on(f"{self.log}{n}", DEEP_PROFILE_EVENTS=events)
                for path in (target, own):
                    with open(path, encoding="utf-8") as file:
                        self.assertEqual(file.read(), "before\n")
                self.assertFalse(os.path.exists(planted))
                report = json.loads(self.as_user(self.tool, "report", "--format=json",
                                                 f"{self.log}{n}", status=0).stdout)
                self.assertGreater(report["loss"]["sink"], 0)

    def test_events_go_through_a_link_of_our_own(self):
        target = self.folder + "/target"
        link = self.link("link", target, NOBODY)
        self.run_on(DEEP_PROFILE_EVENTS=link)
        self.assertGreater(os.path.getsize(target), 1000)


class Recover(Hostile):
    """Root recovers a log whose owner would like another file to be written to."""

    def setUp(self):
        super().setUp()
        self.run_on()
        self.victim = self.folder + "/victim"
        shutil.copy(self.log + "/metadata", self.victim)
        os.chown(self.victim, 0, 0)
        with open(self.victim, "ab") as file:
            file.write(b"secret")

    def recover(self, status):
        result = subprocess.run([self.tool, "recover", self.log], env=dp.environment(), text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                                timeout=60)
        self.assertEqual(result.returncode, status, (result.stdout, result.stderr))
        return result

    def tearDown(self):
        with open(self.victim, "rb") as file:
            self.assertTrue(file.read().endswith(b"secret"))

    def test_a_link_as_metadata(self):
        os.remove(self.log + "/metadata")
        self.link("log/metadata", self.victim, NOBODY)
        done = self.recover(3)  # nothing but a regular file is read, either
        self.assertIn("cannot open", done.stderr)

    def test_new_metadata_belongs_to_the_logs_owner(self):
        os.truncate(self.log + "/metadata", 10)
        self.assertIn("metadata written", self.recover(0).stdout)
        self.assertEqual(os.stat(self.log + "/metadata").st_uid, NOBODY)

    def test_a_second_name_of_a_file_as_metadata(self):
        os.remove(self.log + "/metadata")
        os.link(self.victim, self.log + "/metadata")
        self.recover(0)
        self.assertEqual(os.stat(self.victim).st_nlink, 1)

    def test_a_stream_that_is_another_file(self):
        stream = self.log + "/stream-0000-0000"
        with open(self.victim, "r+b") as file, open(stream, "rb") as packet:
            file.write(packet.read(4))  # something that recover would cut
        for how in ("link", "second name", "pipe"):
            with self.subTest(how):
                os.remove(stream)
                if how == "link":
                    self.link("log/stream-0000-0000", self.victim, NOBODY)
                    self.recover(0)
                elif how == "pipe":
                    os.mkfifo(stream)
                    self.recover(0)
                else:
                    os.link(self.victim, stream)
                    self.assertIn("it has more than one name", self.recover(3).stderr)


class Names(Hostile):
    """Names of files and programs reach the screen only as text."""

    NAME = "lo\x1b[31mg\n\u202e\x9b"

    def check(self, text):
        self.assertNotRegex(text, "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\udc80-\udcff]")

    def test_every_verb(self):
        log = f"{self.folder}/{self.NAME}"
        self.run_on(log)
        for verb in ("report", "events", "sites", "doctor", "top", "recover"):
            for form in ("text", "json"):
                with self.subTest(f"{verb} {form}"):
                    done = self.as_user(self.tool, verb, f"--format={form}", log)
                    self.check(done.stdout + done.stderr)
                    if form == "json":
                        lines = done.stdout.splitlines() if verb in ("events", "top") else \
                            [done.stdout]
                        for line in lines:
                            json.loads(line)

    def test_every_error(self):
        name = f"{self.folder}/{self.NAME}"
        for arguments in ((name,), ("report", name), ("report", name, name), ("events", name),
                          ("report", "--top", name), ("report", "--format=" + self.NAME, name),
                          ("report", "--" + self.NAME), ("recover", name), ("doctor", name),
                          ("record", "--", name), ("record", "-o", name, "--", self.program),
                          ("record", "--rules=" + self.NAME, "--", self.program)):
            with self.subTest(arguments):
                done = self.as_user(self.tool, *arguments)
                self.check(done.stderr)
                self.assertNotEqual(done.stderr, "")

    def test_settings(self):
        done = self.as_user(self.tool, "record", "-o", self.log, "--", self.program, "exit",
                            status=3, DEEP_PROFILE=f"*:rate=1;{self.NAME}:rate=2",
                            DEEP_PROFILE_TICK=self.NAME, **{"DEEP_PROFILE_\x1b[31m": "1"})
        self.check(done.stderr)
        self.assertIn("is not a rate from 0 to 1", done.stderr)
        self.assertIn(r"DEEP_PROFILE_\x1b[31m is not a setting", done.stderr)


if __name__ == "__main__":
    if os.geteuid() != 0 or not shutil.which("strace"):
        print("needs root, to become other users, and strace")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1], verbosity=2)
