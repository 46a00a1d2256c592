#!/usr/bin/env python3
"""How long the flame graph's page takes to its first paint: flame_page.py DEEP_PROFILE [FRAMES]

Prints, of nine times, the least, the middle and the most, in milliseconds from the navigation.
"""
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../page"))
import browser  # noqa: E402
import folded  # noqa: E402

TOOL, FRAMES = os.path.abspath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
# The browser reports its first paint a little later.
TIMES = """(async () => {
    while (!performance.getEntriesByType("paint").length)
        await new Promise(done => setTimeout(done, 20));
    return [performance.getEntriesByName("flame-drawn")[0].startTime,
            performance.getEntriesByType("paint")[0].startTime];
})()"""


def main():
    with tempfile.TemporaryDirectory() as folder, browser.Browser() as page:
        with open(folder + "/stacks", "w", encoding="utf-8") as file:
            file.write(folded.random_stacks(FRAMES, deepest=60))
        subprocess.run([TOOL, "flamegraph", "-o", folder + "/x.html", folder + "/stacks"], check=True)
        page.screen(1200, 800)
        runs = []
        for _ in range(9):
            page.open(folder + "/x.html")
            runs.append(page.run(TIMES))
        for name, values in zip(("drawn", "first paint"), zip(*runs)):
            ordered = sorted(values)
            print(f"{name:12} {ordered[0]:6.0f} {ordered[4]:6.0f} {ordered[-1]:6.0f} ms")


main()
