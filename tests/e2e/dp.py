"""What the end-to-end tests share: run a program under deep-profile, read what came out.

The tool to use is given by the caller, so that an installed one and the one of
the build folder can be tried alike. Whoever imports this goes on in another process,
with which everything that it starts ends: guard.py.
"""
import json
import os
import re
import subprocess

import guard

guard.begin()


# Losses that a machine with other work brings: of ticks, and of looks at threads that got no
# processor. `interrupted` counts the runtime's own waits, too.
BUSY = ("tick_late", "clock_back", "looks", "not_asked", "look_moved", "interrupted")


def environment(**variables):
    """Ours and the caller's, but nothing of DEEP_PROFILE* that happens to be set, and
    no LD_LIBRARY_PATH, which Meson sets for its tests: programs must find their runtime.

    The machine that runs the tests may well be busy: no gate and no alert unless asked for.
    Sentences of the tool are looked for in lines that are not broken.
    HOST_CC, HOST_CXX and HOST_PLUGIN say how programs are compiled (tests/stress/sanitizers,
    tests/fallback)."""
    env = {key: value for key, value in os.environ.items()
           if not key.startswith(("DEEP_PROFILE", "CCACHE_", "LD_"))}
    env["DEEP_PROFILE_CHECK_LOAD"] = "false"
    env["COLUMNS"] = "1000"
    env["DEEP_PROFILE_ALERTS"] = "false"
    for name in ("CC", "CXX", "PLUGIN"):
        if "HOST_" + name in env:
            env["DEEP_PROFILE_" + name] = env["HOST_" + name]
    env.update(variables)
    return env


def run(*command, env=None, **options):
    """Runs to the end; a status other than 0 is an error that shows the output."""
    result = subprocess.run(command, env=env or environment(), stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, check=False, **options)
    if result.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: status {result.returncode}\n"
                             f"{result.stdout}{result.stderr}")
    return result


def profile(out, *command, **variables):
    """Runs a program with profiling on and its log in `out`; returns what it printed."""
    return run(*command, env=environment(DEEP_PROFILE="1", DEEP_PROFILE_OUT=out, **variables)).stdout


def events(tool, out):
    """The log's events, as a list of dicts; none where the tool says that there are none."""
    command = (tool, "events", "--format=json", out)
    result = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    if result.returncode == 3 and "holds no events" in result.stderr:
        return []
    if result.returncode != 0:
        raise AssertionError(f"{command}: status {result.returncode}\n{result.stderr}")
    return [json.loads(line) for line in result.stdout.splitlines()]


def report(tool, out):
    """What `report` says of one log."""
    return json.loads(run(tool, "report", "--format=json", out).stdout)


def functions(found, event=None):
    """Names of the functions that events are about."""
    return {e["metadata"]["function"] for e in found
            if "function" in e["metadata"] and (event is None or e["event"] == event)}


def is_outside_of_sandboxes():
    """No filter of seccomp is in force here."""
    with open("/proc/self/status", encoding="ascii") as status:
        return re.search(r"^Seccomp:\s+0$", status.read(), re.M) is not None
