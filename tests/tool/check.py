#!/usr/bin/env python3
"""Targets and baselines: check.py TOOL MAKE_LOG ROOT MAKE_RUN."""
import json
import os
import re
import subprocess
import sys
import unittest

import yaml

from case import CHECK, Case, DATA, ROOT, TOOL, USAGE

MAKE_RUN = os.path.realpath(sys.argv[4])


class Targets(Case):
    def run_of(self, name, *functions, pid=1000):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        subprocess.run([MAKE_RUN, name, "server", str(pid), "1", *functions], cwd=self.folder,
                       check=True)
        return name

    def write(self, *lines):
        with open(self.path("targets"), "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")

    def outcomes(self, *lines, logs=("log",)):
        """The targets' outcomes, and that the exit status fits them."""
        self.write(*lines)
        done = subprocess.run([TOOL, "check", "targets", *logs, "--format=json"], cwd=self.folder,
                              check=False, stdout=subprocess.PIPE, text=True)
        rows = json.loads(done.stdout)["targets"]
        outcomes = [row["outcome"] for row in rows]
        self.assertEqual(done.returncode,
                         0 if set(outcomes) <= {"met"} else CHECK, outcomes)
        return outcomes


class Outcomes(Targets):
    def test_figures_of_calls_that_all_were_timed(self):
        # 200 calls of 5 us in a process that ran for 2 s
        self.run_of("log", "query@db.c:200:5000")
        self.assertEqual(self.outcomes(
            "p50(query) < 6us", "p99(query) < 4us", "max(query) <= 5us", "max(query) < 5us",
            "mean(query) == 5us", "total(query) == 1ms", "calls(query) == 200", "calls(query) != 200",
            "rate(query) > 99/s", "rate(query) >= 6000/min", "rate(query) > 101",
            "exceptions(query) < 0.1%", "exceptions(query) == 0", "wall <= 2s", "cpu < 1.1s",
            "lost == 0", "", "# no target", "   p99.9(query) < 1ms   # one"),
            ["met", "not_met", "met", "not_met", "met", "met", "met", "not_met", "met", "met",
             "not_met", "met", "met", "met", "met", "met", "met"])

    def test_what_is_not_known_is_not_met(self):
        self.run_of("log", "query@db.c:4000:5000:40", "few@db.c:4000:5000:4")
        self.assertEqual(self.outcomes(
            "p99(nobody) < 1s", "p50(few) < 1s", "slow(query) == 0", "allocated(query) < 1GB",
            "memory < 1000GB", "max(query) < 1s", "exceptions(query) == 0"),
            ["unknown", "undecided"] + ["unknown"] * 3 + ["undecided"] * 2)

    def test_an_estimate_decides_where_its_interval_is_on_one_side(self):
        self.run_of("log", "query@db.c:40000:5000:400")
        row = self.json_of("calls(query) < 1")
        self.assertLess(row["low"], 40000)
        self.assertGreater(row["high"], 40000)
        self.assertEqual(self.outcomes(
            f"calls(query) < {row['high'] + 10:.0f}", f"calls(query) < {row['low'] - 10:.0f}",
            "calls(query) < 40001", "calls(query) > 39999", "calls(query) == 40000"),
            ["met", "not_met", "undecided", "undecided", "undecided"])

    def test_a_count_is_shown_with_each_digit(self):
        self.run_of("log", "query@db.c:123456:5000")
        self.write("calls(query) == 123456")
        done = subprocess.run([TOOL, "check", "targets", "log"], cwd=self.folder, check=True,
                              stdout=subprocess.PIPE, text=True)
        self.assertRegex(done.stdout, r"== 123456 +123456\b")

    def json_of(self, line):
        self.write(line)
        return self.json("check", "targets", "log", status=CHECK)["targets"][0]

    def test_a_function_that_was_never_called(self):
        # One is seen at each call, the other at one in a hundred.
        self.run_of("log", "fallback@f.c", "main@m.c:1:5000")
        self.assertEqual(self.outcomes("calls(fallback) == 0", "rate(fallback) < 1/s",
                                       "p99(fallback) < 1s"), ["met", "met", "unknown"])
        row = self.json_of("p99(fallback) < 1s")
        self.assertEqual(row["why"], "it was never called")

    def test_each_log_and_each_function_that_fits(self):
        self.run_of("a", "parse_x@p.c:200:5000", "parse_y@p.c:200:6000")
        self.run_of("b", "parse_x@p.c:200:9000", pid=1001)
        self.assertEqual(self.outcomes("max(parse_*) <= 8us", logs=["a"]), ["met"])
        self.assertEqual(self.outcomes("max(parse_*) <= 5.5us", logs=["a"]), ["not_met"])
        self.assertEqual(self.outcomes("max(parse_*) <= 8us", logs=["a", "b"]), ["not_met"])
        self.write("max(parse_*) <= 8us")
        text = self.run_tool("check", "targets", "a", "b", status=CHECK).stdout
        self.assertRegex(text, r"not met +max\(parse_\*\) <= 8us +9\.00 us +parse_x, b\n")

    def test_names_of_cplusplus(self):
        self.run_of("log", "Table::find(std::function<int (int)>) const@t.cc:200:5000")
        self.assertEqual(self.outcomes("calls(Table::find(std::function<int (int)>) const) == 200"),
                         ["met"])

    def test_an_operation_that_the_program_measures(self):
        self.run_of("log", "main@m.c:1:5000", "checkout@operation:200:5000")
        self.assertEqual(self.outcomes("p99(checkout) < 6us", "max(checkout) < 5us",
                                       "rate(checkout) > 99/s", "calls(check*) == 200",
                                       "slow(checkout) == 0", "exceptions(checkout) == 0"),
                         ["met", "not_met", "met", "met", "unknown", "unknown"])

    def test_a_baseline(self):
        for i in range(5):
            self.run_of(f"before/{i}", f"query@db.c:200:{1000 + i}", pid=100 + i)
            self.run_of(f"same/{i}", f"query@db.c:200:{1000 + i}", pid=100 + i)
            self.run_of(f"after/{i}", f"query@db.c:200:{2000 + i}", pid=100 + i)
        self.run_tool("diff", "--save=base", "before")
        self.write("p99(query) < 1s")
        self.run_tool("check", "targets", "after")
        for baseline in ("before", "base"):
            self.run_tool("check", f"--baseline={baseline}", "targets", "same")
            done = self.run_tool("check", f"--baseline={baseline}", "targets", "after",
                                 status=CHECK)
            self.assertIn("1 target: 1 met", done.stdout)
            self.assertIn("1 regressed", done.stdout)
        document = self.json("check", "--baseline=base", "targets", "after", status=CHECK)
        self.assertEqual(document["baseline"]["functions"][0]["verdict"], "regressed")


class CommandLine(Targets):
    def test_mistakes_are_shown_where_they_are(self):
        self.run_of("log", "query@db.c:200:5000")
        for line, column, message in [
                ("p9(query) < 8ms", 1, "no figure 'p9'"),
                ("latency(query) < 8ms", 1, "no figure 'latency'"),
                ("\tp99(query < 8ms", 5, "this ( is not closed"),
                ("p99 < 8ms", 5, "p99 is of a function: p99(function)"),
                ("p99() < 8ms", 5, "the name of a function is expected here"),
                ("wall(query) < 8ms", 5, "wall is of the process, not of a function"),
                ("p99(query) = 8ms", 12, "<, <=, >, >=, == or != is expected here"),
                ("p99(query) < fast", 14, "a time is expected here, as 8ms"),
                ("p99(query) < 8ms x", 14, "a time is expected here, as 8ms"),
                ("rate(query) > 10/fortnight", 15, "a rate is expected here, as 10000/s"),
                ("memory < 8ms", 10, "a size is expected here, as 25MB"),
                ("lost < 1%", 8, "a number is expected here"),
                ("< 8ms", 1, "a figure is expected here")]:
            with self.subTest(line):
                self.write("p99(query) < 8ms", line)
                done = self.run_tool("check", "targets", "log", status=USAGE)
                self.assertEqual(done.stdout, "")
                first, shown, caret = done.stderr.splitlines()
                self.assertTrue(first.startswith(f"deep-profile: targets:2:{column}: {message}"),
                                first)
                self.assertEqual(shown, "    " + line)
                self.assertEqual(len(caret), 4 + column)
                self.assertEqual(caret[-1], "^")

    def test_hostile_files_are_harmless(self):
        self.run_of("log", "query@db.c:200:5000")
        self.write("p99(\x1b[31mquery) < x")
        self.assertNotIn("\x1b", self.run_tool("check", "targets", "log", status=USAGE).stderr)
        with open(self.path("targets"), "wb") as file:
            file.write(bytes(range(256)) * 40)
        self.run_tool("check", "targets", "log", status=USAGE)

    def test_what_is_missing_is_said(self):
        self.run_of("log", "query@db.c:200:5000")
        self.run_tool("check", status=USAGE)
        self.run_tool("check", "targets", status=USAGE)
        self.fails("cannot open 'targets': No such file or directory", "check", "targets", "log")
        self.write("lost == 0")
        self.fails("cannot open 'nowhere': .*", "check", "targets", "nowhere", status=DATA)
        self.run_tool("check", "targets", "log", "--format=xml", status=USAGE)

    def test_markdown(self):
        self.run_of("log", "query@db.c:200:5000")
        self.write("p99(query) < 1us")
        text = self.run_tool("check", "targets", "log", "--format=markdown", status=CHECK).stdout
        self.assertTrue(text.startswith("### deep-profile: 1 target: 1 not met\n\n|"))
        self.assertIn(r"| not met | p99(query) \< 1us |", text)


class Recipes(unittest.TestCase):
    """The recipes of docs/comparing.md."""

    def recipes(self):
        with open(os.path.join(ROOT, "docs/comparing.md"), encoding="utf-8") as page:
            return [yaml.safe_load(text)
                    for text in re.findall(r"^```yaml\n(.*?)^```", page.read(), re.S | re.M)]

    def scripts(self):
        github, gitlab = self.recipes()
        yield from (step["run"] for step in github["jobs"]["compare"]["steps"] if "run" in step)
        yield from gitlab["performance"]["before_script"] + gitlab["performance"]["script"]

    def test_their_scripts_are_shell(self):
        scripts = list(self.scripts())
        self.assertGreater(len(scripts), 8)
        for script in scripts:
            with self.subTest(script):
                subprocess.run(["sh", "-n", "-c", script], check=True)

    def test_what_they_call_is_there(self):
        calls = re.findall(r"deep-profile (\w+) ([^>|]*)", "\n".join(self.scripts()))
        self.assertEqual([verb for verb, _ in calls], ["diff", "check"] * 2)
        for verb, arguments in calls:
            help_text = subprocess.run([TOOL, verb, "--help"], check=True, text=True,
                                       stdout=subprocess.PIPE).stdout
            for option in re.findall(r"--[a-z]+", arguments):
                self.assertIn(option, help_text)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
