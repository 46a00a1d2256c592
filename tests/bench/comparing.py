#!/usr/bin/env python3
"""How often `deep-profile diff` is wrong about a real program, and whether it finds 10 %.

    comparing.py DEEP_PROFILE DEEP_PROFILE_CC [--groups N] [--runs N] [--folder FOLDER]

examples/header-index indexes a folder of headers. It is compared with itself, and with a build whose
scan_find_words() reads a tenth of each file twice. All runs are made in turns; a comparison has
eight a side.
"""
import argparse
import collections
import json
import os
import shutil
import subprocess
import tempfile

EXAMPLE = os.path.realpath(os.path.join(os.path.dirname(__file__), "../../examples/header-index"))

SLOWER = """
DEEP_PROFILE(rate=1, check_load=false)
void scan_find_words(const char *text, size_t length, struct word_list *list)
{
    struct word_list twice = {0};
    scan_once(text, length / 10, &twice);
    free(twice.words);
    scan_once(text, length, list);
}
"""


def build(compiler, folder, slower):
    shutil.copytree(EXAMPLE, folder)
    scan = os.path.join(folder, "scan.c")
    with open(scan, encoding="utf-8") as file:
        text = file.read()
    if slower:
        before = "DEEP_PROFILE(rate=1, check_load=false)\nvoid scan_find_words("
        assert before in text
        text = text.replace(before, "static void scan_once(") + SLOWER
    with open(scan, "w", encoding="utf-8") as file:
        file.write(text)
    program = os.path.join(folder, "header-index")
    sources = sorted(name for name in os.listdir(folder) if name.endswith(".c"))
    subprocess.run([compiler, "-O2", "-g", "-D_GNU_SOURCE", "-pthread", *sources, "-o", program], cwd=folder,
                   check=True)
    return program


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tool")
    parser.add_argument("compiler")
    parser.add_argument("--groups", type=int, default=10)
    parser.add_argument("--runs", type=int, default=8)
    parser.add_argument("--folder", default="/usr/include/linux")
    arguments = parser.parse_args()
    tool, compiler = os.path.abspath(arguments.tool), os.path.abspath(arguments.compiler)
    verdicts = {"itself": collections.Counter(), "10 % more": collections.Counter()}
    alarms = found = 0

    with tempfile.TemporaryDirectory() as folder:
        same = build(compiler, os.path.join(folder, "same"), False)
        slower = build(compiler, os.path.join(folder, "slower"), True)
        for group in range(arguments.groups):
            for i in range(arguments.runs):
                for side, program in (("a", same), ("b", same), ("c", slower)):
                    subprocess.run([program, arguments.folder, "int"], check=True,
                                   stdout=subprocess.DEVNULL,
                                   env={**os.environ, "DEEP_PROFILE": "1",
                                        "DEEP_PROFILE_OUT": f"{folder}/{group}{side}/{i}"})
            for name, side in (("itself", "b"), ("10 % more", "c")):
                done = subprocess.run([tool, "diff", f"{folder}/{group}a", "--",
                                       f"{folder}/{group}{side}", "--format=json"], check=False,
                                      stdout=subprocess.PIPE, text=True)
                rows = json.loads(done.stdout)["functions"]
                verdicts[name].update(row["verdict"] for row in rows)
                if name == "itself":
                    alarms += any(row["verdict"] in ("regressed", "improved") for row in rows)
                else:
                    found += any(row["function"] == "scan_find_words" and
                                 row["figures"]["p50"]["verdict"] == "regressed" for row in rows)
    print(f"{arguments.groups} comparisons, {arguments.runs} runs a side")
    print(f"with itself: {alarms} false alarms;", dict(verdicts["itself"]))
    print(f"10 % more in scan_find_words: found at p50 in {found};", dict(verdicts["10 % more"]))


if __name__ == "__main__":
    main()
