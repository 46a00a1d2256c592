#!/usr/bin/env python3
"""Runs before a change beside runs after it, from outside: diff.py TOOL MAKE_LOG ROOT MAKE_RUN."""
import os
import subprocess
import sys
import unittest

from case import CHECK, Case, DATA, USAGE

MAKE_RUN = os.path.realpath(sys.argv[4])


class Runs(Case):
    def run_of(self, name, *functions, program="server", pid=1000, parent=1):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        subprocess.run([MAKE_RUN, name, program, str(pid), str(parent), *functions],
                       cwd=self.folder, check=True)
        return name

    def side(self, name, n, *functions, **options):
        """n runs in a folder; {ns} is a little more in each."""
        for i in range(n):
            self.run_of(f"{name}/{i}", *(f.format(ns=1000 + 3 * i) if "{" in f else f
                                         for f in functions),
                        pid=1000 + i, **options)
        return name

    def diff(self, *arguments, status=0):
        return self.json("diff", *arguments, status=status)

    def verdicts(self, *arguments, status=0):
        document = self.diff(*arguments, status=status)
        return {row["function"]: row["verdict"] for row in document["functions"]}


class Verdicts(Runs):
    def test_a_regression_is_an_exit_status(self):
        self.side("a", 5, "query@db.c:200:{ns}", "parse@p.c:200:5000")
        self.side("b", 5, "query@db.c:200:2000", "parse@p.c:200:5000")
        self.assertEqual(self.verdicts("a", "--", "b", status=CHECK),
                         {"query": "regressed", "parse": "unchanged"})
        self.assertEqual(self.verdicts("b", "--", "a"), {"query": "improved", "parse": "unchanged"})
        text = self.run_tool("diff", "a", "--", "b", status=CHECK).stdout
        self.assertRegex(text, r"\A1 regressed, 1 unchanged within 5.00? %\n")
        self.assertRegex(text, r"(?m)^p50 +1.0\d µs|^p50 +1.0\d us")
        self.assertRegex(text, r"query +db\.c:10\n")
        self.assertNotIn("parse", text)

    def test_few_runs_say_how_many_are_enough(self):
        self.side("a", 2, "query@db.c:200:{ns}")
        self.side("b", 2, "query@db.c:200:9000")
        document = self.diff("a", "--", "b")
        self.assertEqual(document["functions"][0]["verdict"], "not_enough_data")
        self.assertEqual(document["functions"][0]["runs_needed"], 5)
        self.assertIsNone(document["functions"][0]["figures"]["p50"]["ratio_low"])
        text = self.run_tool("diff", "a", "--", "b").stdout
        self.assertIn("to find one change among 3 figures of 1 function takes 5 runs a side", text)

    def test_the_line_the_folders_and_the_programs_name_do_not_matter(self):
        self.side("a", 5, "other@o.c", "query@/home/a/src/db.c:200:{ns}")
        self.side("b", 5, "query@/build/b/src/db.c:200:{ns}", program="server-new")
        self.assertEqual(self.verdicts("a", "--", "b"), {"query": "unchanged"})

    def test_two_files_of_one_name_are_two_functions(self):
        for side in "ab":
            self.side(side, 5, f"init@/{side}/net/io.c:200:{{ns}}",
                      f"init@/{side}/disk/io.c:200:{7000 if side == 'b' else 3000}")
        rows = self.diff("a", "--", "b", status=CHECK)["functions"]
        self.assertEqual({row["file"]: row["verdict"] for row in rows},
                         {"net/io.c": "unchanged", "disk/io.c": "regressed"})

    def test_what_is_sampled_is_scaled_up(self):
        self.side("a", 5, "query@db.c:4000:1000:400")
        self.side("b", 5, "query@db.c:8000:1000:400")
        row = self.diff("a", "--", "b", status=CHECK)["functions"][0]
        self.assertTrue(row["estimated"])
        self.assertEqual(row["figures"]["p50"]["verdict"], "unchanged")
        self.assertEqual(row["figures"]["total"]["verdict"], "regressed")
        self.assertAlmostEqual(row["figures"]["total"]["ratio"], 2, places=3)
        self.assertIn("~4.00 ms", self.run_tool("diff", "a", "--", "b", status=CHECK).stdout)

    def test_percentiles_of_a_handful_of_samples_are_not_known(self):
        self.side("a", 5, "query@db.c:4000:1000:9", "all@db.c:9:1000")
        self.side("b", 5, "query@db.c:4000:1000:9", "all@db.c:9:1000")
        rows = {row["function"]: row["figures"] for row in self.diff("a", "--", "b")["functions"]}
        self.assertEqual(rows["query"]["p50"]["before"], [None] * 5)
        self.assertEqual(rows["all"]["p50"]["verdict"], "unchanged")
        self.assertEqual(rows["all"]["p99"]["verdict"], "unknown") # of 9 calls it is the maximum

    def test_totals_for_each_call_of_a_function(self):
        self.side("a", 5, "request@r.c:200:{ns}")
        self.side("b", 5, "request@r.c:400:{ns}")
        self.assertEqual(self.verdicts("a", "--", "b", status=CHECK), {"request": "regressed"})
        self.assertEqual(self.verdicts("a", "--", "b", "--per=request"), {"request": "unchanged"})
        self.fails("no run knows how often 'nobody' was called", "diff", "--per=nobody", "a", "--",
                   "b")

    def test_an_operation_that_the_program_measures(self):
        self.side("a", 5, "main@m.c:1:5000", "checkout@operation:200:{ns}")
        self.side("b", 5, "main@m.c:1:5000", "checkout@operation:200:2000")
        self.assertEqual(self.verdicts("a", "--", "b", "--of=p50", status=CHECK),
                         {"main": "unchanged", "checkout": "regressed"})
        self.assertIn("checkout  (operation)",
                      self.run_tool("diff", "a", "--", "b", status=CHECK).stdout)

    def test_figures_that_do_not_count(self):
        self.side("a", 5, "request@r.c:200:{ns}")
        self.side("b", 5, "request@r.c:400:{ns}")
        self.assertEqual(self.verdicts("a", "--", "b", "--of=p50,p99"), {"request": "unchanged"})

    def test_what_only_one_side_has(self):
        self.side("a", 5, "query@db.c:200:{ns}", "old@o.c:10:1000")
        self.side("b", 5, "query@db.c:200:{ns}", "fresh@n.c:10:1000")
        self.assertEqual(self.verdicts("a", "--", "b"),
                         {"query": "unchanged", "old": "gone", "fresh": "new"})


class TwoFunctions(Runs):
    """Of the same runs. Both become slower by half in the course of each."""

    def compare(self, *arguments):
        return self.diff("--functions=old,new", *arguments)

    def test_stretches_of_one_run_are_pairs(self):
        self.run_of("log", "old@a.c:400:10000", "new@b.c:400:8500")
        document = self.compare("log")
        self.assertEqual((document["pairs_are"], document["runs"]), ("stretches", 1))
        p50 = document["figures"]["p50"]
        self.assertEqual(p50["verdict"], "b_faster")
        self.assertLess(p50["ratio_low"], 0.85)
        self.assertGreater(p50["ratio_high"], 0.85)
        text = self.run_tool("diff", "--functions=old,new", "log").stdout
        self.assertTrue(text.startswith("new is faster than old, by p50\n"), text)
        self.assertIn("calls of one run are correlated", text)

    def test_a_function_beside_its_like(self):
        self.run_of("log", "old@a.c:400:10000", "new@b.c:400:10000")
        self.assertIn(self.compare("log")["figures"]["p50"]["verdict"],
                      ("same", "not_enough_data"))
        self.assertEqual(self.compare("--within=20%", "log")["figures"]["p50"]["verdict"], "same")

    def test_seven_runs_are_pairs_themselves(self):
        self.side("a", 6, "old@a.c:400:{ns}", "new@b.c:400:1500")
        self.assertEqual(self.compare("a")["pairs_are"], "stretches")
        self.side("a", 7, "old@a.c:400:{ns}", "new@b.c:400:1500")
        document = self.compare("a")
        self.assertEqual(document["pairs_are"], "runs")
        self.assertEqual(document["figures"]["p50"]["pairs"], 7)
        self.assertEqual(document["figures"]["p50"]["verdict"], "b_slower")

    def test_a_handful_of_calls_is_not_enough(self):
        self.run_of("log", "old@a.c:60:10000", "new@b.c:60:100")
        self.assertEqual({f["verdict"] for f in self.compare("log")["figures"].values()},
                         {"not_enough_data"})

    def test_what_is_missing_is_said(self):
        self.run_of("log", "old@a.c:60:10000", "new@b.c")
        self.fails("no call of 'new' has a record", "diff", "--functions=old,new", "log")
        for functions in ("old", "old,", ",new", ""):
            self.run_tool("diff", f"--functions={functions}", "log", status=USAGE)
        self.run_tool("diff", "--functions=old,new", "log", "--", "log", status=USAGE)

    def test_names_of_cplusplus(self):
        self.run_of("log", "f<int, long>(int, int)@a.c:400:10000", "g(int, int)@b.c:400:5000")
        document = self.diff("--functions=f<int, long>(int, int),g(int, int)", "log")
        self.assertEqual(document["b"], "g(int, int)")


class WhatARunIs(Runs):
    def test_a_child_belongs_to_its_parents_run(self):
        for side in "ab":
            for i in range(5):
                self.run_of(f"{side}/{i}", "main@m.c:1:9000", pid=100 + 10 * i)
                self.run_of(f"{side}/{i}.child", f"work@w.c:200:{1000 + i}", pid=101 + 10 * i,
                            parent=100 + 10 * i)
                self.run_of(f"{side}/{i}.other", f"work@w.c:200:{1000 + i}", pid=102 + 10 * i,
                            parent=100 + 10 * i)
        document = self.diff("a", "--", "b")
        self.assertEqual([run["processes"] for run in document["before"]], [3] * 5)
        work = next(row for row in document["functions"] if row["function"] == "work")
        self.assertEqual(work["figures"]["total"]["before"],
                         [2 * 200 * (1000.0 + i) for i in range(5)])

    def test_a_file_stands_for_the_logs_that_it_was_made_of(self):
        name = "op\\erator\t<<\n"
        self.side("a", 5, "query@db.c:4000:{ns}:400", f"{name}@x.c:200:4000")
        self.side("b", 5, "query@db.c:4000:{ns}:400", f"{name}@x.c:200:8000")
        self.run_tool("diff", "--save=base.txt", "a")
        saved = self.diff("base.txt", "--", "b", status=CHECK)
        logs = self.diff("a", "--", "b", status=CHECK)
        self.assertEqual(saved, logs)
        self.assertEqual({row["function"]: row["verdict"] for row in saved["functions"]},
                         {"query": "unchanged", name: "regressed"})

    def test_a_file_that_is_none_of_those(self):
        self.side("a", 2, "query@db.c:200:{ns}")
        with open(self.path("notes"), "w", encoding="utf-8") as file:
            file.write("remember the milk\n")
        self.fails("'notes' is a file, and not one that 'diff --save' wrote; .*", "diff", "notes",
                   "--", "a")
        self.run_tool("diff", "--save=base.txt", "a")
        with open(self.path("base.txt"), "a", encoding="utf-8") as file:
            file.write("function\t0\t1\tmany\n")
        self.fails("'base.txt': line 6 is not one .*", "diff", "base.txt", "--", "a")


class CommandLine(Runs):
    def test_both_sides_are_needed(self):
        self.side("a", 2, "query@db.c:200:{ns}")
        for arguments in (["a"], ["--", "a"], ["a", "--"], [], ["--save=x", "a", "--", "a"]):
            done = self.run_tool("diff", *arguments, status=USAGE)
            self.assertIn("diff", done.stderr)

    def test_options_may_stand_on_either_side(self):
        self.side("a", 5, "query@db.c:200:{ns}")
        for arguments in (["--of=p50", "a", "--", "a"], ["a", "--", "a", "--of=p50"],
                          ["a", "--of=p50", "--", "a"]):
            self.assertEqual(self.diff(*arguments)["tests"], 1)

    def test_bad_values(self):
        for option in ("--within=1%", "--within=much", "--within=2000%", "--of=p42", "--of=",
                       "--format=xml", "--top=-1"):
            self.run_tool("diff", option, "a", "--", "a", status=USAGE)
        done = self.run_tool("diff", "a", "--", "b", "--\x1b[31m", status=USAGE)
        self.assertNotIn("\x1b", done.stderr)

    def test_nothing_to_compare(self):
        self.side("a", 2, "query@db.c:200:{ns}")
        self.side("b", 2, "parse@p.c:200:{ns}")
        self.fails("the runs before and after have no function in common .*", "diff", "a", "--",
                   "b")
        self.fails("cannot open 'nowhere': .*", "diff", "a", "--", "nowhere", status=DATA)
        self.run_of("c/0", "query@db.c")
        self.fails("no call was recorded in 'c/0'", "diff", "a", "--", "c")

    def test_markdown_is_harmless(self):
        name = "f|g`<b>\x1b[31m"
        self.side("a", 5, f"{name}@x.c:200:4000")
        self.side("b", 5, f"{name}@x.c:200:8000")
        text = self.run_tool("diff", "a", "--", "b", "--format=markdown", status=CHECK).stdout
        self.assertTrue(text.startswith("### deep-profile: 1 regressed\n"))
        self.assertIn(r"| f\|g\`\<b\>\\x1b\[31m | x.c:10 |", text)
        rows = [line for line in text.splitlines() if line.startswith("|")]
        self.assertEqual(len({line.replace(r"\|", "").count("|") for line in rows}), 1)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
