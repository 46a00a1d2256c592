#!/usr/bin/env python3
"""Every header in include/ compiles alone, as C and as C++, without a warning.

Run by Meson: headers_alone.py INCLUDE CC... -- CXX... . Files that are meant
to be included several times with macros defined (*.def) are not headers.
"""
import os
import subprocess
import sys

include = sys.argv[1]
split = sys.argv.index("--")
compilers = {
    "c": sys.argv[2:split] + ["-std=c11"],
    "c++": sys.argv[split + 1:] + ["-std=c++11"],
}
# A static function that nobody calls is what a header with inline code has.
flags = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "-I", include]

headers = sorted(os.path.relpath(os.path.join(folder, name), include)
                 for folder, _, names in os.walk(include) for name in names
                 if name.endswith(".h"))
failed = 0
for header in headers:
    for language, command in compilers.items():
        result = subprocess.run([*command, *flags, "-x", language, "-"], text=True,
                                input=f'#include "{header}"\n#include "{header}"\n'
                                      "extern int not_empty;\n",
                                capture_output=True, check=False)
        if result.returncode != 0:
            failed += 1
            print(f"{header} does not compile alone as {language}:\n{result.stderr}")
print(f"{len(headers)} headers, {failed} failures")
sys.exit(1 if failed or not headers else 0)
