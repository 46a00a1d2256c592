#!/usr/bin/env python3
"""The tool on the log of a real program, through plugin and runtime.

Run by Meson: real.py DEEP_PROFILE DEEP_PROFILE_CC. What the verbs say must
agree with what the program did, with its sink of events, and with babeltrace2.
"""
import collections
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

TOOL, CC = (os.path.realpath(path) for path in sys.argv[1:3])
SOURCE = os.path.join(os.path.dirname(os.path.realpath(__file__)), "real.c")
OPTIONS_PAGE = os.path.join(os.path.dirname(SOURCE), "../../docs/options.md")
FINE, CHECK, _, DATA = range(4)


def environment(**variables):
    env = {key: value for key, value in os.environ.items() if not key.startswith("DEEP_PROFILE")}
    if "HOST_CC" in env:
        env["DEEP_PROFILE_CC"] = env["HOST_CC"]
    return {**env, "LC_ALL": "C", "COLUMNS": "1000", "DEEP_PROFILE_CHECK_LOAD": "false",
            **variables}


class Real(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="deep-profile-real-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        subprocess.run([CC, "-O2", "-g", "-pthread", SOURCE, "-o", cls.folder + "/real"],
                       check=True, env=environment())
        cls.record("log", DEEP_PROFILE_EVENTS=cls.folder + "/sink", DEEP_PROFILE_SEED="1")

    @classmethod
    def record(cls, log, *arguments, status=0, **variables):
        done = subprocess.run([TOOL, "record", "-o", log, "--", "./real", *arguments],
                              cwd=cls.folder, env=environment(**variables), check=False,
                              stderr=subprocess.PIPE, text=True)
        if done.returncode != status or f"deep-profile: log: {log}\n" not in done.stderr:
            raise AssertionError((done.returncode, done.stderr))

    def tool(self, *arguments, status=FINE):
        done = subprocess.run([TOOL, *arguments], cwd=self.folder, env=environment(), check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, status, (arguments, done.stdout, done.stderr))
        return done.stdout

    def report(self, log):
        return json.loads(self.tool("report", "--format=json", log))

    def events(self, log):
        return [json.loads(line)
                for line in self.tool("events", "--format=json", log).splitlines()]

    def babeltrace(self, log):
        done = subprocess.run(["babeltrace2", log], cwd=self.folder, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return collections.Counter(re.findall(r"^\[.*?\] \(.*?\) (\w+): ",
                                              done.stdout.decode(errors="replace"), flags=re.M))

    def test_figures_agree_with_what_the_program_did(self):
        report = self.report("log")
        self.assertEqual(report["phase"], "finished")
        self.assertEqual(report["damage"]["places"], 0)
        functions = {f["function"]: f for f in report["functions"]}
        self.assertEqual(functions["counted"]["counted"], 60000)
        self.assertEqual((functions["allocate"]["estimated_calls"], functions["allocate"]["exact"]),
                         (20, True))
        self.assertEqual(functions["allocate"]["memory"]["allocations"], 20)
        self.assertEqual(functions["keep"]["memory"]["calls"], 2)
        self.assertEqual(functions["leave"]["exceptions"], 1)
        slow, maybe = (functions["nap"].get(key, 0) for key in ("slow", "maybe_slow"))
        self.assertLessEqual(slow + maybe, 3)
        if not report["loss"]["tick_late"]: # else some may not have been seen
            self.assertEqual(slow, 3)
            self.assertGreaterEqual(functions["nap"]["slow_max_ns"], 20000000 - 1000000)
        self.assertNotIn("elsewhere", functions)
        # Six standard deviations: 1.96 of them are the interval's half.
        for name in ("chosen", "pay"):
            function = functions[name]
            half = function["estimated_calls_high"] - function["estimated_calls"]
            self.assertLess(abs(function["estimated_calls"] - 60000), half / 1.96 * 6)
            self.assertFalse(function["exact"])
            self.assertLessEqual(function["p50_ns"], function["p99_ns"])
            self.assertLessEqual(function["p99_ns"], function["max_ns"])

    def test_the_memory_table_shows_as_many_as_asked_for(self):
        largest = max(self.report("log")["functions"],
                      key=lambda f: (f.get("memory") or {}).get("allocated_bytes", 0))
        text = self.tool("report", "--top", "1", "log")
        table = text[text.index("\nMemory allocated "):].splitlines()[2:]
        self.assertIn(f" {largest['function']} ", table[1])
        self.assertEqual(table[2], "and 1 more (--top 0 shows all)")

    def test_a_head_tells_of_a_program_that_does_little_but_record(self):
        with open(self.folder + "/tiny.c", "w", encoding="utf-8") as file:
            file.write("""#include <deep_profile.h>
DEEP_PROFILE(rate=1) __attribute__((noinline)) void tiny(void) { __asm__ volatile(""); }
int main(int argc, char **argv)
{
    for (int i = 0; i < (argc > 1 ? 100000000 : 2000000); i++)
        tiny();
}
""")
        subprocess.run([CC, "-O2", "tiny.c", "-o", "tiny"], cwd=self.folder, check=True,
                       env=environment())
        subprocess.run([TOOL, "record", "-o", "much", "--", "./tiny"], cwd=self.folder,
                       env=environment(), check=True, stderr=subprocess.DEVNULL)
        self.assertRegex(self.tool("report", "much"), r"\n  cost +much was recorded: \d")
        subprocess.run([TOOL, "record", "-o", "little", "-r", "tiny:rate=0.0001", "--", "./tiny",
                        "long"], cwd=self.folder, env=environment(), check=True,
                       stderr=subprocess.DEVNULL)
        self.assertNotIn("much was recorded", self.tool("report", "little"))

    def test_events_are_those_of_the_sink(self):
        with open(self.folder + "/sink", encoding="utf-8") as lines:
            sink = [json.loads(line) for line in lines]
        events = self.events("log")
        for event in sink + events:
            event["metadata"].pop("thread", None)
            # The runtime knows no names, and a reason's record comes after the call's.
            for key in ("reason", "frames", "holder_frames"):
                event.pop(key, None)

        def counted(found):
            return collections.Counter(json.dumps(event, sort_keys=True) for event in found)
        # Not assertEqual: it would compare a hundred thousand lines for hours.
        only_sink, only_tool = counted(sink) - counted(events), counted(events) - counted(sink)
        self.assertFalse(only_sink, list(only_sink)[:3])
        if not self.report("log")["loss"]["sink"]: # exit() does not wait for too slow a machine
            self.assertFalse(only_tool, list(only_tool)[:3])
        times = [e["time_unix_ns"] for e in events if e["event"] != "profiler.start"]
        self.assertTrue(all(a <= b for a, b in zip(times, times[1:])))

    def test_events_name_files_by_what_tells_them_apart(self):
        text = self.tool("events", "log")
        self.assertIn("allocate (real.c:", text)
        self.assertNotIn("/real.c", text)
        self.assertEqual(len(text.splitlines()),
                         len([line for line in text.splitlines() if line.startswith("20")]))

    def test_babeltrace_counts_the_same_records(self):
        records = self.babeltrace("log")
        events = collections.Counter(e["event"] for e in self.events("log"))
        self.assertEqual(sum(records.values()), self.report("log")["records"])
        self.assertEqual(events["profiler.stop"],
                         records["call"] + records["call_wide"] + records["call_memory"])
        self.assertEqual(events["profiler.production"],
                         records["production"] + records["production_wide"])
        self.assertEqual(events["profiler.exception"], records["exception"])
        self.assertEqual(events["profiler.complete"], 20)
        self.assertEqual(events["profiler.memory"], 1)
        self.assertEqual(records["site"], 9)

    def test_sites_and_doctor_tell_of_the_other_environment(self):
        sites = {s["function"]: s for s in
                 json.loads(self.tool("sites", "--format=json", "log"))["sites"]}
        self.assertEqual(len(sites), 9)
        self.assertEqual(sites["elsewhere"]["attributes"][0]["state"], "wrong_env")
        self.assertEqual(sites["chosen"]["attributes"][0]["rate"], 0.2)
        self.assertIn("elsewhere: profile is not for the environment 'dev'",
                      self.tool("doctor", "log", status=CHECK))
        self.assertIn("built with the plugin: 9 annotated functions",
                      self.tool("doctor", "./real"))

    def test_misspelt_rules_are_reported(self):
        self.record("misspelt", DEEP_PROFILE="chosn:rate=1; chosen:rate=0.5;*where:rat=1;else*:calls")
        for verb, status in ("report", FINE), ("doctor", CHECK):
            text = self.tool(verb, "misspelt", status=status)
            self.assertIn("rule 'chosn:rate=1' names no function of this process", text)
            self.assertIn("rule '*where:rat=1' of DEEP_PROFILE was left out", text)
            self.assertEqual(text.count(" rule '"), 2)

    def test_runtime_record_and_doctor_read_one_grammar(self):
        """Every word for on and off that the page of options names, and words that are none."""
        with open(OPTIONS_PAGE, encoding="utf-8") as page:
            off, on = re.search(r"Unset, empty, (.*): off\. (.*): on,", page.read()).groups()
        off, on = (re.findall(r"`([^`]+)`", words) for words in (off, on))
        self.assertLessEqual({"0", "off", "false", "no"}, set(off))
        self.assertLessEqual({"1", "on", "true", "yes"}, set(on))
        with open(self.folder + "/word.c", "w", encoding="utf-8") as file:
            file.write("#include <deep_profile.h>\n"
                       "DEEP_PROFILE(rate=1)\nint main(void)\n{\n    return 0;\n}\n")
        subprocess.run([CC, "word.c", "-o", "word"], cwd=self.folder, check=True, env=environment())
        for words, runs, recorded in (on, True, True), (off + ["", " no "], False, True), \
                ([word.upper() for word in off], False, True), (["onn", "yess"], True, False):
            for word in words:
                log = self.folder + "/of-word"
                env = environment(DEEP_PROFILE=word)
                subprocess.run("./word", cwd=self.folder, check=True,
                               env={**env, "DEEP_PROFILE_OUT": log})
                self.assertEqual(os.path.exists(log), runs, word)
                doctor = subprocess.run([TOOL, "doctor", "./word"], cwd=self.folder, env=env,
                                        check=False, stdout=subprocess.PIPE, text=True)
                self.assertEqual("profiling is off" in doctor.stdout, not runs or not recorded,
                                 (word, doctor.stdout))
                self.assertEqual(doctor.returncode, FINE if recorded else CHECK, word) # off: a note
                shutil.rmtree(log, ignore_errors=True)
                done = subprocess.run([TOOL, "record", "-o", log, "--", "./word"], cwd=self.folder,
                                      env=env, check=True, stderr=subprocess.PIPE, text=True)
                self.assertTrue(os.path.exists(log), (word, done.stderr))
                self.assertEqual("was not profiled: DEEP_PROFILE is" in done.stderr, not recorded,
                                 done.stderr)
                report = subprocess.run([TOOL, "report", log], check=False, stdout=subprocess.PIPE,
                                        text=True, env=environment()).stdout
                self.assertEqual("which is neither 1 nor a rule" in report, not recorded, report)
                shutil.rmtree(log, ignore_errors=True)
        for word in off: # asked for with an option, off is obeyed, and said
            done = subprocess.run([TOOL, "record", "--rules", word, "-o", "none", "--", "./word"],
                                  cwd=self.folder, env=environment(), check=True,
                                  stderr=subprocess.PIPE, text=True)
            self.assertIn(f"DEEP_PROFILE is '{word}': profiling is off", done.stderr)

    def test_streams_alone_give_the_same_figures(self):
        shutil.copytree(self.folder + "/log", self.folder + "/streams")
        shutil.rmtree(self.folder + "/streams/state")
        whole = {f["function"]: f for f in self.report("log")["functions"]}
        alone = {f["function"]: f for f in self.report("streams")["functions"]}
        for name in ("chosen", "pay", "allocate"):
            for key in ("estimated_calls", "sampled", "total_ns", "min_ns", "max_ns", "p50_ns",
                        "p99_ns"):
                self.assertEqual(whole[name][key], alone[name][key], (name, key))
        self.assertEqual(whole["counted"]["counted"], alone["counted"]["counted"])

    def ended_badly(self, how, status):
        self.record(how, how, status=status)
        report = self.report(how)
        self.assertEqual(report["phase"], "killed")
        self.assertEqual(report["damage"]["places"], 0)
        self.assertEqual({f["function"]: f for f in report["functions"]}["counted"]["counted"],
                         60000)
        before = self.babeltrace(how)
        self.assertEqual(sum(before.values()), report["records"])
        self.tool("recover", how)
        self.assertIn("nothing to do", self.tool("recover", how))
        self.assertEqual(self.babeltrace(how), before)

    def test_a_program_that_is_killed(self):
        self.ended_badly("kill", 128 + signal.SIGKILL)

    def test_a_program_that_calls_exit_behind_our_back(self):
        self.ended_badly("_exit", 3)

    def test_a_program_that_hangs_and_is_killed(self):
        program = subprocess.Popen([self.folder + "/real", "hang"], cwd=self.folder,
                                   env=environment(DEEP_PROFILE="1", DEEP_PROFILE_OUT="hang"))
        self.addCleanup(program.wait)
        self.addCleanup(program.kill)
        deadline = time.monotonic() + 60
        while True:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
            if not os.path.exists(self.folder + "/hang/state/process"):
                continue
            done = subprocess.run([TOOL, "events", "--format=json", "hang"], cwd=self.folder,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                  check=False, env=environment())
            in_flight = [e for e in map(json.loads, done.stdout.splitlines())
                         if e["metadata"].get("in_flight") and e["metadata"]["tid"] == program.pid]
            if in_flight:
                break
        report = self.report("hang")
        self.assertEqual((report["phase"], report["pid"]), ("running", program.pid))
        self.assertIn("nap", [o["function"] for o in report["open_calls"]])
        self.assertIn("running", self.tool("top", "hang"))
        self.tool("recover", "hang", status=CHECK)
        program.kill()
        program.wait()
        report = self.report("hang")
        self.assertEqual(report["phase"], "killed")
        self.assertIn(("nap", True), [(s["function"], s["in_flight"])
                                      for s in report["slow_operations"]])
        self.assertIn("nap", [o["function"] for o in report["open_calls"]])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
