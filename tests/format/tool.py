#!/usr/bin/env python3
"""The tool on logs of which every byte is known, and on bad input.

Run by Meson: tool.py DEEP_PROFILE MAKE_LOG SOURCE_ROOT. With UPDATE_GOLDEN=1 in
the environment the golden files are written instead of compared: read the
difference before committing it.
"""
import json
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest

TOOL, MAKE_LOG, ROOT = (os.path.realpath(path) for path in sys.argv[1:4])
GOLDEN = os.path.join(os.path.dirname(os.path.realpath(__file__)), "golden")

FINE, CHECK, USAGE, DATA = range(4)


def environment(**variables):
    env = {key: value for key, value in os.environ.items()
           if not key.startswith(("DEEP_PROFILE", "ARGP", "COLUMNS"))}
    return {**env, "LC_ALL": "C", **variables}


# Offsets in struct dp_process_state.
HEARTBEAT = 56
MACHINE = 208

# What a steward does, as far as anybody sees.
BEAT = f"""
import struct, sys, time
with open(sys.argv[1], "r+b", buffering=0) as state:
    while True:
        state.seek({HEARTBEAT})
        state.write(struct.pack("=Q", time.monotonic_ns()))
        time.sleep(0.001)
"""


def start_ticks(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
        return int(stat.read().rpartition(")")[2].split()[19])


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="deep-profile-format-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def make(self, scenario, name=None):
        """Makes a log; returns its records as (time, tid, lane, event, payload)."""
        made = subprocess.run([MAKE_LOG, scenario, name or scenario], cwd=self.folder, check=True,
                              stdout=subprocess.PIPE, text=True)
        records = []
        for line in made.stdout.splitlines():
            time_ns, tid, lane, event, payload = line.split()
            records.append((int(time_ns), int(tid), int(lane), event, bytes.fromhex(payload)))
        return records

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def run_tool(self, *arguments, status=FINE, **options):
        options = {"cwd": self.folder, "env": environment(), **options}
        done = subprocess.run([TOOL, *arguments], check=False, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, encoding="utf-8",
                              errors="surrogateescape", timeout=60, **options)
        self.assertEqual(done.returncode, status, (arguments, done.stdout, done.stderr))
        return done

    def fails(self, message, *arguments, status=DATA, **options):
        """Says `message`, a regular expression, in one line on stderr and nothing else."""
        done = self.run_tool(*arguments, status=status, **options)
        self.assertRegex(done.stderr, f"\\Adeep-profile: {message}\\n\\Z")
        return done

    def json(self, *arguments, **options):
        return json.loads(self.run_tool(*arguments, "--format=json", **options).stdout)

    def events(self, log):
        done = subprocess.run([TOOL, "events", "--format=json", log], cwd=self.folder, check=False,
                              env=environment(), stdout=subprocess.PIPE, text=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def set_process(self, log, pid):
        """Makes the log's process state say that it is process `pid`, running."""
        with open(self.path(log, "state/process"), "r+b") as state:
            state.seek(16)
            state.write(struct.pack("=IIQ", pid, 0, start_ticks(pid)))


class Golden(Case):
    """What each verb prints of each log, kept as files."""

    def compare(self, name, text):
        # How much of a disk a file takes is the file system's business.
        text = re.sub(r"^(  log +\S+: )[\d.]+ [KM]?B", r"\1SIZE", text, flags=re.M)
        text = re.sub(r"; log [\d.]+ [KM]?B$", "; log SIZE", text, flags=re.M)
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
        done = self.run_tool(verb, *arguments, scenario, status=status)
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


class Babeltrace(Case):
    """An independent reader finds in a log what was written, as it lies."""

    FIELDS = {"u8": "B", "u32": "I", "i32": "i", "u64": "Q", "i64": "q"}

    @classmethod
    def setUpClass(cls):
        """The events, read from events.def without the headers that use it."""
        with open(f"{ROOT}/include/deep_profile/events.def", encoding="utf-8") as file:
            text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
        cls.shapes = {}
        for name, body in re.findall(r"DP_EVENT\(\d+, (\w+)\)(.*?)DP_EVENT_END", text, flags=re.S):
            fields = re.findall(r"DP_FIELD\((\w+), (\w+)\)", body)
            texts = re.findall(r"DP_TEXT\((\w+)\)", body)
            cls.shapes[name] = fields, texts

    def fields_of(self, event, payload):
        """The payload's integers by name; its texts too, where they are plain.

        Not the empty ones: babeltrace2 2.0 shows an earlier event's instead."""
        if event in ("call", "production"):
            word, = struct.unpack("<I", payload)
            return {"site": word & 0xfff, "duration_ns": word >> 12}
        fields, texts = self.shapes[event]
        layout = "<" + "".join(self.FIELDS[kind] for kind, _ in fields)
        values = dict(zip((name for _, name in fields), struct.unpack_from(layout, payload)))
        strings = payload[struct.calcsize(layout):].split(b"\0")[:-1]
        self.assertEqual(len(strings), len(texts))
        values.update((name, string.decode()) for name, string in zip(texts, strings)
                      if re.fullmatch(rb"[\w ./:=*,-]+", string))
        return values

    def babeltrace(self, log):
        done = subprocess.run(["babeltrace2", "--clock-cycles", "--no-delta", self.path(log)],
                              env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              check=False)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return done.stdout.decode(errors="replace")

    def check(self, log, records):
        lines = re.findall(r"^\[0*(\d+)\] (\w+): \{ (.*?) \}, \{ (.*?) \}$", self.babeltrace(log),
                           flags=re.M | re.S)
        self.assertEqual(len(lines), len(records))
        found = []
        for time_ns, event, context, fields in lines:
            found.append((int(time_ns), int(re.search(r"tid = (\d+)", context)[1]), event, fields))
        for time_ns, tid, _, event, payload in records:
            values = self.fields_of(event, payload)
            match = [f for f in found if f[:3] == (time_ns, tid, event) and
                     all(self.has(f[3], name, value) for name, value in values.items())]
            self.assertTrue(match, (time_ns, tid, event, values))
            found.remove(match[0])

    @staticmethod
    def has(fields, name, value):
        if isinstance(value, str):
            return f'{name} = "{value}"' in fields
        return re.search(rf"\b{name} = (\( .*? : container = )?{value}\b", fields) is not None

    def test_it_reads_every_record(self):
        for scenario in ("basic", "streams-only"):
            with self.subTest(scenario):
                self.check(scenario, self.make(scenario))

    def test_it_reads_a_recovered_log_and_recovering_twice_changes_nothing(self):
        records = self.make("killed")
        self.run_tool("recover", "killed")
        self.check("killed", records)
        before = self.contents("killed")
        self.assertIn("nothing to do", self.run_tool("recover", "killed").stdout)
        self.assertEqual(self.contents("killed"), before)

    def contents(self, log):
        found = {}
        for folder, _, names in os.walk(self.path(log)):
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    found[name] = file.read()
        return found

    def test_it_reads_what_was_whole_of_a_stream_cut_anywhere(self):
        self.make("killed")
        stream = "stream-0000-0000"
        size = os.path.getsize(self.path("killed", stream))
        cuts = [0, 1, 87, 88, 89, 96, 97, 4095, 4096, 4100, 4096 + 88, 5000, 8191, 8192, 8300,
                size - 4096 + 500, size - 1]
        for cut in cuts:
            with self.subTest(cut):
                self.make("killed")
                os.truncate(self.path("killed", stream), cut)
                readable = self.events("killed")
                self.run_tool("recover", "killed")
                before = self.contents("killed")
                self.assertEqual(self.events("killed"), readable)
                calls = len(re.findall(r"\] call: ", self.babeltrace("killed")))
                # Each is a start and a stop; one more call is in another lane.
                stops = [e for e in readable if e["event"] == "profiler.stop"
                         and e["measurements"]["duration_ns"] < 2000000]
                self.assertEqual(calls, len(stops))
                self.assertIn("nothing to do", self.run_tool("recover", "killed").stdout)
                self.assertEqual(self.contents("killed"), before)

    def test_it_gets_over_a_packet_that_was_unreadable(self):
        for spoiled in (b"\0" * 88, b"garbage!" * 11, b"\0" * 4):
            with self.subTest(spoiled):
                self.make("killed")
                with open(self.path("killed", "stream-0000-0000"), "r+b") as stream:
                    stream.seek(4096)
                    stream.write(spoiled)
                readable = self.events("killed")
                done = self.run_tool("recover", "killed")
                self.assertIn("1 made empty", done.stdout)
                self.assertEqual(self.events("killed"), readable)
                self.babeltrace("killed")
                self.assertIn("nothing to do", self.run_tool("recover", "killed").stdout)

    def test_metadata_is_written_again(self):
        records = self.make("killed")
        whole = self.contents("killed")["metadata"]
        for cut in (None, 0, 100, len(whole) // 2, len(whole) - 1):
            with self.subTest(cut):
                if cut is None:
                    os.remove(self.path("killed", "metadata"))
                else:
                    os.truncate(self.path("killed", "metadata"), cut)
                self.assertIn("No whole metadata", self.run_tool("report", "killed").stdout)
                self.assertIn("the metadata file is missing or cut",
                              self.run_tool("doctor", "killed", status=1).stdout)
                self.assertIn("metadata written", self.run_tool("recover", "killed").stdout)
                self.assertEqual(self.contents("killed")["metadata"], whole)
                self.check("killed", records)


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

    def test_a_log_of_another_version(self):
        self.make("basic")
        with open(self.path("basic", "metadata"), "r+", encoding="latin-1") as metadata:
            text = metadata.read()
            metadata.seek(0)
            metadata.write(text.replace("log_version = 1;", "log_version = 9;"))
        for verb in self.VERBS[:-1]:
            self.fails("'basic' was written by log version 9; this deep-profile reads version 1",
                       verb, "basic")
        self.make("basic")
        with open(self.path("basic", "state/process"), "r+b") as state:
            state.seek(8)
            state.write(struct.pack("=I", 7))
        for verb in self.VERBS[:-1]:
            self.fails(r"'basic' was written by log version 7 \(state 3\); .*", verb, "basic")

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

    def test_damage_is_told_in_every_view(self):
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
        self.assertIn("server  pid 100, killed", done.stdout)
        both = self.json("report", ".")["processes"]
        self.assertEqual([p["log"] for p in both], ["logs-a", "logs-b"])
        self.assertEqual([p["phase"] for p in both], ["finished", "killed"])
        # One that cannot be read does not hide the other.
        os.truncate(self.path("logs-a", "state/process"), 9)
        self.assertEqual(len(self.json("report", ".")["processes"]), 2)
        self.fails("'.' holds 2 logs; --follow takes one", "events", "--follow", ".", status=USAGE)

    def test_a_busy_machine_is_told_of_in_the_head(self):
        self.make("basic")
        head = self.run_tool("report", "basic").stdout.split("\n\n")[0]
        self.assertIn("load      the machine was busy: the gate was closed 25.0 % of the time, 20 "
                      "sampled calls were refused, 505 timed", head)
        self.assertEqual(self.json("report", "basic")["load"]["closed_ns"], 500000000)
        self.make("state-only")  # the moves are not known, and few calls were refused
        self.assertNotIn("the machine was busy",
                         self.run_tool("report", "state-only").stdout)

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
    """Names may hold anything: JSON stays valid, a terminal is told nothing."""

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


class Live(Case):
    """A process that still runs."""

    def setUp(self):
        super().setUp()
        self.make("killed", "live")
        self.child = subprocess.Popen(
            [sys.executable, "-c", "import mmap, sys, time\n"
             "state = open(sys.argv[1], 'r+b')\nmapped = mmap.mmap(state.fileno(), 0)\n"
             "print('ready', flush=True); time.sleep(60)", self.path("live", "state/process")],
            stdout=subprocess.PIPE)
        self.addCleanup(self.end)
        self.addCleanup(self.child.stdout.close)
        self.child.stdout.readline()
        self.set_process("live", self.child.pid)

    def end(self):
        self.child.kill()
        self.child.wait()

    def test_a_process_that_does_not_map_it_has_become_another_program(self):
        """exec keeps the pid and the time of its start."""
        with subprocess.Popen(["sleep", "60"]) as other:
            self.set_process("live", other.pid)
            self.assertEqual(self.json("report", "live")["phase"], "killed")
            other.kill()

    def test_it_is_reported_as_running(self):
        report = self.json("report", "live")
        self.assertEqual((report["phase"], report["pid"]), ("running", self.child.pid))
        self.end()
        self.assertEqual(self.json("report", "live")["phase"], "killed")

    def test_a_log_from_another_machine(self):
        """Its process number means nothing here, though one of that number runs."""
        with open(self.path("live", "state/process"), "r+b") as state:
            state.seek(MACHINE)
            state.write(struct.pack("=Q", 42))
        self.assertEqual(self.json("report", "live")["phase"], "elsewhere")
        self.assertIn("not finished (it ran on another machine, in another container, or before a "
                      "restart)", self.run_tool("report", "live").stdout)
        self.assertIn("whether it runs cannot be seen from here",
                      self.run_tool("doctor", "live", status=CHECK).stdout)
        # On a disk that machines share it may well run: its log is left alone then.
        beating = subprocess.Popen([sys.executable, "-c", BEAT, self.path("live/state/process")])
        try:
            self.fails(f"process {self.child.pid} still writes 'live'; .*", "recover", "live",
                       status=CHECK)
        finally:
            beating.kill()
            beating.wait()
        self.assertIn("empty packets removed", self.run_tool("recover", "live").stdout)

    def test_another_process_of_the_same_number_is_not_it(self):
        with open(self.path("live", "state/process"), "r+b") as state:
            state.seek(24)
            state.write(struct.pack("=Q", 1))
        self.assertEqual(self.json("report", "live")["phase"], "killed")

    def test_recover_refuses(self):
        size = os.path.getsize(self.path("live", "stream-0000-0001"))
        self.fails(f"process {self.child.pid} still writes 'live'; .*", "recover", "live",
                   status=CHECK)
        self.assertEqual(os.path.getsize(self.path("live", "stream-0000-0001")), size)

    def test_top_looks_as_often_as_it_is_told(self):
        done = self.run_tool("top", "--count=3", "--interval=0.05", "--format=json", "live")
        looks = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([look["phase"] for look in looks], ["running"] * 3)
        # What it adds up from the state is not added twice.
        for function in looks[0]["functions"] + looks[2]["functions"]:
            function.pop("share_of_wall", None)
        self.assertEqual(looks[0]["functions"], looks[2]["functions"])
        self.assertEqual(self.run_tool("top", "live").stdout.count("Hot functions"), 1)

    def test_top_takes_the_one_that_runs(self):
        self.make("basic", "a-finished")
        self.make("basic", "z-finished")
        self.assertIn(f"pid {self.child.pid}, running", self.run_tool("top", ".").stdout)

    def test_events_are_followed_until_the_process_ends(self):
        late = ("stream-0000-0001", "stream-0001-0000")
        for stream in late:
            os.rename(self.path("live", stream), self.path(stream))
        before = self.run_tool("events", "--format=json", "live").stdout.splitlines()
        follower = subprocess.Popen([TOOL, "events", "--follow", "--format=json", "live"],
                                    cwd=self.folder, env=environment(), stdout=subprocess.PIPE,
                                    text=True)
        with follower.stdout as pipe:
            found = [pipe.readline().rstrip("\n") for _ in before]
            self.assertTrue(found == before)
            # What comes later is told of while the process runs, again and again.
            for stream in late:
                os.rename(self.path(stream), self.path("live", stream))
                found.append(pipe.readline().rstrip("\n"))
                self.assertNotEqual(found[-1], "", stream)
            self.end()
            found += pipe.read().splitlines()
        self.assertEqual(follower.wait(timeout=30), FINE)
        whole = self.run_tool("events", "--format=json", "live").stdout.splitlines()
        self.assertTrue(sorted(found) == sorted(whole))


class Record(Case):
    def record(self, *arguments, status, **options):
        return self.run_tool("record", *arguments, status=status, **options)

    def test_the_status_is_the_programs_own(self):
        self.record("--", "sh", "-c", "exit 0", status=0)
        self.record("--", "sh", "-c", "exit 7", status=7)
        done = self.record("--", "sh", "-c", "kill -TERM $$", status=128 + 15)
        self.assertIn("'sh' was killed by signal 15 (Terminated)", done.stderr)

    def test_programs_that_cannot_be_run(self):
        self.fails("cannot run './nothing': No such file or directory", "record", "--",
                   "./nothing", status=127)
        with open(self.path("data"), "w", encoding="utf-8"):
            pass
        self.fails("cannot run './data': Permission denied", "record", "--", "./data", status=126)

    def test_the_environment(self):
        show = ["sh", "-c", 'echo "$DEEP_PROFILE|$DEEP_PROFILE_ENV|$DEEP_PROFILE_OUT|$$"']
        folder = os.path.realpath(self.folder)
        out = self.record("--", *show, status=0).stdout.strip().split("|")
        self.assertEqual(out[:2], ["1", ""])
        self.assertEqual(out[2], f"{folder}/deep-profile.{out[3]}")
        out = self.record("-o", "log", "--rules=f*:rate=1", "--env", "prod", "--", *show,
                          status=0).stdout.strip().split("|")
        self.assertEqual(out[:3], ["f*:rate=1", "prod", f"{folder}/log"])
        out = self.record(*show, status=0,
                          env=environment(DEEP_PROFILE="g:rate=1")).stdout.strip().split("|")
        self.assertEqual(out[0], "g:rate=1")
        out = self.record(*show, status=0,
                          env=environment(DEEP_PROFILE="off")).stdout.strip().split("|")
        self.assertEqual(out[0], "1")

    def test_the_programs_options_are_its_own(self):
        done = self.record("echo", "-n", "--format=json", "-o", status=0)
        self.assertEqual(done.stdout, "--format=json -o")

    def test_it_says_where_the_log_is(self):
        refused = ("deep-profile: setting DEEP_PROFILE_CPU_LIMIT was refused: "
                   "'much' is not a rate; '0.8' holds\n")
        make = f'exec "{MAKE_LOG}" basic "$DEEP_PROFILE_OUT" >/dev/null'
        done = self.record("-o", "log", "--", "sh", "-c", make, status=0)
        self.assertEqual(done.stderr, "deep-profile: log: log\n" + refused)
        # Taken: a second program appends its process.
        make = f'exec "{MAKE_LOG}" basic "$DEEP_PROFILE_OUT.77" >/dev/null'
        done = self.record("-o", "log", "--", "sh", "-c", make, status=0)
        self.assertEqual(done.stderr, "deep-profile: log: log.77\n" + refused)
        done = self.record("-o", "other", "--", "true", status=0)
        self.assertEqual(done.stderr, "deep-profile: no log was written; "
                                      "'deep-profile doctor true' may say why\n")

    def test_it_warns_of_variables_that_are_no_settings(self):
        done = self.record("-o", "log", "--", "true", status=0,
                           env=environment(DEEP_PROFILE_EVNTS="x"))
        self.assertIn("deep-profile: DEEP_PROFILE_EVNTS is not a setting; did you mean "
                      "'DEEP_PROFILE_EVENTS'?\n", done.stderr)
        done = self.record("--rules=ture", "--", "true", status=0)
        self.assertIn("DEEP_PROFILE is 'ture', which is neither 1 nor a rule", done.stderr)
        make = f'exec "{MAKE_LOG}" basic "$DEEP_PROFILE_OUT" >/dev/null'
        done = self.record("-o", "log", "--", "sh", "-c", make, status=0,
                           env=environment(DEEP_PROFILE_X="1"))
        self.assertIn("deep-profile: DEEP_PROFILE_X is not a setting\n", done.stderr)

    def test_signals_reach_the_program(self):
        script = "trap 'exit 5' TERM; echo ready; while :; do sleep 0.05; done"
        recorder = subprocess.Popen([TOOL, "record", "--", "sh", "-c", script], cwd=self.folder,
                                    env=environment(), stdout=subprocess.PIPE,
                                    stderr=subprocess.DEVNULL, text=True)
        self.assertEqual(recorder.stdout.readline(), "ready\n")
        recorder.send_signal(signal.SIGTERM)
        self.assertEqual(recorder.wait(timeout=30), 5)
        recorder.stdout.close()


class Doctor(Case):
    """Program files, made as the plugin would leave them."""

    SITES = ('__attribute__((section("deep_profile_sites"), used)) static char sites[64];\n'
             "void deep_profile_enter_call(void);\n")
    USES = "int main(void) { deep_profile_enter_call(); }\n"

    def build(self, name, source, *flags):
        with open(self.path(name + ".c"), "w", encoding="utf-8") as file:
            file.write(source)
        subprocess.run(["gcc", "-w", name + ".c", "-o", name, *flags], cwd=self.folder, check=True)

    def doctor(self, *paths, status=CHECK, **variables):
        return self.run_tool("doctor", *paths, status=status, env=environment(**variables)).stdout

    def test_built_without_the_plugin(self):
        self.build("plain", "int main(void) { return 0; }\n")
        text = self.doctor("./plain", DEEP_PROFILE="1")
        self.assertIn("built without the plugin, or no function of it is annotated", text)

    def test_the_runtime_is_not_linked(self):
        self.build("loose", self.SITES + self.USES, "-Wl,--unresolved-symbols=ignore-all")
        text = self.doctor("./loose", DEEP_PROFILE="1")
        self.assertIn("built with the plugin: 2 annotated functions", text)
        self.assertIn("problem  the runtime is not linked", text)

    def test_all_is_well(self):
        self.build("libdeep_profile.so.0", "void deep_profile_enter_call(void) {}\n", "-shared",
                   "-fPIC", "-Wl,-soname,libdeep_profile.so.0")
        self.build("good", self.SITES + self.USES, "./libdeep_profile.so.0")
        text = self.doctor("./good", status=FINE, DEEP_PROFILE="1")
        self.assertIn("linked with libdeep_profile.so", text)
        self.build("static", self.SITES + "void deep_profile_enter_call(void) {}\n"
                   "void deep_profile_module_load(void) {}\n" + self.USES)
        text = self.doctor("./static", status=FINE, DEEP_PROFILE="1")
        self.assertIn("the runtime is linked in statically", text)
        # A folder of programs; others in it do not matter.
        self.build("plain", "int main(void) { return 0; }\n")
        self.assertIn("./good", self.doctor(".", status=FINE, DEEP_PROFILE="1"))

    def test_the_environment(self):
        self.build("static", self.SITES + "void deep_profile_enter_call(void) {}\n"
                   "void deep_profile_module_load(void) {}\n" + self.USES)
        self.assertIn("problem  DEEP_PROFILE is not set", self.doctor("./static"))
        self.assertIn("problem  DEEP_PROFILE is 'off'", self.doctor("./static", DEEP_PROFILE="off"))
        text = self.doctor("./static", DEEP_PROFILE="1", DEEP_PROFILE_ENV="production",
                           DEEP_PROFILE_TICKS="2ms")
        self.assertIn("DEEP_PROFILE_ENV is 'production'; attributes know dev, test and prod", text)
        self.assertIn("DEEP_PROFILE_TICKS is not a setting", text)
        self.assertRegex(text, r"(?m)^DEEP_PROFILE_TICK +1ms +default$")
        self.assertIn("'pares_*', which is neither 1 nor a rule",
                      self.doctor("./static", DEEP_PROFILE="pares_*"))
        self.doctor("./static", status=FINE, DEEP_PROFILE="parse_*:rate=1",
                    DEEP_PROFILE_OUT="new/folder/log.%p")
        self.assertIn("logs cannot be written: './static' is not a folder",
                      self.doctor("./static", DEEP_PROFILE="1", DEEP_PROFILE_OUT="static/a/log"))

    def test_what_is_wrong_in_the_environment_is_named(self):
        self.build("static", self.SITES + "void deep_profile_enter_call(void) {}\n"
                   "void deep_profile_module_load(void) {}\n" + self.USES)
        text = self.doctor("./static", DEEP_PROFILE="f:rate=1;g:slow=10msec;h:rte=1",
                           DEEP_PROFILE_CHEK_LOAD="false")
        self.assertIn("rule 'g:slow=10msec' of DEEP_PROFILE is left out: '10msec' is not a "
                      "duration such as 10ms; did you mean 'ms'?", text)
        self.assertIn("rule 'h:rte=1' of DEEP_PROFILE is left out: 'rte' is none of rate=, slow=, "
                      "calls, memory and off; did you mean 'rate'?", text)
        self.assertIn("DEEP_PROFILE_CHEK_LOAD is not a setting; did you mean "
                      "'DEEP_PROFILE_CHECK_LOAD'?", text)

    def test_rules_are_compared_with_the_programs_functions(self):
        source = ("struct desc { const char *function, *file; unsigned line, flags, n, zero;"
                  " const void *attributes; };\n"
                  "struct site { long weight, slow; unsigned index, slot; const void *desc; };\n"
                  'static const struct desc one = {"parse_line", "a.c", 1, 0, 0, 0, 0};\n'
                  'static const struct desc two = {"query.part.0", "a.c", 2, 0, 0, 0, 0};\n'
                  '__attribute__((section("deep_profile_sites"), used)) static struct site sites[] ='
                  " {{0, 0, 0, 0, &one}, {0, 0, 0, 0, &two}};\n"
                  "void deep_profile_module_load(void) {}\n" + self.USES +
                  "void deep_profile_enter_call(void) {}\n")
        source = "void deep_profile_enter_call(void);\n" + source
        for flags in (("-fPIE", "-pie"), ("-no-pie",), ("-static",), ("-fPIE", "-pie", "-s")):
            with self.subTest(flags):
                self.build("program", source, *flags)
                text = self.doctor("./program",
                                   DEEP_PROFILE="parse_*:rate=1;query:calls;prase_line:rate=1")
                self.assertIn("rule 'prase_line:rate=1' of DEEP_PROFILE names no function of what "
                              "was looked at; did you mean 'parse_line'?", text)
                self.assertEqual(text.count("names no function"), 1)
                self.doctor("./program", status=FINE, DEEP_PROFILE="parse_?ine:rate=1")

    def test_gated_and_too_rare_calls(self):
        self.make("basic")
        findings = [f["text"] for f in self.json("doctor", "basic", status=CHECK)["findings"]]
        self.assertIn("20 sampled calls were refused by the load gate, which moved 2 times",
                      findings)
        self.make("idle")
        findings = [f["text"] for f in self.json("doctor", "idle", status=CHECK)["findings"]]
        self.assertTrue(any(f.startswith("pay: no call was chosen at rate 0.001: it was called "
                                         "fewer than about 3000 times") for f in findings))

    def test_an_object_file_and_a_program_on_the_path(self):
        self.build("object.o", self.SITES, "-c")
        self.assertIn("note     an object file", self.doctor("object.o", status=FINE,
                                                             DEEP_PROFILE="1"))
        os.mkdir(self.path("bin"))
        self.build("bin/found", "int main(void) { return 0; }\n")
        text = self.doctor("found", DEEP_PROFILE="1",
                           PATH=self.path("bin") + ":" + os.environ["PATH"])
        self.assertIn("/bin/found", text)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
