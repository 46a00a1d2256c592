"""Programs that nobody here wrote, from Debian's source packages.

Fetched with apt-get source into a cache folder; a sources list of our own,
so that the machine's is not touched. Each is built as its users build it.
"""
import glob
import os
import shutil
import subprocess


def quiet(*command, **options):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   **options)


def fetch(cache, package):
    """The folder of the upstream source, without Debian's changes to it."""
    folder, lists = f"{cache}/{package}", f"{cache}/lists"
    if os.path.exists(folder + "/source"):
        return folder + "/source"
    os.makedirs(folder, exist_ok=True)
    os.makedirs(f"{lists}/partial", exist_ok=True)
    with open(f"{cache}/sources.list", "w", encoding="utf-8") as file:
        file.write("deb-src http://deb.debian.org/debian bookworm main\n")
    options = ["-o", f"Dir::Etc::sourcelist={cache}/sources.list", "-o", "Dir::Etc::sourceparts=-",
               "-o", f"Dir::State::lists={lists}"]
    quiet("apt-get", *options, "update")
    quiet("apt-get", *options, "source", "--download-only", package, cwd=folder)
    (archive,) = [path for path in glob.glob(f"{folder}/*.orig.tar.*") if not path.endswith(".asc")]
    os.mkdir(folder + "/unpacked")
    quiet("tar", "-xf", archive, "-C", folder + "/unpacked", "--strip-components=1")
    os.rename(folder + "/unpacked", folder + "/source")
    return folder + "/source"


class Program:
    """`build(source, compiler, flags, extra, path)` makes an executable;
    `arguments(source)` is what it is run with."""

    def __init__(self, name, package, build, arguments):
        self.name, self.package, self.build, self.arguments = name, package, build, arguments


def build_lua(source, compiler, flags, extra, path):
    files = [file for file in glob.glob(f"{source}/src/*.c") if not file.endswith("/luac.c")]
    quiet(compiler, "-O2", "-DLUA_USE_LINUX", *flags, *files, *extra, "-o", path, "-lm", "-ldl")


def build_sqlite(source, compiler, flags, extra, path):
    if not os.path.exists(f"{source}/sqlite3.c"):
        quiet("./configure", cwd=source)
        quiet("make", "sqlite3.c", cwd=source)
    quiet(compiler, "-O2", "-DSQLITE_THREADSAFE=0", "-DSQLITE_OMIT_LOAD_EXTENSION", f"-I{source}",
          *flags, f"{source}/test/speedtest1.c", f"{source}/sqlite3.c", *extra, "-o", path, "-lm")


def build_zstd(source, compiler, flags, extra, path):
    copy = path + ".tree"
    shutil.copytree(source, copy)
    options = " ".join(["-O2", *flags])
    objects = []
    for file in extra:
        objects.append(f"{copy}/{os.path.basename(file)}.o")
        quiet(compiler, "-O2", "-c", file, "-o", objects[-1])
    quiet("make", "-C", f"{copy}/programs", "zstd-release", f"CC={compiler}",
          f"CFLAGS={options}", f"LDFLAGS={' '.join([*flags, *objects])}", "HAVE_LZMA=0",
          "HAVE_LZ4=0", "HAVE_ZLIB=0")
    shutil.copy(f"{copy}/programs/zstd", path)
    shutil.rmtree(copy)


def zstd_arguments(source):
    data = source + "/bench-data"
    if not os.path.exists(data):
        with open(data, "wb") as file:
            for path in sorted(glob.glob(f"{source}/**/*.[ch]", recursive=True)):
                with open(path, "rb") as part:
                    file.write(part.read())
    return ["-q", "-f", "-T1", "-9", data, data, data, "-o", "/dev/null"]


HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAMS = {program.name: program for program in [
    Program("lua", "lua5.4", build_lua, lambda source: [f"{HERE}/lua_workload.lua"]),
    Program("sqlite", "sqlite3", build_sqlite,
            lambda source: ["--size", "30", "--shrink-memory", ":memory:"]),
    Program("zstd", "libzstd", build_zstd, zstd_arguments),
]}
