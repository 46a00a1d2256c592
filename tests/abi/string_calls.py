#!/usr/bin/env python3
"""No object of the runtime calls the host's memcpy, strlen and the like, which may be
instrumented or not yet fit for a call: runtime/base/strings.h gives them other names.

    string_calls.py LIBRARY...     exit status 1 when one does
"""
import re
import subprocess
import sys

HOSTS = re.compile(r"(__)?(isoc\d+_)?(mem(?!fd)|str|stp|stpn|wcs|wmem|bcmp|bcopy|bzero|index|rindex|rawmem)"
                   r"[a-z]*(_chk)?$")
found = False
for library in sys.argv[1:]:
    dynamic = ["--dynamic"] if ".so" in library else []
    listed = subprocess.run(["nm", "--undefined-only", *dynamic, library], text=True, check=True,
                            stdout=subprocess.PIPE).stdout
    names = {word.split("@")[0] for word in re.findall(r"\bU (\S+)", listed)}
    if not names:
        sys.exit(f"{library} has no symbols: nothing was checked")
    for name in sorted(filter(HOSTS.match, names)):
        print(f"{library} calls the host's {name}")
        found = True
sys.exit(found)
