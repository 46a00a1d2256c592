"""What is measured: each state of ours, each peer, and the program without any.

A variant knows with which flags to build and how to run; one that is not
installed is left out and named. docs/overhead.md says what each needs.
"""
import os
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))


def cxx(compiler):
    """The C++ compiler beside a C compiler."""
    folder, name = os.path.split(compiler)
    return os.path.join(folder, name.replace("-cc", "-c++").replace("gcc", "g++")
                        .replace("clang", "clang++"))


class Variant:
    """`calls`: how many make a run of some tenths of a second. In `wrap` and
    `environment`, @ stands for a scratch folder. `base`: the variant without
    profiling to compare with, where it is not gcc's. `build`: of deep-profile-cc."""

    def __init__(self, name, compiler, flags=(), calls=100_000_000, wrap=(), environment=None,
                 extra=(), needs=(), base="without", build=None):
        self.name, self.compiler, self.flags, self.calls = name, compiler, list(flags), calls
        self.wrap, self.environment = list(wrap), environment or {}
        self.extra = [f"{HERE}/{source}" for source in extra]
        self.needs, self.base = [compiler, *needs], base
        self.build = build or {}

    def missing(self):
        return [program for program in self.needs if not shutil.which(program)]

    def compile(self, source, path):
        compiler = cxx(self.compiler) if source.endswith(".cc") else self.compiler
        subprocess.run([compiler, "-O2", "-pthread", *self.flags, source, *self.extra,
                        "-o", path], check=True, env={**os.environ, **self.build})

    def command(self, path, arguments, folder):
        return [part.replace("@", folder) for part in self.wrap] + [path, *arguments]

    def variables(self, folder):
        clean = {key: value for key, value in os.environ.items()
                 if not key.startswith(("DEEP_PROFILE", "XRAY"))}
        return {**clean, **{key: value.replace("@", folder)
                            for key, value in self.environment.items()}}

    def run(self, path, arguments, folder):
        """What the program prints. Its own folder, emptied before."""
        shutil.rmtree(folder, ignore_errors=True)
        os.mkdir(folder)
        done = subprocess.run(self.command(path, arguments, folder), env=self.variables(folder),
                              cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              check=True, text=True)
        return done.stdout


# Sibling calls would turn the recursion's calls into jumps in some variants only.
KEEP_CALLS = "-fno-optimize-sibling-calls"
ON = {"DEEP_PROFILE_OUT": "@/log", "DEEP_PROFILE_CHECK_LOAD": "false", "DEEP_PROFILE": "1"}
CLANG = "clang-19"
XRAY = ["-fxray-instrument", "-fxray-instruction-threshold=1"]


def bare():
    return [Variant("without", "gcc", [KEEP_CALLS]),
            Variant("without (clang)", CLANG, [KEEP_CALLS], base=None)]


def annotated(compiler):
    """Our states, where the one function is annotated."""
    def state(name, attribute, environment, calls=100_000_000):
        return Variant(name, compiler, [KEEP_CALLS, f"-DBENCH_ATTRIBUTE={attribute}"], calls,
                       environment=environment)
    return [
        state("off", "DEEP_PROFILE()", {}),
        state("sampled at 1 %", "DEEP_PROFILE()", ON),
        state("watched for slowness", "DEEP_PROFILE_IF_SLOW(100ms)", ON),
        state("exact counts", "DEEP_PROFILE_CALLS()", ON),
        state("every call recorded", "DEEP_PROFILE(rate=1)", ON, 10_000_000),
    ]


def whole_program(compiler):
    """Our states in whole-program mode, chosen by rule."""
    def state(name, rules, calls=100_000_000):
        environment = {**ON, "DEEP_PROFILE": rules} if rules else {}
        return Variant("all: " + name, compiler, [KEEP_CALLS, "-fdeep-profile=all"], calls,
                       environment=environment)
    return [
        state("off", None),
        state("sampled at 1 %", "*:rate=0.01"),
        state("watched for slowness", "*:slow=100ms"),
        state("exact counts", "*:calls", 30_000_000),
        state("every call recorded", "*:rate=1", 10_000_000),
    ]


def without_plugin(compiler):
    """The same states, where deep-profile-cc has a compiler without a plugin."""
    ways = (("clang", [CLANG], "without (clang)",
             {"DEEP_PROFILE_CC": CLANG, "DEEP_PROFILE_CXX": cxx(CLANG)}),
            ("GCC", [], "without", {"DEEP_PROFILE_PLUGIN": "none"}))
    found = []
    for name, needs, base, build in ways:
        for variant in annotated(compiler) + whole_program(compiler):
            found.append(Variant(f"{name}: {variant.name}", compiler, variant.flags, variant.calls,
                                 environment=variant.environment, needs=needs, base=base,
                                 build=build))
    return found


def peers():
    def xray(name, threshold=None, calls=100_000_000):
        environment = {} if threshold is None else {"XRAY_THRESHOLD_US": threshold}
        return Variant(name, CLANG, [KEEP_CALLS, *XRAY], calls, environment=environment,
                       extra=["xray_fdr.c"] if threshold is not None else [],
                       base="without (clang)")

    def uftrace(name, *options, calls=2_000_000):
        return Variant(name, "gcc", [KEEP_CALLS, "-pg"], calls, needs=["uftrace"],
                       wrap=["uftrace", "record", "--no-libcall", "-d", "@/uftrace", *options])
    hooks = [KEEP_CALLS, "-finstrument-functions"]
    return [
        xray("XRay, unpatched"),
        xray("XRay FDR, threshold 5 us", "5", 5_000_000),
        xray("XRay FDR, all", "0", 5_000_000),
        uftrace("uftrace --nop", "--nop", calls=50_000_000),
        uftrace("uftrace -t 1ms", "-t", "1ms", calls=5_000_000),
        uftrace("uftrace record"),
        Variant("-finstrument, empty hooks", "gcc", hooks, extra=["empty_hooks.c"]),
        Variant("gprof", "gcc", [KEEP_CALLS, "-pg"], 50_000_000),
        Variant("LTTng cyg-profile", "gcc", hooks, 1_000_000, needs=["lttng", "lttng-sessiond"],
                wrap=[f"{HERE}/lttng_session", "@"]),
        Variant("perf -g 99 Hz", "gcc", [KEEP_CALLS], needs=["perf"],
                wrap=["perf", "record", "-q", "-g", "-F", "99", "-o", "@/perf.data", "--"]),
        Variant("perf -g 999 Hz", "gcc", [KEEP_CALLS], needs=["perf"],
                wrap=["perf", "record", "-q", "-g", "-F", "999", "-o", "@/perf.data", "--"]),
    ]


def split(candidates):
    """Those that can run here, and why the others cannot."""
    usable = [variant for variant in candidates if not variant.missing()]
    missing = {variant.name: variant.missing() for variant in candidates if variant.missing()}
    return usable, missing
