"""A memory cgroup of the tests' own, for what happens when memory runs out.

Beside those of the system, so that nobody else's counters move; version 1 or 2.
Where it is not permitted refused() says why, and the tests say so.
"""
import contextlib
import os
import re

PLACES = {  # where groups are made: the file of the limit, of the kills
    "/sys/fs/cgroup/memory": ("memory.limit_in_bytes", "memory.oom_control"),
    "/sys/fs/cgroup": ("memory.max", "memory.events"),
    "/sys/fs/cgroup/unified": ("memory.max", "memory.events"),
}
state = {"path": None, "refused": "not made", "kills": None}


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


@contextlib.contextmanager
def made(limit="24M"):
    """Makes the group, and removes it again; its processes must have ended."""
    state["refused"] = "no memory controller in /sys/fs/cgroup"
    for place, (limit_file, kills_file) in PLACES.items():
        path = f"{place}/deep-profile-tests-{os.getpid()}"
        try:
            os.mkdir(path)
            if os.path.exists(f"{path}/{limit_file}"):
                write(f"{path}/{limit_file}", limit)
                state.update(path=path, refused=None, kills=f"{path}/{kills_file}")
                break
            os.rmdir(path)
        except OSError as error:
            state["refused"] = str(error)
    try:
        yield
    finally:
        if state["path"]:
            os.rmdir(state["path"])
        state.update(path=None, refused="not made")


def refused():
    return state["refused"]


def enter():
    """Puts the calling process into the group: of use between fork and exec."""
    write(f"{state['path']}/cgroup.procs", str(os.getpid()))


def kills():
    """Processes of the group that the kernel ended; None without a group."""
    if state["refused"]:
        return None
    with open(state["kills"], encoding="ascii") as file:
        return int(re.search(r"^oom_kill (\d+)", file.read(), re.MULTILINE).group(1))
