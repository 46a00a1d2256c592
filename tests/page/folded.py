"""Folded stacks for the flame graph's page: for its test here and for tests/bench/flame_page.py."""
import random


def random_stacks(frames, deepest):
    """Random stacks of at least so many distinct frames; each is up to `deepest` + 1 frames deep.

    The same arguments give the same stacks.
    """
    chance, seen, lines = random.Random(1), set(), []
    while len(seen) < frames:
        stack, number = ["main"], 0
        for _ in range(chance.randint(3, deepest)):
            number = (number * 7 + chance.choice([1, 1, 1, 1, 2, 2, 3, 5, 8])) % 900
            stack.append(f"function_{number}")
        seen.update(tuple(stack[:n]) for n in range(1, len(stack) + 1))
        lines.append(";".join(stack) + f" {chance.randint(1, 1000)}\n")
    return "".join(lines)
