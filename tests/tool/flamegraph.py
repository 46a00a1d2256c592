#!/usr/bin/env python3
"""deep-profile flamegraph: what it makes of known logs and stacks, and of bad ones."""
import json
import os
import sys
import unittest
import xml.dom.minidom

from case import Case, USAGE

STACKS = "main;a;b 5\nmain;a 2\n\n# a comment\nmain;a;c_[i] 1\nmain;wait_[k] 4\nmain;[unknown 0x12] 3\n"
HOSTILE = ["<script>", "</svg>", "]]>", "a b", "\"'&", "\x01\x1b[31m", "\u202e", "\udcff", "\ufffe",
           "\u2028", "__proto__", "a" * 100000]


class FlameGraph(Case):
    def write(self, text, name="now.folded"):
        with open(self.path(name), "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)
        return name

    def tree(self, *arguments):
        return json.loads(self.run_tool("flamegraph", "--format=json", *arguments).stdout)

    def test_of_recorded_calls(self):
        self.make("basic", "log")
        tree = self.tree("log")
        self.assertEqual(tree["unit"], "ns")
        self.assertTrue(tree["children"])
        self.assertRegex(" ".join(tree["about"]), "recorded call")
        total = sum(child["value"] for child in tree["children"])
        self.assertEqual(tree["value"], total)

    def test_of_samples(self):
        self.make("basic", "log")
        tree = self.tree("--of=blocked", "log")
        self.assertIn("samples of slow calls", " ".join(tree["about"]))
        node = tree
        while node["children"]:
            node = node["children"][0]
        self.assertEqual((node["kind"], node["name"].split(":")[0]), ("wait", "futex"))

    def test_of_text(self):
        tree = self.tree(self.write(STACKS))
        self.assertEqual(tree["value"], 15)
        main = tree["children"][0]
        self.assertEqual([(c["name"], c["value"], c["self"], c.get("kind")) for c in main["children"]],
                         [("a", 8, 2, None), ("wait", 4, 4, "wait"), ("[unknown 0x12]", 3, 3, "unknown")])
        self.assertEqual([c["name"] for c in main["children"][0]["children"]], ["b", "c"])

    def test_folded_text_comes_back_as_it_was(self):
        first = self.run_tool("flamegraph", "--format=folded", self.write(STACKS)).stdout
        again = self.run_tool("flamegraph", "--format=folded", self.write(first, "again")).stdout
        self.assertEqual(first, again)
        self.assertIn("main;a;c_[i] 1\n", first)

    def test_the_ending_decides_the_form(self):
        self.write(STACKS)
        for name, start in (("x.svg", "<?xml"), ("x.html", "<!DOCTYPE"), ("x.json", "{"),
                            ("x.folded", "main"), ("x", "<?xml"), ("x.txt", "<?xml")):
            self.run_tool("flamegraph", "-o", name, "now.folded")
            with open(self.path(name), encoding="utf-8") as file:
                self.assertTrue(file.read().startswith(start), name)
        self.run_tool("flamegraph", "--format=json", "-o", "x.svg", "now.folded")
        with open(self.path("x.svg"), encoding="utf-8") as file:
            json.load(file)

    def test_hostile_names_are_harmless_everywhere(self):
        stacks = self.write("".join(f"main;{name} 1\n" for name in HOSTILE))
        svg = self.run_tool("flamegraph", "--format=svg", stacks).stdout
        self.assertEqual(len(xml.dom.minidom.parseString(svg).getElementsByTagName("script")), 1)
        html = self.run_tool("flamegraph", "--format=html", stacks).stdout
        self.assertEqual(html.lower().count("<script"), 2)
        self.assertEqual(html.lower().count("</script"), 2)
        tree = self.tree(stacks)
        self.assertEqual(len(tree["children"][0]["children"]), len(HOSTILE))
        for text in (svg, html, self.run_tool("flamegraph", "--format=folded", stacks).stdout):
            self.assertFalse(set(text) & {"\x01", "\x1b", "\u202e", "\udcff", "\u2028"})

    def test_comparison(self):
        self.write(STACKS)
        self.write("main;a;b 1\nmain;gone 6\n", "before")
        tree = self.tree("--diff", "before", "now.folded")
        self.assertEqual((tree["value"], tree["before"]), (15, 7))
        found = {c["name"]: (c["value"], c["before"]) for c in tree["children"][0]["children"]}
        self.assertEqual(found["gone"], (0, 6))
        self.assertEqual(found["a"], (8, 1))
        folded = self.run_tool("flamegraph", "--format=folded", "--diff", "before", "now.folded").stdout
        self.assertIn("main;gone 6 0\n", folded)
        self.make("basic", "log")
        self.fails("a log cannot be compared with folded stacks.*", "flamegraph", "--diff", "before",
                   "log", status=USAGE)

    def test_a_folder_of_logs_is_one_picture(self):
        os.mkdir(self.path("logs"))
        self.make("basic", "logs/one")
        one = self.tree("logs/one")["value"]
        self.make("basic", "logs/two")
        both = self.tree("logs")
        self.assertEqual(both["value"], 2 * one)
        self.assertIn("2 processes", both["title"])

    def test_nothing_to_draw(self):
        self.make("idle", "log")
        for of in ("wall", "cpu", "blocked", "bytes", "slow"):
            self.fails(f"nothing to draw in 'log' for --of={of}: .*", "flamegraph", "--of=" + of, "log")
        self.fails("no stack in 'now.folded' has a weight", "flamegraph", self.write("a;b 0\n"))
        self.fails("no stack in 'now.folded' has a weight", "flamegraph", self.write(""))

    def test_bad_text(self):
        for text, line in (("main;a 1\nmain;b\n", 2), ("main -1\n", 1), (" 5\n", 1), ("a 1e3\n", 1),
                           ("a 99999999999999999999999\n", 1), ("a\0b 1\n", 1), ("\x7fELF\n", 1)):
            self.fails(f"'now.folded' is neither a log nor folded stacks: line {line} is not .*",
                       "flamegraph", self.write(text))

    def test_a_file_appears_when_it_is_whole(self):
        self.write(STACKS)
        self.write("kept", "x.svg")
        self.fails("no stack in 'empty' has a weight", "flamegraph", "-o", "x.svg", self.write("", "empty"))
        with open(self.path("x.svg"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "kept")
        self.fails("cannot write 'none/x.svg': No such file or directory", "flamegraph", "-o",
                   "none/x.svg", "now.folded")
        self.run_tool("flamegraph", "-o", "/dev/null", "now.folded")
        os.symlink("x.svg", self.path("link.svg"))
        self.run_tool("flamegraph", "-o", "link.svg", "now.folded")
        self.assertTrue(os.path.islink(self.path("link.svg")))
        with open(self.path("x.svg"), encoding="utf-8") as file:
            self.assertTrue(file.read().startswith("<?xml"))
        self.assertEqual(sorted(n for n in os.listdir(self.folder) if n.startswith(("x", "link"))),
                         ["link.svg", "x.svg"])
        self.fails("cannot write '/dev/full': .*", "flamegraph", "-o", "/dev/full", "now.folded")

    def test_wrong_usage(self):
        for arguments in (["--format=png"], ["--of=time"], ["a", "b"], ["--nothing"]):
            self.run_tool("flamegraph", *arguments, status=USAGE)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
