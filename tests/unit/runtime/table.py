#!/usr/bin/env python3
"""Our unwind tables beside what readelf says of the same files, row by row.

    table.py TABLE_OF FILE...

Every row of every function that `readelf --debug-dump=frames-interp` shows must be in our
table: the frame address, the return address, rbp and rbx. Where readelf says that something
is an expression, ours says so or that it does not describe it.
"""
import bisect
import re
import subprocess
import sys

COLUMNS = {"ra": 2, "rbp": 3, "rbx": 4}
FUNCTION = re.compile(r"^[0-9a-f]+ [0-9a-f]+ [0-9a-f]+ FDE .*pc=([0-9a-f]+)\.\.([0-9a-f]+)")
ENTRY = re.compile(r'^([0-9a-f]+) [0-9a-f]+ [0-9a-f]+ CIE "')
PARENT = re.compile(r"FDE cie=([0-9a-f]+) ")


def lines_of(*command):
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout.splitlines()


def readelfs_rows(path):
    """Yields (first address, one behind the last, CFA, {register: rule})."""
    end, rows, entry_rows, names, is_entry, parent = 0, [], {}, [], False, 0
    for line in [*lines_of("readelf", "--debug-dump=frames-interp", "-wN", path), ""]:
        words = re.sub(r" \(\w+\)", "", line).split() # "r9 (r9)": a register, by its number
        function, entry = FUNCTION.match(line), ENTRY.match(line)
        if function or entry or not words:
            for i, (start, cfa, saved) in enumerate(rows):
                yield start, rows[i + 1][0] if i + 1 < len(rows) else end, cfa, saved
            rows = []
        if entry:
            is_entry, parent = True, int(entry.group(1), 16)
        elif function:
            is_entry, end = False, int(function.group(2), 16)
            start = int(function.group(1), 16)
            shared = entry_rows.get(int(PARENT.search(line).group(1), 16))
            if shared and start < end: # until it has a row of its own
                rows = [(start, *shared)]
        elif words and words[0] == "LOC":
            names = words[2:]
        elif words and re.fullmatch(r"[0-9a-f]{16}", words[0]):
            row = int(words[0], 16), words[1], dict(zip(names, words[2:]))
            if is_entry:
                entry_rows[parent] = row[1:]
            else:
                rows = [one for one in rows if one[0] != row[0]] + [row]


def our_rows(table_of, path):
    rows = [line.split() for line in lines_of(table_of, path)]
    return [int(row[0], 16) for row in rows], rows


def same(ours, theirs, what):
    if theirs == "u" and what != "ra": # readelf's word for a register without a rule
        return ours in ("s", "u")
    if theirs.startswith(("exp", "vexp")):
        return ours in ("exp", "u", "none")
    if theirs.startswith("v"):
        return True
    return ours == theirs


def compare(table_of, path):
    starts, rows = our_rows(table_of, path)
    compared, wrong, undescribed = 0, [], 0
    for start, end, cfa, saved in readelfs_rows(path):
        if start >= end:
            continue
        for address in (start, end - 1):
            ours = rows[bisect.bisect_right(starts, address) - 1][1:]
            compared += 1
            undescribed += ours[1] == "none"
            good = (ours[1] == "exp" or ours[1] == "none") if cfa == "exp" else ours[1] == cfa
            if ours[1] != "none":
                good = good and all(same(ours[column], saved.get(name, "u"), name)
                                    for name, column in COLUMNS.items() if name in saved)
            if not good:
                wrong.append(f"{address:#x}: {ours}, and readelf has {cfa} {saved}")
    print(f"{path}: {compared} compared, {len(rows)} rows, {undescribed} not described, "
          f"{len(wrong)} wrong")
    print("\n".join(wrong[:10]))
    return not wrong and compared > 100 and undescribed < compared / 100


def main():
    table_of, *paths = sys.argv[1:]
    results = [compare(table_of, path) for path in paths]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
