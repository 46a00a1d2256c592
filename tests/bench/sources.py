"""Programs that nobody here wrote, from Debian's source packages.

Fetched with apt-get source into a cache folder, from where this machine has its
packages: its own lists, with deb-src for deb, read by an apt of ours so that the
machine's is not touched. Each is built as its users build it.
"""
import glob
import os
import re
import shutil
import subprocess

import variants

HERE = os.path.dirname(os.path.abspath(__file__))


def quiet(*command, **options):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   **options)


def one_line_sources(text):
    """What follows `deb` or `deb-src` in a sources.list."""
    return re.findall(r"^deb(?:-src)?\s+(\S.*?)\s*(?:#.*)?$", text, re.M)


def deb822_sources(text):
    """The same of a file *.sources, a stanza for each archive."""
    found = []
    for stanza in re.split(r"\n\s*\n", re.sub(r"^#.*\n?", "", text, flags=re.M)):
        field = {name.lower(): " ".join(value.split()) for name, value in
                 re.findall(r"^(\S+):((?:.*)(?:\n[ \t].*)*)", stanza, re.M)}
        if field.get("enabled", "yes").lower() in ("no", "false"):
            continue
        signed = field.get("signed-by", "")
        option = f"[signed-by={signed}] " if signed.startswith("/") else ""
        found += [f"{option}{uri} {suite} {field.get('components', '')}".rstrip()
                  for uri in field.get("uris", "").split()
                  for suite in field.get("suites", "").split()]
    return found


def configured_sources(folder="/etc/apt"):
    """Where this machine has its packages from, each once."""
    found = []
    for path in [f"{folder}/sources.list", *sorted(glob.glob(f"{folder}/sources.list.d/*"))]:
        if path.endswith((".list", ".sources")) and os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                text = file.read()
            found += deb822_sources(text) if path.endswith(".sources") else one_line_sources(text)
    if not found:
        raise SystemExit(f"{folder} names no archive of packages. Put the unpacked source of "
                         "each program into CACHE/PACKAGE/source instead.")
    return list(dict.fromkeys(found))


def fetch(cache, package):
    """The folder of the upstream source, without Debian's changes to it."""
    folder, lists = f"{cache}/{package}", f"{cache}/lists"
    if os.path.exists(folder + "/source"):
        return folder + "/source"
    os.makedirs(folder, exist_ok=True)
    os.makedirs(f"{lists}/partial", exist_ok=True)
    with open(f"{cache}/sources.list", "w", encoding="utf-8") as file:
        file.write("".join(f"deb-src {line}\n" for line in configured_sources()))
    options = ["-o", f"Dir::Etc::sourcelist={cache}/sources.list", "-o", "Dir::Etc::sourceparts=-",
               "-o", f"Dir::State::lists={lists}"]
    try:
        quiet("apt-get", *options, "update")
    except subprocess.CalledProcessError:
        pass  # an archive without sources: others may have this one
    try:
        quiet("apt-get", *options, "source", "--download-only", package, cwd=folder)
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"None of the archives in {cache}/sources.list has the source of "
                         f"{package}. Put it, unpacked, into {folder}/source.") from error
    (archive,) = [path for path in glob.glob(f"{folder}/*.orig.tar.*") if not path.endswith(".asc")]
    shutil.rmtree(folder + "/unpacked", ignore_errors=True)  # of a run that was ended
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


def build_redis(source, compiler, flags, extra, path):
    copy = path + ".tree"
    shutil.copytree(source, copy)
    objects = []
    for file in extra:
        objects.append(f"{copy}/{os.path.basename(file)}.o")
        quiet(compiler, "-O2", "-c", file, "-o", objects[-1])
    quiet("make", "-C", f"{copy}/src", "redis-server", "redis-benchmark", f"CC={compiler}",
          "MALLOC=libc", "OPTIMIZATION=-O2", f"REDIS_CFLAGS={' '.join(flags)}",
          f"REDIS_LDFLAGS={' '.join([*flags, *objects])}")
    shutil.copy(f"{copy}/src/redis-server", path + ".server")
    shutil.copy(f"{copy}/src/redis-benchmark", path + ".client")
    shutil.rmtree(copy)
    # The server is what is measured; its client runs beside it, without profiling.
    with open(path, "w", encoding="utf-8") as file:
        file.write(f'''#!/bin/sh
socket=$PWD/socket
"{path}.server" --port 0 --unixsocket "$socket" --save "" --appendonly no >server.out &
server=$!
for wait in 1 2 3 4 5 6 7 8 9 10; do [ -S "$socket" ] || sleep 0.3; done
env -u DEEP_PROFILE "{path}.client" -s "$socket" -q "$@" >/dev/null
status=$?
kill "$server"; wait "$server"
exit $status
''')
    os.chmod(path, 0o755)


def build_leveldb(source, compiler, flags, extra, path):
    cxx = variants.cxx(compiler)
    skip = ("_test.cc", "env_windows.cc", "testutil.cc", "leveldb_main.cc", "leveldbutil.cc")
    files = [file for folder in ("db", "table", "util", "helpers/memenv")
             for file in glob.glob(f"{source}/{folder}/*.cc") if not file.endswith(skip)]
    objects = []
    for file in extra:
        objects.append(f"{path}.{os.path.basename(file)}.o")
        quiet(compiler, "-O2", "-c", file, "-o", objects[-1])
    made = path + ".include/port"
    os.makedirs(made, exist_ok=True)
    with open(made + "/port_config.h", "w", encoding="utf-8") as file:
        file.write("#define HAVE_FDATASYNC 1\n#define HAVE_O_CLOEXEC 1\n"
                   "#define HAVE_CRC32C 0\n#define HAVE_SNAPPY 0\n#define HAVE_ZSTD 0\n")
    quiet(cxx, "-O2", "-std=c++17", "-DLEVELDB_PLATFORM_POSIX=1", f"-I{source}",
          f"-I{source}/include", f"-I{path}.include", *flags,
          f"{HERE}/leveldb_workload.cc", *files, *objects, "-o", path, "-pthread")


def zstd_arguments(source):
    data = source + "/bench-data"
    if not os.path.exists(data):
        with open(data, "wb") as file:
            for path in sorted(glob.glob(f"{source}/**/*.[ch]", recursive=True)):
                with open(path, "rb") as part:
                    file.write(part.read())
    return ["-q", "-f", "-T1", "-9", data, data, data, "-o", "/dev/null"]


PROGRAMS = {program.name: program for program in [
    Program("lua", "lua5.4", build_lua, lambda source: [f"{HERE}/lua_workload.lua"]),
    Program("sqlite", "sqlite3", build_sqlite,
            lambda source: ["--size", "30", "--shrink-memory", ":memory:"]),
    Program("zstd", "libzstd", build_zstd, zstd_arguments),
    Program("redis", "redis", build_redis,
            lambda source: ["-n", "200000", "-P", "16", "-t", "set,get,lpush,lrange_100"]),
    Program("leveldb", "leveldb", build_leveldb, lambda source: ["200000"]),
]}
