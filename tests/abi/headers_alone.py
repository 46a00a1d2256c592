#!/usr/bin/env python3
"""Every header in include/ and common/ compiles alone, as C and as C++, without a warning;
that of programs also as strict C89.

Run by Meson: headers_alone.py SOURCE_ROOT CC... -- CXX... . Files that are meant
to be included several times with macros defined (*.def) are not headers.
"""
import os
import re
import subprocess
import sys

root = sys.argv[1]
include = os.path.join(root, "include")
split = sys.argv.index("--")
compilers = {
    "c": sys.argv[2:split] + ["-std=c11"],
    "c++": sys.argv[split + 1:] + ["-std=c++11"],
}
# A static function that nobody calls is what a header with inline code has.
flags = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "-I", include,
         "-I", root]


def headers_in(folder, base):
    """As a file of ours names them: below `base`."""
    return sorted(os.path.relpath(os.path.join(inside, name), base)
                  for inside, _, names in os.walk(folder) for name in names
                  if name.endswith(".h"))


headers = headers_in(include, include) + headers_in(os.path.join(root, "common"), root)
failed = 0
for header in headers_in(os.path.join(include, "deep_profile/abi"), include):
    with open(os.path.join(include, header), encoding="utf-8") as text:
        if re.search(r"\binline\b|^\{", text.read(), re.MULTILINE):
            failed += 1
            print(f"{header} holds code: contracts are layouts, code is in common/")
for header in headers:
    for language, command in compilers.items():
        result = subprocess.run([*command, *flags, "-x", language, "-"], text=True,
                                input=f'#include "{header}"\n#include "{header}"\n'
                                      "extern int not_empty;\n",
                                capture_output=True, check=False)
        if result.returncode != 0:
            failed += 1
            print(f"{header} does not compile alone as {language}:\n{result.stderr}")
# What a program includes is taken by a C89 that is strict about it, too.
user = ("#include <deep_profile.h>\nint f(void);\nDEEP_PROFILE(rate=0.5, env=dev)\n"
        "int f(void) { return 0; }\n"
        "void g(void);\nvoid g(void)\n{\n    deep_profile_span_end(deep_profile_span_begin(\"s\"));\n"
        "    deep_profile_measure(\"m\", 1);\n    deep_profile_gauge(\"g\", -1);\n"
        "    deep_profile_count(\"c\", 1);\n}\n")
result = subprocess.run([*sys.argv[2:split], *flags, "-std=c89", "-pedantic-errors", "-x", "c", "-"],
                        text=True, input=user, capture_output=True, check=False)
if result.returncode != 0:
    failed += 1
    print(f"deep_profile.h is refused by C89:\n{result.stderr}")
print(f"{len(headers)} headers, {failed} failures")
sys.exit(1 if failed or not headers else 0)
