#!/usr/bin/env python3
"""The messages of the plugin about mistakes: exactly those that the sources expect.

Run by Meson: compile_fail.py GCC G++ PLUGIN INCLUDE SOURCES. Each file of
SOURCES/fail is compiled as C and as C++. A comment

    /* error 26: text */

says that the last line of code above it has that error at that column;
`warning` and `note` likewise; `error 8 above 2` means two lines further up.
No other message may appear. A message with `did you mean 'x'?` must have a fix-it that
puts x in place of the word at the caret, unless that word was not found in the source
(AT in places.c).
"""
import os
import re
import subprocess
import sys

gcc, gxx = sys.argv[1:3]
plugin, include, sources = (os.path.abspath(path) for path in sys.argv[3:6])
folder = os.path.join(sources, "fail")
expectation = re.compile(r"\s*/\* (error|warning|note) (\d+)(?: above (\d+))?: (.*) \*/$")
diagnostic = re.compile(r"(.*?):(\d+):(\d+): (?:fatal )?(error|warning|note): (.*)")
fixit = re.compile(r'fix-it:"(.*)":\{(\d+):(\d+)-\d+:\d+\}:"(.*)"')


def expected_of(path):
    found, code = set(), []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            match = expectation.match(line)
            if match:
                kind, column, above, text = match.groups()
                at = code[-1 - int(above or 0)]
                found.add((os.path.basename(path), at, int(column), kind, text))
            else:
                code.append(number)
    return found


def messages_of(compiler, language, path):
    command = [compiler, f"-fplugin={plugin}", "-I", include, "-x", language, "-Wall", "-Wextra",
               "-Wno-unused-function", "-fno-diagnostics-show-caret",
               "-fdiagnostics-parseable-fixits", "-c", path, "-o", os.devnull]
    done = subprocess.run(command, text=True, capture_output=True, check=False,
                          env={**os.environ, "LC_ALL": "C"})
    reported, fixes, strange = set(), set(), []
    for line in done.stderr.splitlines():
        if match := diagnostic.match(line):
            file, row, column, kind, text = match.groups()
            reported.add((os.path.basename(file), int(row), int(column), kind, text))
        elif match := fixit.match(line):
            file, row, column, text = match.groups()
            fixes.add((os.path.basename(file), int(row), int(column), text))
        elif not re.match(r".*: (In .*function|At top level|At global scope|In file included)|"
                          r"In file included|\s+from ", line):
            strange.append(line)
    return reported, fixes, strange, done.returncode


def check(name, compiler, language):
    """Returns the differences, a line each."""
    path = os.path.join(folder, name)
    expected = expected_of(path)
    header = os.path.splitext(path)[0] + ".h"
    if os.path.exists(header):
        expected |= expected_of(header)
    reported, fixes, strange, status = messages_of(compiler, language, path)
    wrong = [f"missing: {one}" for one in sorted(expected - reported)]
    wrong += [f"unexpected: {one}" for one in sorted(reported - expected)]
    wrong += [f"strange: {one}" for one in strange]
    if status == 0 and any(one[3] == "error" for one in expected):
        wrong.append("the compiler accepted it")
    for file, row, column, _, text in reported:
        meant = re.search(r"did you mean '(.*)'\?", text)
        if meant and (file, row, column, meant.group(1)) not in fixes:
            wrong.append(f"no fix-it: {file}:{row}:{column}: {text}")
    return wrong


failed = passed = 0
for name in sorted(os.listdir(folder)):
    if not name.endswith(".c"):
        continue
    for compiler, language in ((gcc, "c"), (gxx, "c++")):
        wrong = check(name, compiler, language)
        passed += not wrong
        failed += bool(wrong)
        if wrong:
            print(f"FAILED: {name} as {language}")
            print("\n".join(wrong))
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed or not passed else 0)
