"""Says in words what the demo's report shows; called by scripts/demo with it as JSON."""
import json
import sys


def times(ns):
    for unit, size in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if ns >= size:
            return f"{ns / size:.3g} {unit}"
    return f"{ns:.0f} ns"


by_name = {function["function"]: function for function in json.load(sys.stdin)["functions"]}
whole, slow = by_name["index_file"], by_name["words_remove_repeats"]
words, pairs = by_name["is_repeat"]["counted"], by_name["same_mention"]["counted"]
share = slow["total_ns"] / whole["total_ns"]

print(f"""
What it shows: words_remove_repeats takes {share:.0%} of the time of an indexed header.
Half of its calls take at most {times(slow["p50_ns"])}, but the slowest took {times(slow["max_ns"])}.""")
if slow.get("slow"):
    print(f"""{slow["slow"]} of its {slow["sampled"]} calls were over the threshold and hold {
          slow["slow_total_ns"] / slow["total_ns"]:.0%} of its time.""")
print(f"""Why: {words} words were compared with {pairs} others, {pairs // max(words, 1)} each.
Every word is compared with all words before it in its header, so a header ten
times as long takes a hundred times as long. See examples/header-index/words.c.""")
