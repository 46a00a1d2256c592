#!/usr/bin/env python3
"""What the runtime's shared library exports is what its list says, so that programs that were
linked with an earlier one go on to run.

    exported_symbols.py LIBRARY LIST

LIST is Debian's symbols file of the package (man deb-src-symbols): "(arch=amd64)NAME@Base
RELEASE" for a name that only some processors have. A name that is gone needs a new soname; one that
is new needs a line with the release that brings it.
"""
import re
import subprocess
import sys

library, path = sys.argv[1:]
ARCH = {"EM_X86_64": "amd64", "EM_AARCH64": "arm64", "Advanced Micro Devices X86-64": "amd64",
        "AArch64": "arm64"}


def ask(*command):
    return subprocess.run(command, text=True, check=True, stdout=subprocess.PIPE).stdout


machine = ARCH[re.search(r"Machine:\s+(.*\S)", ask("readelf", "-hW", library))[1]]
(soname,) = re.findall(r"SONAME.*\[(.*)\]", ask("readelf", "-dW", library))
exported = {line.split()[-1].split("@")[0]
            for line in ask("nm", "--dynamic", "--defined-only", library).splitlines()}
with open(path, encoding="ascii") as file:
    head, *lines = file.read().splitlines()
listed = set()
for line in lines:
    arch, name = re.fullmatch(r" (?:\(arch=(\w+)\))?(\w+)@Base \d+\.\d+\.\d+", line).groups()
    if arch in (None, machine):
        listed.add(name)
wrong = [f"the library is {soname}, {path} is about {head.split()[0]}"] * (soname != head.split()[0])
wrong += [f"{name} is gone: programs that need it do not start any more; keep it, or change the "
          "soname" for name in sorted(listed - exported)]
wrong += [f"{name} is new: add it to {path}" for name in sorted(exported - listed)]
print("\n".join(wrong))
sys.exit(1 if wrong or not exported else 0)
