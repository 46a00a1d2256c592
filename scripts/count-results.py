"""Counts meson's test results: prints "N passed, N failed[, N skipped]".

Called by scripts/test with the path of testlog.json, which holds one JSON
object a line. Ends with 1 when a test failed or none passed.
"""
import json
import sys

GOOD = ("OK", "EXPECTEDFAIL")
passed = failed = skipped = 0
with open(sys.argv[1], encoding="utf-8") as log:
    for line in log:
        result = json.loads(line)["result"]
        passed += result in GOOD
        skipped += result == "SKIP"
        failed += result not in (*GOOD, "SKIP")
print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
sys.exit(1 if failed or not passed else 0)
