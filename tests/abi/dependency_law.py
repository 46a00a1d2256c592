#!/usr/bin/env python3
"""The dependency law: calls go down, callbacks go up, and a header declares its own file's.

    dependency_law.py SOURCE_ROOT BUILD_ROOT      exit status 1 when the law is broken

The parts and their rooms are in BELOW. What is read:

- Includes, of every file of every part: a part includes itself, common/ and include/; a
  room includes itself and the rooms below it.
- Calls, of the built objects that compile_commands.json names: a symbol that one object
  lacks and another defines is a call, or the use of a variable. What the compiler inlines
  or drops does not show there. It cannot hide a call: whoever calls has the declaration,
  from a header (an include, looked at above) or by a declaration of his own in a header
  (looked at below) or in a .c file (looked at below, too: STRAY).
- Declarations: what ROOM/x.h declares is defined by ROOM/x.c. Exceptions: IMPLEMENTED_BY.

dependency_law_test.py breaks each of these rules in a made-up tree.
"""
import fnmatch
import json
import os
import re
import subprocess
import sys
from collections import defaultdict

import declarations

# Each room and the rooms directly below it; all that is further below may be used, too.
# "" is the top room: the files that lie in the part's own folder. It knows everybody.
BELOW = {
    "runtime": {
        "": ("steward", "host"),
        "steward": ("telemetry",),
        "telemetry": ("hot",),
        "host": ("hot",),
        "hot": ("sites",),
        "sites": ("thread", "sampling"),
        "sampling": ("log",),
        "thread": ("log",),
        "log": ("base",),
        "base": ("arch",),
        "arch": (),
    },
    "tools": {
        "": ("commands", "wrappers", "packaging"),
        "commands": ("render", "export", "doctor"),
        "render": ("model",),
        "export": ("model",),
        "doctor": ("model",),
        "model": ("log", "symbols"),
        "log": ("base",),
        "symbols": ("base",),
        "base": (),
        "wrappers": ("base",),
        "packaging": (),
    },
    "plugin": {"": ()},
    "common": {"": ()},
    "include": {"": ()},
}
MAY_INCLUDE = {part: (part, "common", "include") for part in ("runtime", "tools", "plugin")}
MAY_INCLUDE.update(common=("common", "include"), include=("include",))

# Calls that go up by design: (caller, name) and why.
ENTRIES = {
    ("runtime/telemetry/entry.c", "deep_profile_module_load"):
        "a program without a profiled function starts the runtime by its first measurement",
    ("runtime/arch/x86_64.S", "dp_enter"): "a thunk is the host's way in and stands for its code",
    ("runtime/arch/x86_64.S", "dp_exit"): "the same",
}

# Headers that another file than their namesake implements, and why.
IMPLEMENTED_BY = {
    "runtime/base/os.h": (("runtime/base/os_linux*.c",), "one contract for each system"),
    "runtime/arch/arch.h": (("runtime/arch/x86_64.*",), "one contract for each processor"),
    "runtime/sampling/processor.h": (("runtime/sampling/processor_*.c",),
                                     "one contract for each processor"),
    "common/options.h": (("common/options*.c",), "one grammar: its table, its parser, its values"),
    "common/rules.h": (("common/rules*.c",), "one grammar: rules, and what is wrong with one in words"),
    "tools/commands/command.h": (("tools/commands/command.c", "tools/commands/cmd_*.c"),
                                 "what every verb is, and the verbs: one file each"),
}

ENDINGS = (".c", ".cc", ".h", ".S", ".def", ".in")
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.MULTILINE)
# The runtime's host/ defines functions of libc: who calls one of them calls libc.
OURS = re.compile(r'(?:__wrap_)?_?(?:dp|deep_profile)_|__cyg_profile')


class Tree:
    """The sources below `root`, and what is in the objects of `build`."""

    def __init__(self, root, build, below=BELOW, entries=ENTRIES, implemented_by=IMPLEMENTED_BY):
        self.root, self.build, self.below = os.path.realpath(root), os.path.realpath(build), below
        self.entries, self.implemented_by = entries, implemented_by
        self.problems, self.counts = [], defaultdict(int)
        self.edges = defaultdict(lambda: defaultdict(set)) # part: (room, room): what ties them
        self.files = sorted(self._walk())
        self.texts = {path: self._read(path) for path in self.files}

    def _walk(self):
        for part in self.below:
            for folder, _, names in os.walk(os.path.join(self.root, part)):
                for name in names:
                    if name.endswith(ENDINGS):
                        yield os.path.relpath(os.path.join(folder, name), self.root)

    def _read(self, path):
        with open(os.path.join(self.root, path), encoding="utf-8") as file:
            return file.read()

    def place(self, path):
        """(part, room) of a file."""
        words = path.split(os.sep)
        in_rooms = len(self.below[words[0]]) > 1
        return words[0], words[1] if in_rooms and len(words) > 2 else ""

    def may_use(self, part, room):
        """The rooms of a part that one of its rooms may use."""
        rooms, found = self.below[part], {room}
        waiting = list(rooms) if room == "" else [room]
        while waiting:
            for lower in rooms.get(waiting.pop(), ()):
                if lower not in found:
                    found.add(lower)
                    waiting.append(lower)
        return found | set(rooms) if room == "" else found

    def broken(self, key, text):
        self.problems.append((key, text))

    def tie(self, source, target, how):
        """A dependency of one file on another of the same part."""
        (part, room), (_, other) = self.place(source), self.place(target)
        if room == other:
            return
        self.edges[part][room, other].add(how)
        if other not in self.may_use(part, room):
            name = f"{part}: {room or 'top'} -> {other or 'top'}"
            self.broken(name, f"{name}: {source} {how} {target}")

    # ---- rooms ----

    def look_for_rooms(self):
        for path in self.files:
            part, room = self.place(path)
            if room not in self.below[part]:
                self.broken(f"{part}/{room}", f"{path}: the law does not know the room '{room}'")

    # ---- includes ----

    def meant(self, path, name):
        """The file of ours that `name`, included by `path`, is; or None."""
        part = path.split(os.sep)[0]
        bases = [os.path.dirname(path), part, "include", "", *self.below]
        for candidate in (os.path.normpath(os.path.join(base, name)) for base in bases):
            if candidate in self.texts:
                return candidate
        return None

    def look_at_includes(self):
        for path, text in self.texts.items():
            part = path.split(os.sep)[0]
            for match in INCLUDE.finditer(text):
                self.counts["includes"] += 1
                found = self.meant(path, match.group(2))
                if not found:
                    continue
                other = found.split(os.sep)[0]
                line = text.count("\n", 0, match.start(2)) + 1
                if other not in MAY_INCLUDE[part]:
                    self.broken(f"{part} -> {other}",
                                f"{part} -> {other}: {path}:{line} includes {found}")
                elif other == part:
                    self.tie(path, found, "includes")

    # ---- calls ----

    def objects(self):
        """Yields (source, object) of what the parts' own targets compile."""
        with open(os.path.join(self.build, "compile_commands.json"), encoding="utf-8") as file:
            for command in json.load(file):
                source = os.path.relpath(os.path.realpath(
                    os.path.join(command["directory"], command["file"])), self.root)
                target = command["output"].split(os.sep)[0]
                if source in self.texts and target in self.below and target != "plugin":
                    yield source, os.path.join(command["directory"], command["output"])

    def symbols(self):
        """Of each source: the names it lacks, and those that it defines."""
        lacks, defines = defaultdict(set), defaultdict(set)
        of = {path: source for source, path in self.objects()}
        for path in of:
            if not os.path.exists(path):
                sys.exit(f"{path} is missing: build first")
        self.counts["objects"] += len(of)
        # One nm for all: hundreds of processes would take a minute on a busy machine.
        for line in subprocess.run(
                ["nm", "--format=posix", "--extern-only", "--print-file-name", *of], check=True,
                capture_output=True, text=True).stdout.splitlines():
            path, symbol = line.split(": ", 1)
            name, letter = symbol.split()[:2]
            (lacks if letter in "Uwv" else defines)[of[path]].add(name)
        for source in self.files:
            part, room = self.place(source)
            if source.endswith((".c", ".S")) and source not in defines and source not in lacks \
                    and len(self.below[part]) > 1 and room != "arch" \
                    and not os.path.basename(source).startswith("processor_"):
                self.broken(source, f"{source}: compiled by no target of its part")
        return lacks, defines

    def look_at_calls(self):
        self.lacks, self.defines = self.symbols()
        self.defined_by = defaultdict(set)
        for source, names in self.defines.items():
            for name in names:
                if source.split(os.sep)[0] != "runtime" or OURS.match(name):
                    self.defined_by[name].add(source)
        for source, names in self.lacks.items():
            part = source.split(os.sep)[0]
            for name in sorted(names):
                for target in sorted(self.defined_by[name]):
                    other = target.split(os.sep)[0]
                    if other not in MAY_INCLUDE[part]:
                        if not any(t.startswith(part) for t in self.defined_by[name]):
                            self.broken(f"{part} -> {other}", f"{source} uses {name} of {target}")
                    elif other == part and (source, name) not in self.entries:
                        self.counts["calls"] += 1
                        self.tie(source, target, f"uses {name} of")

    # ---- circles ----

    def look_for_circles(self):
        """Rooms that depend on each other, directly or by way of others."""
        for part, edges in self.edges.items():
            reach = {room: {b for a, b in edges if a == room} for room in self.below[part]}
            for middle in reach:
                for room in reach:
                    if middle in reach[room]:
                        reach[room] |= reach[middle]
            circles = {frozenset(b for b in reach if b in reach[a] and a in reach.get(b, ()))
                       for a in reach if a in reach[a]}
            for circle in circles:
                names = ", ".join(sorted(room or "top" for room in circle))
                self.broken(f"{part}: circle", f"{part}: a circle of {names}")

    # ---- declarations ----

    def implements(self, source, header):
        patterns, _ = self.implemented_by.get(header, (None, ""))
        stem = os.path.splitext(header)[0]
        patterns = patterns or (stem + ".c", stem + ".cc", stem + ".S")
        return any(fnmatch.fnmatch(source, pattern) for pattern in patterns)

    def look_at_declarations(self):
        for path, text in self.texts.items():
            if path.split(os.sep)[0] in ("plugin", "include"): # C++; contracts of several parts
                continue
            in_header = path.endswith(".h")
            for line, name in declarations.declared(text) if in_header else self.stray(text):
                self.counts["declarations"] += 1
                own = [source for source in self.defined_by[name]
                       if source.split(os.sep)[0] == path.split(os.sep)[0]]
                if in_header and own and not any(self.implements(source, path) for source in own):
                    self.broken(path, f"{path}:{line} declares {name} of {', '.join(sorted(own))}")
                elif in_header and not own and OURS.match(name):
                    self.broken(path, f"{path}:{line} declares {name}, which nobody defines")
                elif not in_header and path not in own and own:
                    self.broken(path, f"{path}:{line} declares {name} of {', '.join(sorted(own))}"
                                      " by itself instead of including a header")

    @staticmethod
    def stray(text):
        """Declarations in a .c file that begin with extern at the start of a line."""
        for match in re.finditer(r'^extern\b[^;{"]*;', text, re.MULTILINE):
            for _, name in declarations.declared(match.group()):
                yield text.count("\n", 0, match.start()) + 1, name

    def look(self):
        self.look_for_rooms()
        self.look_at_includes()
        self.look_at_calls()
        self.look_for_circles()
        self.look_at_declarations()
        return self.problems


def main():
    tree = Tree(*sys.argv[1:3])
    problems = tree.look()
    for _, text in sorted(problems):
        print(text)
    counts = ", ".join(f"{count} {what}" for what, count in sorted(tree.counts.items()))
    print(f"{counts}; {len(problems)} against the law")
    empty = not all(tree.counts[what] for what in ("includes", "calls", "declarations"))
    return 1 if problems or empty else 0


if __name__ == "__main__":
    sys.exit(main())
