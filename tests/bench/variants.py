"""What is measured: each state of ours, each peer, and the program without any.

A variant knows how to build calls.c and how to run it; a peer that is not
installed is left out and named. What each peer needs: see docs/overhead.md.
"""
import os
import shutil
import subprocess


class Variant:
    """One way to build and run. `calls`: how many make a run of about 0.2 s."""

    def __init__(self, name, build, calls, wrap=(), environment=None, needs=(), state=""):
        self.name, self.build, self.calls = name, list(build), calls
        self.wrap, self.environment = list(wrap), environment or {}
        self.needs, self.state = needs, state

    def missing(self):
        return [program for program in self.needs if not shutil.which(program)]

    def compile(self, source, path):
        subprocess.run([*self.build, source, "-o", path], check=True)

    def run(self, path, workload, folder, calls=None):
        """Nanoseconds a call, the loop itself included."""
        environment = {key: value for key, value in os.environ.items()
                       if not key.startswith("DEEP_PROFILE")}
        environment.update({key: value.replace("@", folder)
                            for key, value in self.environment.items()})
        command = [part.replace("@", folder) for part in self.wrap]
        done = subprocess.run([*command, path, workload, str(calls or self.calls)],
                              env=environment, cwd=folder, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, check=True, text=True)
        return float(done.stdout.split()[-1])


BARE = Variant("without", ["gcc", "-O2", "-fno-optimize-sibling-calls", "-pthread"], 100_000_000)

ON = {"DEEP_PROFILE": "1", "DEEP_PROFILE_OUT": "@/log", "DEEP_PROFILE_CHECK_LOAD": "false"}


def ours(compiler):
    def variant(name, attribute, calls, environment, state):
        return Variant(name, [compiler, "-O2", "-fno-optimize-sibling-calls", "-pthread",
                              f"-DBENCH_ATTRIBUTE={attribute}"], calls,
                       environment=environment, state=state)
    return [
        variant("off", "DEEP_PROFILE()", 100_000_000, {}, "off"),
        variant("sampled at 1 %", "DEEP_PROFILE()", 100_000_000, ON, "sampled"),
        variant("every call watched for slowness", "DEEP_PROFILE_IF_SLOW(100ms)", 100_000_000,
                ON, "slow"),
        variant("exact counts", "DEEP_PROFILE_CALLS()", 100_000_000, ON, "counts"),
        variant("every call recorded", "DEEP_PROFILE(rate=1)", 10_000_000, ON, "record"),
    ]
