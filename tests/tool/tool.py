#!/usr/bin/env python3
"""What the tool prints of known logs, and of bad input.

With UPDATE_GOLDEN=1 in the environment the golden files are written instead of
compared: read the difference before committing it.
"""
import contextlib
import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import unittest

from case import CHECK, Case, DATA, FINE, TOOL, USAGE, environment, environment_of_a_pipe

GOLDEN = os.path.join(os.path.dirname(os.path.realpath(__file__)), "golden")


class Golden(Case):
    """What each verb prints of each log, kept as files."""

    def compare(self, name, text):
        # How much of a disk a file takes is the file system's business.
        text = re.sub(r"^(  log +\S+: )[\d.]+ [KM]?B", r"\1SIZE", text, flags=re.M)
        text = re.sub(r"\b(log (?:is )?)[\d.]+ [KM]?B\b", r"\1SIZE", text)
        text = re.sub(r'"log_bytes": \d+', '"log_bytes": 0', text)
        if "-events" in name:  # 500 sampled calls of parse: the first will do
            lines = text.splitlines(keepends=True)
            text = "".join(line for i, line in enumerate(lines)
                           if "parse" not in line or i < 6 or re.search("exception|cap", line))
        path = os.path.join(GOLDEN, name)
        if os.environ.get("UPDATE_GOLDEN"):
            os.makedirs(GOLDEN, exist_ok=True)
            with open(path, "w", encoding="utf-8") as golden:
                golden.write(text)
        with open(path, encoding="utf-8") as golden:
            self.assertEqual(text, golden.read())

    def check(self, scenario, verb, *arguments, status=FINE):
        self.make(scenario)
        name = "-".join([scenario, verb, *(a.strip("-").replace("=", "-") for a in arguments)])
        done = self.run_tool(verb, *arguments, scenario, status=status,
                             env=environment_of_a_pipe())
        with self.subTest(name):
            self.compare(name + ".txt", done.stdout + done.stderr)

    def test_a_finished_process(self):
        self.check("basic", "report")
        self.check("basic", "report", "--format=json")
        self.check("basic", "events")
        self.check("basic", "events", "--format=json")
        self.check("basic", "sites")
        self.check("basic", "sites", "--format=json")
        self.check("basic", "doctor", status=CHECK)
        self.check("basic", "doctor", "--format=json", status=CHECK)

    def test_a_killed_process(self):
        self.check("killed", "report")
        self.check("killed", "doctor", status=CHECK)
        self.check("killed", "recover")

    def test_open_calls_that_are_not_shown_are_counted(self):
        """Lanes tell what they forgot less what ended on them; at a proper end it is lost."""
        self.make("killed")
        self.assertEqual(self.json("report", "killed")["open_calls_forgotten"], 7)
        self.assertIn("and 7 before them", self.run_tool("report", "killed").stdout)
        self.make("basic")
        self.assertEqual(self.json("report", "basic")["open_calls_forgotten"], 0)

    def test_what_is_missing_is_said(self):
        self.check("streams-only", "report")
        self.check("state-only", "report")
        self.check("state-only", "events", status=DATA)
        self.check("idle", "report", status=DATA)
        self.check("idle", "events", status=DATA)
        self.check("idle", "doctor", status=CHECK)


class BadInput(Case):
    VERBS = ("report", "events", "sites", "top", "recover", "doctor")

    def test_a_missing_directory(self):
        for verb in self.VERBS:
            self.fails("cannot open 'nowhere': No such file or directory", verb, "nowhere")

    def test_a_file_instead_of_a_directory(self):
        with open(self.path("file"), "w", encoding="utf-8"):
            pass
        for verb in self.VERBS[:-1]:
            self.fails("'file' is a file; a log is a directory", verb, "file")
        # To doctor it may be a program.
        done = self.run_tool("doctor", "file", status=DATA)
        self.assertIn("deep-profile: 'file' is not an ELF file", done.stderr)

    def test_a_directory_that_is_not_a_log(self):
        os.mkdir(self.path("other"))
        with open(self.path("other", "metadata"), "w", encoding="utf-8") as metadata:
            metadata.write("somebody else's")
        os.mkdir(self.path("other", "runtime"))  # as our own sources have
        for verb in self.VERBS[:-1]:
            self.fails("'other' is not a log: .*", verb, "other")
        done = self.run_tool("doctor", "other", status=DATA)
        self.assertIn("'other' holds neither a log nor an ELF file", done.stderr)

    def test_no_log_here(self):
        for verb in self.VERBS[:-1]:
            self.fails("no log here: .*", verb)

    def test_an_empty_log(self):
        self.make("empty")
        for verb in ("report", "sites", "top"):
            self.fails("the log 'empty' is empty", verb, "empty")
        self.fails("the log 'empty' has no streams: no events", "events", "empty")
        done = self.run_tool("doctor", "empty", status=DATA)
        self.assertEqual(done.stderr, "deep-profile: the log 'empty' is empty\n")

    def change_metadata(self, old, new):
        """Of the log "basic"; as long as before."""
        with open(self.path("basic", "metadata"), "r+", encoding="latin-1") as metadata:
            text = metadata.read()
            metadata.seek(0)
            metadata.write(text.replace(old, new))

    def test_a_log_of_another_byte_order(self):
        self.make("basic")
        self.change_metadata("byte_order = le;", "byte_order = be;")
        for verb in self.VERBS[:-1]:
            self.fails("'basic' was written by a big-endian machine; this deep-profile reads "
                       "little-endian logs", verb, "basic")

    def test_a_log_of_another_version(self):
        self.make("basic")
        self.change_metadata("log_version = 2;", "log_version = 9;")
        for verb in self.VERBS[:-1]:
            self.fails("'basic' was written by log version 9; this deep-profile reads version 2",
                       verb, "basic")
        self.make("basic")
        with open(self.path("basic", "state/process"), "r+b") as state:
            state.seek(8)
            state.write(struct.pack("=I", 7))
        for verb in self.VERBS[:-1]:
            self.fails(r"'basic' was written by log version 7 \(state \d+\); .*", verb, "basic")

    def test_unreadable_files(self):
        self.make("basic")
        options = {}
        os.chmod(self.folder, 0o755)
        if os.getuid() == 0:
            options = {"user": 65534, "group": 65534, "extra_groups": []}
            try:
                subprocess.run([TOOL, "--version"], check=True, stdout=subprocess.DEVNULL,
                               cwd=self.folder, **options)
            except (PermissionError, subprocess.CalledProcessError):
                self.skipTest("the tool is out of nobody's reach")
        os.chmod(self.path("basic", "metadata"), 0)
        self.fails("cannot open 'basic/metadata': Permission denied", "report", "basic", **options)
        os.chmod(self.path("basic", "metadata"), 0o644)
        os.chmod(self.path("basic", "stream-0001-0000"), 0)
        done = self.run_tool("report", "basic", **options)
        self.assertIn("stream-0001-0000: Permission denied", done.stdout)
        os.chmod(self.path("basic"), 0)
        self.fails("(cannot open 'basic': Permission denied|'basic' is not a log.*)", "report",
                   "basic", **options)
        os.chmod(self.path("basic"), 0o755)

    def test_damage_is_shown_in_every_view(self):
        self.make("basic")
        os.truncate(self.path("basic", "stream-0000-0000"), 5000)
        self.assertRegex(self.run_tool("report", "basic").stdout,
                         r"damage in 1 place, .* not read; the first: stream-0000-0000, byte")
        self.assertEqual(self.json("report", "basic")["damage"]["places"], 1)
        self.assertRegex(self.run_tool("events", "basic").stderr, "'basic' is damaged in 1 place")
        self.assertIn("damaged in 1 places", self.run_tool("doctor", "basic", status=CHECK).stdout)

    def test_two_programs_in_one_folder(self):
        self.make("basic", "logs-a")
        self.make("killed", "logs-b")
        done = self.run_tool("report", ".")
        self.assertEqual(done.stdout.count("\nHot functions"), 2)
        self.assertIn("server  pid 100, finished", done.stdout)
        self.assertIn("server  pid 100, ended without finishing its log", done.stdout)
        both = self.json("report", ".")["processes"]
        self.assertEqual([p["log"] for p in both], ["logs-a", "logs-b"])
        self.assertEqual([p["phase"] for p in both], ["finished", "killed"])
        # One that cannot be read does not hide the other.
        os.truncate(self.path("logs-a", "state/process"), 9)
        self.assertEqual(len(self.json("report", ".")["processes"]), 2)
        self.fails("'.' holds 2 logs; --follow takes one", "events", "--follow", ".", status=USAGE)

    def test_what_the_load_gate_took_away_is_in_the_head(self):
        self.make("basic")
        head = self.run_tool("report", "basic").stdout.split("\n\n")[0]
        self.assertIn("load      the machine was busy 25.0 % of the time: 20 of 525 sampled "
                      "calls were refused", head)
        self.assertEqual(self.json("report", "basic")["load"]["closed_ns"], 500000000)
        self.make("state-only")  # when the gate moved is not known
        self.assertIn("the machine was busy: 20 of 525 sampled calls were refused",
                      self.run_tool("report", "state-only").stdout)
        self.make("streams-only")  # how many were refused is not known
        self.assertNotIn("the machine was busy",
                         self.run_tool("report", "streams-only").stdout)

    def on_a_terminal(self, columns, *arguments):
        """The lines as a terminal shows them, without colours."""
        ours, theirs = os.openpty()
        env = {**environment(), "COLUMNS": str(columns), "TERM": "xterm"}
        with subprocess.Popen([TOOL, *arguments], cwd=self.folder, env=env, stdout=theirs) as done:
            os.close(theirs)
            text = b""
            with contextlib.suppress(OSError):  # EIO: nobody writes any more
                while part := os.read(ours, 65536):
                    text += part
            os.close(ours)
            self.assertEqual(done.wait(), FINE)
        return re.sub(r"\x1b\[[0-9;]*m", "", text.decode()).replace("\r\n", "\n").splitlines()

    def test_lines_end_between_words(self):
        self.make("basic")
        lines = self.on_a_terminal(80, "report", "basic")
        head = lines[:lines.index("")]
        self.assertLessEqual(max(map(len, head)), 80)
        self.assertEqual(" ".join(" ".join(head).split()),
                         " ".join(self.run_tool("report", "basic").stdout.split("\n\n")[0].split()))
        self.assertTrue(any(line.startswith(12 * " ") for line in head), head)
        # Where the slow operations are.
        title = next(line for line in lines if line.startswith("duration"))
        self.assertRegex(title, r"function +at +why$")

    def test_every_line_fits(self):
        """60, 80 and 200 columns of a terminal; 100 in a pipe, or what COLUMNS says."""
        verbs = (["report"], ["report", "--tree"], ["report", "--callers", "parse"], ["top"],
                 ["sites"], ["doctor"])
        for log in ("basic", "killed", "idle"):
            self.make(log)
            for verb in verbs:
                for columns in (60, 80, 100, 200):
                    env = environment(COLUMNS=str(columns))
                    if columns == 100:
                        env = environment_of_a_pipe()
                    text = subprocess.run([TOOL, *verb, log], cwd=self.folder, env=env, check=False,
                                          stdout=subprocess.PIPE, text=True).stdout
                    for line in text.splitlines():
                        # A single word may be longer, behind the label of its line.
                        words = re.sub(r"^  (\w+|not here) +", "", line).split()
                        self.assertTrue(len(line) <= columns or len(words) == 1,
                                        (log, verb, columns, line))
        terminal = self.on_a_terminal(80, "report", "basic")
        self.assertLessEqual(max(map(len, terminal)), 80)
        self.assertIn("at", next(line for line in terminal if "% wall" in line).split())

    def test_the_width_of_a_terminal_is_its_own(self):
        self.make("basic")
        ours, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 64, 0, 0))
        with subprocess.Popen([TOOL, "sites", "basic"], cwd=self.folder, stdout=theirs,
                              env={**environment_of_a_pipe(), "TERM": "dumb"}) as done:
            os.close(theirs)
            text = b""
            with contextlib.suppress(OSError):
                while part := os.read(ours, 65536):
                    text += part
            os.close(ours)
            self.assertEqual(done.wait(), FINE)
        lines = text.decode().replace("\r\n", "\n").splitlines()
        self.assertLessEqual(max(map(len, lines)), 64)
        self.assertLess(max(map(len, lines)),
                        max(map(len, self.run_tool("sites", "basic").stdout.splitlines())))

    def test_the_last_seconds_of_the_events(self):
        self.make("basic")
        all_of_them = self.run_tool("events", "--format=json", "basic").stdout.splitlines()
        times = [json.loads(line)["time_unix_ns"] for line in all_of_them]
        end = self.json("report", "basic")
        end = end["start_unix_ns"] + end["wall_ns"]
        for last in 0.5, 1.2, 100:
            done = self.run_tool("events", "--format=json", f"--last={int(last * 1000)}ms", "basic")
            late = {json.loads(line)["time_unix_ns"] for line in done.stdout.splitlines()}
            self.assertGreaterEqual(late, {time for time in times if time >= end - last * 1e9})
            self.assertGreater(len(late), 0)
        self.assertLess(len(self.run_tool("events", "--format=json", "--last=500ms",
                                          "basic").stdout.splitlines()), len(all_of_them))
        self.assertIn("--last takes a duration such as 10s, not 'x'",
                      self.run_tool("events", "--last=x", "basic", status=USAGE).stderr)

    def test_the_newest_log_is_the_default(self):
        self.make("killed", "deep-profile.2")
        self.make("basic", "deep-profile.1")
        os.utime(self.path("deep-profile.2", "metadata"), (1, 1))
        self.assertEqual(self.json("report")["log"], "deep-profile.1")
        os.utime(self.path("deep-profile.1", "metadata"), (0, 0))
        self.assertEqual(self.json("report")["log"], "deep-profile.2")

    def test_usage(self):
        self.run_tool(status=USAGE)
        self.fails("no verb 'repotr'; .*", "repotr", status=USAGE)
        for verb in self.VERBS:
            done = self.run_tool(verb, "--no-such-option", status=USAGE)
            self.assertIn(f"deep-profile {verb}", done.stderr)
            done = self.run_tool(verb, "--format=xml", status=USAGE)
            self.assertIn("--format is text or json, not 'xml'", done.stderr)
            self.assertIn("Usage: deep-profile " + verb, self.run_tool(verb, "--help").stdout)
        self.run_tool("report", "a", "b", status=USAGE)
        self.run_tool("report", "--top=x", status=USAGE)
        self.run_tool("report", "--top=-1", status=USAGE)
        self.run_tool("record", status=USAGE)
        self.assertIn("Usage: deep-profile VERB", self.run_tool("--help").stdout)
        self.assertRegex(self.run_tool("--version").stdout, r"\Adeep-profile [\d.]+\n\Z")

    def test_output_that_cannot_be_written(self):
        self.make("basic")
        with open("/dev/full", "w", encoding="utf-8") as full:
            for arguments in (["report"], ["report", "--format=json"], ["sites"]):
                done = subprocess.run([TOOL, *arguments, "basic"], cwd=self.folder, check=False,
                                      stdout=full, stderr=subprocess.PIPE, text=True,
                                      env=environment())
                self.assertEqual(done.returncode, DATA)
                self.assertEqual(done.stderr,
                                 "deep-profile: cannot write: No space left on device\n")


class Strings(Case):
    """Names may hold anything: JSON stays valid, a terminal obeys nothing."""

    NAME = "ev\x1b[31mil\"\ufffd\x9b\n"

    def test_json_is_valid(self):
        self.make("basic")
        sites = self.json("sites", "basic")["sites"]
        self.assertEqual(sites[4]["function"], self.NAME)
        self.assertEqual(sites[4]["file"], "we\\ird.c")
        for verb in ("sites", "report", "doctor"):
            done = self.run_tool(verb, "--format=json", "basic",
                                 status=CHECK if verb == "doctor" else FINE)
            self.assertNotRegex(done.stdout, "[\x00-\x09\x0b-\x1f\x7f-\x9f]")

    def test_text_holds_no_control_characters(self):
        self.make("basic")
        for verb in ("sites", "report", "doctor", "events"):
            done = self.run_tool(verb, "basic", status=CHECK if verb == "doctor" else FINE)
            self.assertNotRegex(done.stdout, "[\x00-\x09\x0b-\x1f\x7f-\x9f\udc80-\udcff]")
        self.assertIn(r'ev\x1b[31mil"\xff\xc2\x9b\x0a', self.run_tool("sites", "basic").stdout)

    def on_terminal(self, *arguments, **variables):
        """What the tool writes on a terminal."""
        try:
            controller, terminal = pty.openpty()
        except OSError as error: # a bare chroot has no /dev/pts
            self.skipTest(str(error))
        child = subprocess.Popen([TOOL, *arguments], cwd=self.folder, stdout=terminal,
                                 stderr=subprocess.DEVNULL,
                                 env=environment(TERM="xterm", **variables))
        os.close(terminal)
        text = b""
        while True:
            try:
                more = os.read(controller, 65536)
            except OSError:
                break
            if not more:
                break
            text += more
        os.close(controller)
        self.assertEqual(child.wait(), FINE)
        return text.decode().replace("\r\n", "\n")

    def test_terminals_get_colours_and_lines_that_fit(self):
        self.make("basic")
        for columns in (200, 80, 60):
            text = self.on_terminal("report", "basic", COLUMNS=str(columns))
            self.assertIn("\x1b[1m", text)
            self.assertNotIn("\x1b[31mil", text)
            plain = re.sub("\x1b\\[[0-9;]*m", "", text)
            table = plain.split("Hot functions")[1].split("\n\n")[0].splitlines()[1:]
            self.assertEqual(len(table), 5)
            self.assertLessEqual(max(map(len, table)), columns)
            self.assertIn("parse", plain)
        self.assertNotIn("\x1b", self.on_terminal("report", "basic", NO_COLOR="1"))
        self.assertNotIn("\x1b", self.run_tool("report", "basic").stdout)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
