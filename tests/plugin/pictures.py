#!/usr/bin/env python3
"""The pictures at the heads of instrument_early.cc and instrument_late.cc show
what is emitted.

Run by Meson: pictures.py GCC PLUGIN INCLUDE PLUGIN_SOURCES. Compiles a
picture's C before, and reads what the pass makes of it from GCC's dump. Picture
and dump are both reduced to touches, in order: each read and write of a symbol
of the runtime, of a member of the site, or of memory behind such a symbol's
pointer; each call of the runtime; each condition on one of these; `depth`; and the
landmarks of the user's code. A picture's lines must use up the dump's touches,
line by line; within a line the order is free, as it is in C.
"""
import glob
import os
import re
import subprocess
import sys
import tempfile
import unittest

gcc = sys.argv[1]
plugin, include, sources = (os.path.abspath(path) for path in sys.argv[2:5])

# Words of the user's code that the dump has, too.
LANDMARK = re.compile(r"\b(try|finally|run|grow)\b|->(size|at)\b")
SYMBOL = r"deep_profile_\w+|site(?:\.\w+)?"


class Touches:
    """A list of touches. `holds` knows what a local name was computed from."""

    def __init__(self):
        self.list = []
        self.holds = {}

    def touch(self, name, reads=True, writes=False):
        self.list += [f"read {name}"] * reads + [f"write {name}"] * writes

    def landmarks(self, line):
        self.list += [a or b for a, b in LANDMARK.findall(line)]


# ---- the picture ----

def blocks_of(path):
    """The indented pieces of the comment that opens a file."""
    with open(path, encoding="utf-8") as file:
        head = file.read().split("*/")[0]
    blocks = [[]]
    for line in head.splitlines()[1:]:
        if line.startswith(" *     ") or (line == " *" and blocks[-1]):
            blocks[-1].append(line[7:])
        elif blocks[-1]:
            blocks.append([])
    return [block for block in blocks if block]


def read_expression(touches, text):
    text = re.sub(r"\{[^}]*\}", lambda given: given[0] + " member" * given[0].count(","), text)
    pattern = rf"({SYMBOL}|\w+)((?:->\w+)?(?:\[[^\]]*\])?)(\(| *[-+&]?=(?!=)|\+\+)?"
    for name, behind, operator in re.findall(pattern, text):
        if held := re.search(rf"\b{name} = ({SYMBOL})", text):
            touches.holds[name] = held[1]
        operator = (operator or "").strip()
        if behind:
            touches.touch(f"*{touches.holds[name]}", operator != "=", operator != "")
            for _ in range(text.count(" member")):
                touches.touch(f"*{touches.holds[name]}", False, True)
            for inner in re.findall(SYMBOL, behind):
                touches.touch(inner)
        elif name == "DP_ASKS":
            touches.list.append("clear DP_ASKS")
        elif operator == "(" and name.startswith("deep_profile_"):
            touches.list.append(f"call {name}")
        elif re.fullmatch(SYMBOL, name):
            touches.touch(name, operator != "=", operator != "")
        elif name == "depth" and operator == "=":
            touches.list.append("set depth")


def touches_of_picture(block):
    """For each line that touches anything: the line, and its touches."""
    found, touches = [], Touches()
    for line in block:
        marked = re.fullmatch(r"(.*\S)\s{2,}(entry|exit)(, \w+)*", line)
        touches.list = []
        if marked:
            read_expression(touches, marked[1])
            if "if (" in marked[1]:
                touches.list += ["if"] * (1 + len(re.findall(r"&&|\|\|", marked[1])))
        else:
            touches.landmarks(line)
        if touches.list:
            found.append((line, touches.list))
    return found


# ---- the dump ----

def read_asm(touches, statement):
    """Follows the instructions. The block that `js` and `jc` jump to is read at `jc`."""
    template, operands = re.fullmatch(r'__asm__.*?\("(.*?)"((?: :.*)?)\);', statement, re.S).groups()
    operand = re.findall(r'"[^"]*" ([\w.]+)', operands)
    template = re.sub(r"\{([^|{}]*)\|[^{}]*\}", r"\1", template)
    template = re.sub(r"(?<!%)%(\d)", lambda number: operand[int(number[1])], template)
    lines = [line.strip() for line in template.split("\n")]
    pointer = None

    def read(line):
        nonlocal pointer
        if loaded := re.match(r"movq\t(deep_profile_\w+)@gottpoff", line):
            pointer = loaded[1]
        elif line.startswith("movq\t%%fs:(%%r10), %%r10"):
            touches.touch(pointer)
            pointer = f"*{pointer}"
        elif re.match(r"(subq|incq)\t.*\(%%r10", line):
            touches.touch(pointer, True, True)
        elif called := re.match(r"jmp\t\*(deep_profile_\w+)@", line):
            touches.list.append(f"call {called[1]}")
        elif re.match(r"lea\tsite(\.weight)?, ", line):  # its first member
            touches.touch("site")
        elif line.startswith("shrq\t$3"):
            touches.list.append("clear DP_ASKS")
        elif jump := re.match(r"j([scz])\t(\S+)", line):
            touches.list.append("if")
            if "_enter_" in jump[2] and jump[1] == "c":  # the second jump there
                start = lines.index(f"{jump[2]}:")
                for aside in lines[start + 1:]:
                    read(aside)
        else:
            for name in re.findall(r"\bsite(?:\.\w+)?", line):
                touches.touch(name)

    for line in lines:
        if line.startswith(".Ldeep_profile_enter"):
            break
        read(line)


def read_assignment(touches, target, value):
    reads = re.findall(rf"\b({SYMBOL})", value)
    for name in reads:
        touches.touch(name)
    for base in re.findall(r"MEM\[\([^)]*\)([\w.]+)", value):
        touches.touch(f"*{touches.holds[base]}")
    held = reads + [touches.holds[name] for name in re.findall(r"\b\w+(?:\.\d+)?", value)
                    if name in touches.holds]
    if held:
        touches.holds[target] = held[0]
    if re.fullmatch(SYMBOL, target):
        touches.touch(target, False, True)
    elif target.startswith("dp_depth"):
        touches.list.append("set depth")
    elif base := re.match(r"MEM\[\([^)]*\)([\w.]+)", target):
        touches.touch(f"*{touches.holds[base[1]]}", False, True)


def touches_of_dump(text, function):
    """Of the one function, in the order of its statements."""
    body = re.search(rf"^;; Function {function} .*?^\}}$", text, re.S | re.M)[0]
    body = re.sub(r"\b__deep_profile_site_\d+", "site", body)
    body = re.sub(r"(# )?(\w+) = PHI", r"\2 = PHI", body)
    touches = Touches()
    for statement in re.findall(r"^ *__asm__.*?\);$|^[^\n]+$", body, re.S | re.M):
        statement = statement.strip()
        if statement.startswith("__asm__"):
            if '("" :' not in statement:  # keeps the tick's read in its place
                read_asm(touches, statement)
                for made in re.findall(r'"=a" ([\w.]+)', statement):
                    touches.holds[made] = "due"
        elif condition := re.match(r"if \(([\w.]+)", statement):
            if condition[1] in touches.holds:
                touches.list.append("if")
        elif assignment := re.fullmatch(r"(.*?) = (.*?);?", statement):
            read_assignment(touches, *assignment.groups())
        touches.landmarks(statement)
    return touches.list


@unittest.skipUnless(os.uname().machine == "x86_64", "the pictures show the thunks of x86-64")
class Pictures(unittest.TestCase):
    def dump(self, name, code, options):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "a.c"), "w", encoding="utf-8") as file:
                file.write(code)
            subprocess.run([gcc, f"-fplugin={plugin}", *options, "-I", include, "-O2",
                            "-fdump-tree-all", "-c", "a.c"], cwd=folder, check=True)
            (path,) = glob.glob(os.path.join(folder, f"*.deep_profile_{name}"))
            with open(path, encoding="utf-8") as file:
                return file.read()

    def check(self, name, function, preamble, *options):
        before, after = blocks_of(os.path.join(sources, f"instrument_{name}.cc"))[:2]
        dump = self.dump(name, preamble + "\n".join(before) + "\n", options)
        emitted = touches_of_dump(dump, function)
        for line, touched in touches_of_picture(after):
            part, emitted = emitted[:len(touched)], emitted[len(touched):]
            self.assertEqual(sorted(touched), sorted(part), f"the picture says:{line}")
        self.assertEqual(emitted, [], "emitted, but not in the picture")

    def test_early(self):
        self.check("early", "query",
                   "#include <deep_profile.h>\nstruct db;\nint run(struct db *db);\n")

    def test_late(self):
        self.check("late", "push", "struct stack { int n, size, *at; };\n"
                                   "int grow(struct stack *s, int x);\n",
                   "-fplugin-arg-deep_profile-all")


unittest.main(argv=sys.argv[:1], verbosity=2)
