#!/usr/bin/env python3
"""What was called below a call of strategy call_graph or time: how often, through whom.

Run by Meson: trees.py DEEP_PROFILE_CC DEEP_PROFILE [TEST...]. Every count is exact.
"""
import os
import shutil
import sys
import tempfile
import unittest

import dp

CC, TOOL = (os.path.abspath(path) for path in sys.argv[1:3])
SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs/trees.c")


class Trees(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="deep-profile-trees-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)

    def build(self, *flags):
        path = f"{self.folder}/trees{''.join(flags)}"
        if not os.path.exists(path):
            dp.run(CC, "-O2", "-g", "-pthread", SOURCE, *flags, "-o", path)
        return path

    def profile(self, mode, *flags, **variables):
        """The trees, in the order in which their calls ended: of each its header's measurements,
        and for each way from the call down, as names, how many calls there were."""
        out = tempfile.mkdtemp(dir=self.folder)
        self.log = f"{out}/log"
        env = dp.environment(DEEP_PROFILE="1", DEEP_PROFILE_OUT=self.log, **variables)
        dp.run(self.build(*flags), mode, env=env)
        trees, ways = [], {}
        for event in dp.events(TOOL, self.log):
            what, of = event["event"], event["metadata"]
            if what == "profiler.call_tree":
                ways = {}
                trees.append((event["measurements"], ways, {}))
            elif what == "profiler.call_tree_node":
                names = trees[-1][2]
                above = names[of["parent"]] + " " if of["node"] else ""
                names[of["node"]] = way = above + of["function"]
                self.assertNotIn(way, ways)
                ways[way] = event["measurements"]["calls"]
                self.assertLessEqual(event["measurements"]["callees_ns"],
                                     event["measurements"]["total_ns"])
        return [(header, ways) for header, ways, _ in trees]

    EVERY_KIND = {"asks": 1, "asks watched": 3, "asks watched recorded": 3,
                  "asks watched recorded seldom": 6, "asks off": 3, "asks off counted": 3}

    def test_calls_of_every_kind_are_in_the_tree_and_count_as_without_it(self):
        [(header, ways)] = self.profile("kinds")
        self.assertEqual(ways, self.EVERY_KIND)
        self.assertEqual((header["left_out"], header["left"]), (0, 0))
        nodes = {e["metadata"]["node"]: e for e in dp.events(TOOL, self.log)
                 if e["event"] == "profiler.call_tree_node"}
        below = dict.fromkeys(nodes, 0)
        for number, node in nodes.items():
            if number:
                below[node["metadata"]["parent"]] += node["measurements"]["total_ns"]
        self.assertEqual(below, {number: node["measurements"]["callees_ns"]
                                 for number, node in nodes.items()})
        found = {f["function"]: f for f in dp.report(TOOL, self.log)["functions"]}
        self.assertEqual(found["counted"]["counted"], 3)
        self.assertEqual(found["recorded"]["sampled"], 3)
        self.assertNotIn("off", found)
        self.assertNotIn("slow", found.get("watched", {}))

    def test_the_report_shows_it(self):
        self.profile("kinds")
        text = dp.run(TOOL, "report", self.log).stdout
        self.assertRegex(text, r"Calls below the slowest calls\nasks, ")
        [slow] = dp.report(TOOL, self.log)["slow_operations"]
        calls = [(c["depth"], c["function"], c["calls"]) for c in slow["tree"]["calls"]]
        self.assertEqual(sorted(calls), sorted((way.count(" "), way.split()[-1], n)
                                               for way, n in self.EVERY_KIND.items()))

    def test_no_gate_is_held_open_afterwards(self):
        self.profile("kinds")
        self.assertLess(dp.report(TOOL, self.log)["overhead"]["slow_paths"], 1000)

    def test_in_whole_program_mode_functions_that_nobody_annotated_are_in_it(self):
        [(_, ways)] = self.profile("kinds", "-fdeep-profile=all")
        expected = {way.replace("asks ", "asks every_kind "): n for way, n in self.EVERY_KIND.items()}
        self.assertEqual(ways, {**expected, "asks every_kind": 1})
        self.assertLess(dp.report(TOOL, self.log)["overhead"]["slow_paths"], 1000)

    def test_a_site_inside_itself(self):
        """Each call has its own tree; the outer one's has the calls of both branches as one."""
        trees = self.profile("nested")
        self.assertEqual(len(trees), 15)
        below = lambda depth: {way: n for k in range(depth + 1) for way, n in
                               ((" ".join(["asks"] * (k + 1)), 2 ** k),
                                (" ".join(["asks"] * (k + 1) + ["counted"]), 2 ** k))}
        depths = [0, 0, 1, 0, 0, 1, 2]
        self.assertEqual([ways for _, ways in trees], [below(d) for d in depths + depths + [3]])

    def test_what_has_no_room_is_counted(self):
        [(header, ways)] = self.profile("deep")
        self.assertEqual(sum(ways.values()) - 1 + header["left_out"], 2000)
        self.assertGreater(header["left_out"], 0)
        [(header, ways)] = self.profile("many")
        self.assertEqual(sum(ways.values()) - 1 + header["left_out"], 2 ** 14 - 1)
        self.assertGreater(header["left_out"], 0)
        self.assertIn(f"{header['left_out']} calls are left out", dp.run(TOOL, "report", self.log).stdout)

    def test_calls_that_are_left_by_longjmp(self):
        [(header, ways)] = self.profile("left")
        self.assertEqual(ways, {"asks": 1, "asks jumps": 1, "asks jumps counted": 1,
                                "asks watched": 2, "asks watched recorded": 2,
                                "asks watched recorded seldom": 4})
        self.assertEqual(header["left"], 1)

    def test_the_call_itself_is_left(self):
        self.assertEqual(self.profile("itself"), [])
        self.assertLess(dp.report(TOOL, self.log)["overhead"]["slow_paths"], 1000)

    def test_a_thread_that_ends_inside(self):
        [(_, ways)] = self.profile("thread")
        self.assertEqual(ways["asks watched"], 1)

    def test_a_child_that_is_forked_inside(self):
        [(_, ways)] = self.profile("fork")
        self.assertEqual(ways, {"asks": 1, "asks watched": 2, "asks watched recorded": 2,
                                "asks watched recorded seldom": 4})

    def test_of_calls_that_are_profiled_by_rate(self):
        trees = self.profile("time")
        self.assertEqual([ways for _, ways in trees], 3 * [{"chosen": 1, "chosen counted": 1}])
        [first, *_] = dp.report(TOOL, self.log)["calls_below"]
        self.assertEqual((first["function"], first["calls"]), ("chosen", 3))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
