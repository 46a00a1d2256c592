#!/usr/bin/env python3
"""babeltrace2 reads the same records, also of what recover has mended."""
import os
import re
import struct
import subprocess
import sys
import unittest

from case import Case, ROOT, environment


class Babeltrace(Case):
    """An independent reader finds in a log what was written, as it lies."""

    FIELDS = {"u8": "B", "u32": "I", "i32": "i", "u64": "Q", "i64": "q"}

    @classmethod
    def setUpClass(cls):
        """The events, read from events.def without the headers that use it."""
        with open(f"{ROOT}/include/deep_profile/events.def", encoding="utf-8") as file:
            text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
        cls.shapes = {}
        for name, body in re.findall(r"DP_EVENT\(\d+, (\w+),(.*?)DP_EVENT_END", text, flags=re.S):
            body = re.sub(r"DP_ENUM\(\w+,", "DP_FIELD(u32,", body)
            cls.shapes[name] = {
                "fields": re.findall(r"DP_FIELD\((\w+), (\w+)", body),
                "bits": re.findall(r"DP_BITS\((\w+), (\w+)", body),
                "arrays": re.findall(r"DP_ARRAY\((\w+), (\w+), (\w+)", body),
                "texts": re.findall(r"DP_TEXT\((\w+)", body)}

    def fields_of(self, event, payload):
        """The payload's integers by name; its texts too, where they are plain.

        Not the empty ones: babeltrace2 2.0 shows an earlier event's instead."""
        shape = self.shapes[event]
        if shape["bits"]:
            word, = struct.unpack("<I", payload)
            return {"site": word & 0xfff, "duration_ns": word >> 12}
        layout = "<" + "".join(self.FIELDS[kind] for kind, _ in shape["fields"])
        values = dict(zip((name for _, name in shape["fields"]),
                          struct.unpack_from(layout, payload)))
        at = struct.calcsize(layout)
        for kind, name, length in shape["arrays"]:
            elements = f"<{values[length]}{self.FIELDS[kind]}"
            values[name] = list(struct.unpack_from(elements, payload, at))
            at += struct.calcsize(elements)
        strings = payload[at:].split(b"\0")[:-1]
        self.assertEqual(len(strings), len(shape["texts"]))
        values.update((name, string.decode()) for name, string in zip(shape["texts"], strings)
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
        if isinstance(value, list):
            array = re.search(rf"\b{name} = \[ ((?:\[\d+\] = \w+(?:, )?)*) ?\]", fields)[1]
            return [int(n, 0) for n in re.findall(r"= (\w+)", array)] == value
        found = re.search(rf"\b{name} = (?:\( .*? : container = )?(0x[0-9a-fA-F]+|-?\d+)\b", fields)
        return found is not None and int(found[1], 0) == value

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


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
