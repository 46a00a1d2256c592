#!/usr/bin/env python3
"""same_text.py PROGRAM FILE: is the file what the program prints?"""
import difflib
import subprocess
import sys

program, path = sys.argv[1:]
printed = subprocess.run([program], check=True, stdout=subprocess.PIPE, text=True).stdout
with open(path, encoding="utf-8") as file:
    kept = file.read()
sys.stdout.writelines(difflib.unified_diff(kept.splitlines(True), printed.splitlines(True), path,
                                           program))
sys.exit(kept != printed)
