"""Nothing that a test starts outlives it, however it ends: a test that is killed in
the midst of it must not leave a machine full of programs that loop.

    Meson --- top --- guard --- driver --- programs, their children, daemons ...

begin() goes on in the driver. The guard adopts whatever loses its parent, and kills
what is left when the driver has ended, or top: that is the process that Meson knows,
and ends as the driver did. The guard is in a session of its own, where no signal
reaches it that is meant for a process group.
"""
import ctypes
import os
import signal

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36


def prctl(option, value):
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def die_with_parent(parent, how):
    prctl(PR_SET_PDEATHSIG, how)
    if os.getppid() != parent: # before we had asked
        os.kill(os.getpid(), how)


def children():
    with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
        return [int(pid) for pid in file.read().split()]


def kill_all():
    """The children of those that are killed become ours."""
    while True:
        for pid in children():
            os.kill(pid, signal.SIGKILL)
        try:
            os.wait()
        except ChildProcessError:
            return


def end_as(status):
    if os.WIFSIGNALED(status):
        signal.signal(os.WTERMSIG(status), signal.SIG_DFL)
        os.kill(os.getpid(), os.WTERMSIG(status))
    os._exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 1)


def on_term(_signal, _frame):
    kill_all()
    os._exit(1)


def watch(driver):
    pid = status = None
    while pid != driver:
        pid, status = os.wait()
    signal.signal(signal.SIGTERM, signal.SIG_IGN) # top need not end twice
    kill_all()
    return status


def begin():
    """Returns in the driver only."""
    top, interrupt = os.getpid(), signal.getsignal(signal.SIGINT)
    guard = os.fork()
    if guard:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        end_as(os.waitpid(guard, 0)[1])
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, on_term)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    die_with_parent(top, signal.SIGTERM)
    guard, driver = os.getpid(), os.fork()
    if driver:
        end_as(watch(driver))
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, interrupt)
    die_with_parent(guard, signal.SIGKILL)
