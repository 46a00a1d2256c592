"""Run inside gdb by walk.py: steps through a program, and compares two walks at each stop.

    gdb -batch -x walk_gdb.py --args PROGRAM        WALK_OF, STOPS in the environment

Prints "stops N waiting N modules N …", and a line for each stop where the walks differ.
"""
import os
import subprocess

import gdb # pylint: disable=import-error

WALK_OF, STOPS = os.environ["WALK_OF"], int(os.environ["STOPS"])
REGISTERS = ("rax rdx rcx rbx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15").split()
ENDED_EARLY, GUESSED = 0x1f, 0x100
MOST_SHOWN = 12
REFUSED = False # gdb did not go on from the outermost frame that it has
EVERY_WAIT = "read write poll clock_nanosleep close openat fallocate mmap"


def register(name):
    return int(gdb.parse_and_eval("$" + name)) & 2**64 - 1


def address_of(name):
    try:
        return int(gdb.parse_and_eval(f"(long)&{name}"))
    except gdb.error: # a program without it
        return None


def gdbs_frames():
    """Frames as we store them: return addresses less one. What gdb makes up for inlined and
    tail-called functions is no frame of the stack."""
    global REFUSED # pylint: disable=global-statement
    frames, frame, exact = [], gdb.newest_frame(), True
    while frame:
        kind = frame.type()
        if kind not in (gdb.INLINE_FRAME, gdb.TAILCALL_FRAME):
            trampoline = kind == gdb.SIGTRAMP_FRAME
            frames.append(frame.pc() - (0 if exact or trampoline else 1))
            exact = trampoline
        if frame.pc() == COROUTINE_END:
            frames[-1] = frame.pc()
            break # gdb goes on with whatever makecontext() put behind it
        REFUSED = frame.unwind_stop_reason() == gdb.FRAME_UNWIND_INNER_ID
        frame = frame.older()
    return frames


def executable(pid):
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps:
        lines = [line.split() for line in maps]
    return [tuple(int(end, 16) for end in words[0].split("-")) for words in lines
            if "x" in words[1]]


def name_of(address):
    text = gdb.execute(f"info symbol {address:#x}", to_string=True).split(" in section")[0]
    return f"{address:#x} {text.strip()}"


class Walker:
    """walk_of, which answers for the process that gdb has stopped."""

    def __init__(self, pid):
        # pylint: disable-next=consider-using-with
        self.process = subprocess.Popen([WALK_OF, str(pid)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        text=True)

    def ask(self, line):
        print(line, file=self.process.stdin, flush=True)
        return [int(word, 16) for word in self.process.stdout.readline().split()]

    def walk(self):
        values = [register("rip"), *map(register, REGISTERS)]
        return self.ask("registers " + " ".join(f"{value:x}" for value in values))

    def walk_waiting(self):
        return self.ask(f"waiting {register('rip'):x} {register('rsp'):x}")


class Comparison:
    def __init__(self, walker):
        self.walker, self.stops, self.waiting, self.differences = walker, 0, 0, 0
        self.longest, self.guessed, self.lost, self.switched = 0, 0, 0, 0
        self.code = executable(gdb.selected_inferior().pid)

    def differ(self, scene, how, expected, flags, got):
        self.differences += 1
        if self.differences > MOST_SHOWN:
            return
        print(f"DIFFERENT {scene}, {how}, flags {flags:#x}: {len(got)} frames, not {len(expected)}")
        for i in range(max(len(got), len(expected))):
            ours, gdbs = (frames[i] if i < len(frames) else 0 for frames in (got, expected))
            if ours == gdbs and len(expected) > 30:
                continue
            mark = "  " if ours == gdbs else "! "
            print(f"  {mark}{name_of(ours) if ours else '-'} | {name_of(gdbs) if gdbs else '-'}")
        print(gdb.execute("x/2i $pc", to_string=True), end="")

    def is_lost(self, frames):
        """gdb, too, follows what is wrong: in the few instructions of libc that load another
        stack's registers one by one. Then a frame is in no code."""
        return frames[0] == COROUTINE_END or not all(any(start <= frame < end for start, end in self.code) for frame in frames)

    def compare(self, scene, how, expected, answer):
        flags, *got = answer
        self.guessed += bool(flags & GUESSED)
        self.longest = max(self.longest, len(got))
        if self.is_lost(expected):
            self.lost += 1
        elif REFUSED: # gdb goes on to no stack at a lower address but a signal handler's
            if flags & ENDED_EARLY or len(got) <= len(expected) or got[:len(expected)] != expected:
                self.differ(scene, how, expected, flags, got)
            self.switched += 1
        elif got != expected or flags & ENDED_EARLY:
            self.differ(scene, how, expected, flags, got)

    def look(self, scene, waiting=False):
        expected = gdbs_frames()
        self.stops += 1
        self.compare(scene, "registers", expected, self.walker.walk())
        if waiting:
            self.waiting += 1
            self.compare(scene, "waiting", expected, self.walker.walk_waiting())


def alive():
    return bool(gdb.selected_inferior().threads())


def scene_name():
    return gdb.parse_and_eval("(char *)$rdi").string()


def step_through(comparison, scene):
    """Every instruction at first, then ever fewer, to the scene's end."""
    stride = 1.0
    for _ in range(STOPS):
        gdb.execute(f"stepi {int(stride)}", to_string=True)
        if not alive() or register("rip") == END:
            return
        comparison.look(scene)
        stride *= 1.015


def stop_at_waits(comparison, scene):
    """Stops where the scene enters the kernel, and where it leaves it."""
    gdb.execute("catch syscall " + EVERY_WAIT, to_string=True)
    number = max(int(line.split()[0]) for line in
                 gdb.execute("info breakpoints", to_string=True).splitlines()
                 if line[:1].isdigit())
    while True:
        gdb.execute("continue", to_string=True)
        if not alive() or register("rip") == END:
            break
        comparison.look(scene, waiting=True)
    gdb.execute(f"delete {number}", to_string=True)


for setting in ("pagination off", "confirm off", "backtrace past-main on", "width 0",
                "debuginfod enabled off", "backtrace limit unlimited",
                "print thread-events off", "startup-with-shell off"):
    gdb.execute("set " + setting, to_string=True)
gdb.execute("handle SIGUSR1 nostop noprint pass", to_string=True)
gdb.execute("break *&zoo_begin", to_string=True)
gdb.execute("run", to_string=True)
gdb.execute("set scheduler-locking step", to_string=True)
BEGIN, END, COROUTINE_END = map(address_of, ("zoo_begin", "zoo_end", "__start_context"))
gdb.execute("break *&zoo_end", to_string=True)
WALKER = Walker(gdb.selected_inferior().pid)
SIZES = WALKER.ask("refresh")
COMPARISON = Comparison(WALKER)
SCENES = []
while alive():
    if register("rip") == BEGIN:
        SCENES.append(scene_name())
        if "waits" in SCENES[-1]:
            stop_at_waits(COMPARISON, SCENES[-1])
        else:
            step_through(COMPARISON, SCENES[-1])
    else:
        gdb.execute("continue", to_string=True)
modules, tables, rows, table_bytes = SIZES
print(f"RESULT scenes={len(SCENES)} stops={COMPARISON.stops} waiting={COMPARISON.waiting} "
      f"different={COMPARISON.differences} lost={COMPARISON.lost} switched={COMPARISON.switched} guessed={COMPARISON.guessed} "
      f"longest={COMPARISON.longest} modules={modules} tables={tables} rows={rows} "
      f"bytes={table_bytes}")
