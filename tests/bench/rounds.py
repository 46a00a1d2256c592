"""Rounds: every variant once a round, in turn; then medians, spread and ratios."""
import statistics


def interleave(usable, rounds, once):
    """{name: [once(variant), …]}, one value a round."""
    found = {variant.name: [] for variant in usable}
    for _ in range(rounds):
        for variant in usable:
            found[variant.name].append(once(variant))
    return found


def compare(usable, found):
    """For each variant: median, what it adds to its base (median, least, most of
    the differences within a round) and the ratio of the medians."""
    rows = []
    for variant in usable:
        values = found[variant.name]
        base = found.get(variant.base or variant.name, found["without"])
        added = sorted(value - other for value, other in zip(values, base))
        rows.append({"name": variant.name, "median": statistics.median(values),
                     "added": statistics.median(added), "least": added[0], "most": added[-1],
                     "ratio": statistics.median(values) / statistics.median(base),
                     "ratio_median": statistics.median(v / b for v, b in zip(values, base)),
                     "ratio_least": min(v / b for v, b in zip(values, base)),
                     "ratio_most": max(v / b for v, b in zip(values, base))})
    return rows
