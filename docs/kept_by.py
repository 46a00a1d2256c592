#!/usr/bin/env python3
"""kept_by.py FILE ROOT: does every test exist that the tables of the page name?

Such tables begin with `| promise | kept by |`. A test stands in the last column of a
row as `FILE: NAME` or `FILE`; FILE is a path in the repository and NAME occurs in it. A
row without any test is an error.
"""
import os
import re
import sys

page, root = sys.argv[1:]
wrong = 0
promises = False # within a table of them


def complain(number, text):
    global wrong
    wrong += 1
    print(f"{page}:{number}: {text}")


with open(page, encoding="utf-8") as file:
    for number, line in enumerate(file, 1):
        cells = line.strip().strip("|").split(" | ")
        promises = line.startswith("|") and (promises or cells[-1].strip().startswith("kept by"))
        if not promises or set(line) <= set("|- \n") or cells[-1].strip().startswith("kept by"):
            continue
        tests = re.findall(r"`([^`]+)`", cells[-1])
        if not tests:
            complain(number, "names no test")
        for test in tests:
            path, _, name = test.partition(": ")
            if not os.path.exists(os.path.join(root, path)):
                complain(number, f"no such file: {path}")
                continue
            if name:
                with open(os.path.join(root, path), encoding="utf-8") as source:
                    if name not in source.read():
                        complain(number, f"{path} has no {name}")
sys.exit(wrong > 0)
