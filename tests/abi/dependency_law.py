#!/usr/bin/env python3
"""The dependency law: a part includes its own folder, common/, include/ and systems' headers.

Run by Meson: dependency_law.py SOURCE_ROOT. Looks at each #include "…" and
<…> of plugin/, runtime/ and tools/: none may name a file of another part.
common/ may name
include/, and include/ only itself.
"""
import os
import re
import sys

PARTS = ("plugin", "runtime", "tools")
SHARED = ("common", "include")
ENDINGS = (".c", ".cc", ".h", ".S", ".def", ".in")
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.MULTILINE)

root = os.path.realpath(sys.argv[1])


def files_of(part):
    for folder, _, names in os.walk(os.path.join(root, part)):
        for name in names:
            if name.endswith(ENDINGS):
                yield os.path.join(folder, name)


def owner(path):
    """The part that a file belongs to: the first folder below the root."""
    relative = os.path.relpath(path, root)
    return None if relative.startswith("..") else relative.split(os.sep)[0]


def meant(path, name):
    """The files of ours that `name`, included by `path`, could be."""
    own = owner(path)
    for base in (os.path.dirname(path), os.path.join(root, own), os.path.join(root, "include"), root):
        found = os.path.realpath(os.path.join(base, name))
        if os.path.isfile(found) and owner(found):
            return [found]
    return [os.path.join(root, part, name) for part in PARTS
            if os.path.isfile(os.path.join(root, part, name))]


def main():
    broken, seen = 0, 0
    for part in (*PARTS, *SHARED):
        for path in files_of(part):
            with open(path, encoding="utf-8") as file:
                text = file.read()
            for match in INCLUDE.finditer(text):
                seen += 1
                for found in meant(path, match.group(2)):
                    if owner(found) not in ((part,) if part == "include" else (part, *SHARED)):
                        broken += 1
                        print(f"{os.path.relpath(path, root)}:"
                              f"{text.count(chr(10), 0, match.start(2)) + 1}: "
                              f"includes {os.path.relpath(found, root)}")
    print(f"{seen} includes, {broken} across parts")
    return 1 if broken or not seen else 0


sys.exit(main())
