#!/usr/bin/env python3
"""Names of addresses of real programs, beside what addr2line says of them.

Run by Meson: names.py NAME_ADDRESSES.
"""
import glob
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

NAMES = os.path.realpath(sys.argv[1])

# Each line calls into the one above it, so that a chain of inlined functions is known.
C = """
#include <stdio.h>
static inline __attribute__((always_inline)) int leaf(int x)
{
    volatile int y = x;
    return y + y / 3;
}
static inline __attribute__((always_inline)) int middle(int x)
{
    return leaf(x) +
           leaf(x + 1);
}
__attribute__((noinline)) int outer(int x)
{
    return middle(x) * 2;
}
__attribute__((noinline)) int plain(int x)
{
    printf("%d\\n", x);
    return x;
}
int main(int argc, char **argv)
{
    (void)argv;
    return plain(outer(argc)) == 77;
}
"""
CXX = """
#include <cstdio>
namespace shop {
namespace { __attribute__((noinline)) int hidden(int x) { return x * 3 + std::printf("%d", x); } }
template <typename T> struct basket {
    T sum;
    __attribute__((noinline)) explicit basket(T start) : sum(start) { std::printf("."); }
    template <typename U> __attribute__((noinline)) void add(U more) { sum += more; std::printf("."); }
};
}
int main(int argc, char **)
{
    shop::basket<long> basket(argc);
    basket.add<short>(3);
    return (int)basket.sum + shop::hidden(argc);
}
"""


def environment(**variables):
    env = {key: value for key, value in os.environ.items() if not key.startswith("DEEP_PROFILE")}
    return {**env, "LC_ALL": "C", "COLUMNS": "1000", "DEEP_PROFILE_SYMBOL_CACHE": "off",
            **variables}


class Names(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="deep-profile-names-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.debug = {"DEEP_PROFILE_DEBUG_DIR": self.path("debug")}

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def build(self, name, *flags, source=C, compiler="cc"):
        text = self.path(name + (".cc" if source is CXX else ".c"))
        with open(text, "w", encoding="utf-8") as file:
            file.write(source)
        subprocess.run([compiler, *flags, text, "-o", self.path(name)], check=True,
                       cwd=self.folder, capture_output=True, text=True)
        return self.path(name)

    def run_tool(self, *command, text=None):
        return subprocess.run(command, check=True, capture_output=True, text=True, input=text,
                              cwd=self.folder, env=environment()).stdout

    def build_id(self, program):
        return re.search(r"Build ID: (\w+)", self.run_tool("readelf", "-n", program)).group(1)

    def instructions(self, program, *functions):
        """The addresses of all instructions of some functions, without what fills up behind."""
        ends = {int(line.split()[0], 16): int(line.split()[0], 16) + int(line.split()[1], 16)
                for line in self.run_tool("nm", "-S", program).splitlines()
                if len(line.split()) == 4}
        listing = self.run_tool("objdump", "-d", "--no-show-raw-insn", program)
        found, end = [], 0
        for line in listing.splitlines():
            head = re.match(r"[0-9a-f]+ <(.*)>:", line)
            if head:
                end = ends.get(int(line.split()[0], 16), 0) if head.group(1) in functions else 0
            address = re.match(r" +([0-9a-f]+):", line)
            if address and int(address.group(1), 16) < end:
                found.append(int(address.group(1), 16))
        self.assertTrue(found)
        return found

    def names(self, program, addresses, build_id="", **variables):
        """(what is wrong, {address: [(function, file, line, inlined)]})"""
        done = subprocess.run([NAMES, program, build_id], check=True, capture_output=True, text=True,
                              errors="surrogateescape", input="\n".join(hex(address) for address in addresses),
                              env=environment(**variables), cwd=self.folder, timeout=120)
        found, problem = {}, ""
        for line in done.stdout.splitlines():
            if line.startswith("0x"):
                frames = found.setdefault(int(line, 16), [])
            elif line.startswith("problem: "):
                problem = line.removeprefix("problem: ")
            else:
                function, file, number, inlined = line[2:].split("\t")
                frames.append((function, os.path.basename(file), int(number), inlined == "inlined"))
        return problem, found

    def by_addr2line(self, program, addresses):
        lines = self.run_tool("addr2line", "-a", "-f", "-i", "-e", program,
                              text="\n".join(map(hex, addresses))).splitlines()
        found = {}
        while lines:
            line = lines.pop(0)
            if line.startswith("0x"):
                frames = found.setdefault(int(line, 16), [])
            else:
                file, number = re.match(r"(.*):(\d+|\?)", lines.pop(0)).groups()
                frames.append((line, os.path.basename(file), int(number.replace("?", "0"))))
        return found

    def agrees(self, program):
        """Of every instruction: the same functions, files and lines."""
        addresses = self.instructions(program, "main", "outer", "plain")
        problem, ours = self.names(program, addresses)
        self.assertEqual(problem, "")
        theirs = self.by_addr2line(program, addresses)
        self.assertEqual({address: [frame[:3] for frame in frames]
                          for address, frames in ours.items()}, theirs)
        return ours

    # ---- debug information ----

    def test_functions_inlined_functions_files_and_lines(self):
        for flags in (["-O0"], ["-O1"], ["-O2"], ["-O3"], ["-O2", "-gdwarf-4"], ["-O2", "-gdwarf-3"],
                      ["-O2", "-gz"], ["-O2", "-static"], ["-O2", "-static-pie"],
                      ["-O2", "-no-pie"], ["-O2", "-fno-omit-frame-pointer"],
                      ["-O2", "-flto"], ["-O2", "-ffunction-sections", "-Wl,--gc-sections"]):
            with self.subTest(flags=flags):
                ours = self.agrees(self.build("program", "-g", *flags))
                chains = {tuple(frame[0] for frame in frames) for frames in ours.values()}
                self.assertIn(("leaf", "middle", "outer"), chains)
                frames = next(frames for frames in ours.values() if len(frames) == 3)
                self.assertEqual([frame[3] for frame in frames], [True, True, False])

    @unittest.skipUnless(shutil.which("clang"), "no clang")
    def test_those_of_clang(self):
        self.agrees(self.build("program", "-g", "-O0", compiler="clang"))
        older = self.agrees(self.build("program", "-g", "-O2", "-gdwarf-4", compiler="clang"))
        # addr2line does not know clang's indexes into lists of DWARF 5.
        newer = self.build("program", "-g", "-O2", "-gdwarf-5", compiler="clang")
        self.assertEqual(self.names(newer, list(older)), ("", older))

    def test_names_of_cxx_have_no_parameters(self):
        program = self.build("program", "-g", "-O1", source=CXX, compiler="c++")
        symbols = self.run_tool("nm", program)
        wanted = {"shop::(anonymous namespace)::hidden": r"hidden", "shop::basket<long>::basket":
                  r"basketIlEC[12]", "shop::basket<long>::add<short>": r"3addI", "main": r" main$"}
        for name, pattern in wanted.items():
            address = next(int(line.split()[0], 16) for line in symbols.splitlines()
                           if re.search(pattern, line) and line.split()[1].lower() in "tw")
            self.assertEqual(self.names(program, [address])[1][address][-1][0], name)

    def test_split_debug_information(self):
        whole = self.build("whole", "-g", "-O2")
        split = self.build("split", "-g", "-O2", "-gsplit-dwarf")
        addresses = self.instructions(whole, "main", "outer", "plain")
        self.assertEqual(addresses, self.instructions(split, "main", "outer", "plain"))
        rename = {"split.c": "whole.c"}
        problem, ours = self.names(split, addresses)
        self.assertEqual(problem, "")
        self.assertEqual({address: [(f, rename.get(file, file), *rest) for f, file, *rest in frames]
                          for address, frames in ours.items()}, self.names(whole, addresses)[1])
        for file in glob.glob(self.path("*.dwo")):
            os.remove(file)
        problem, ours = self.names(split, addresses)
        self.assertRegex(problem, r"has its functions in '.*\.dwo', which cannot be read")
        self.assertEqual({frames[-1][0] for frames in ours.values()}, {"main", "outer", "plain"})

    # ---- stripped files ----

    def strip(self, program, *flags):
        """Moves the debug information to program.debug."""
        self.run_tool("objcopy", "--only-keep-debug", program, program + ".debug")
        self.run_tool("strip", program)
        self.run_tool("objcopy", "--add-gnu-debuglink=" + program + ".debug", *flags, program)

    def is_found(self, program, addresses, expected, found=True, **variables):
        problem, ours = self.names(program, addresses, **variables)
        self.assertEqual(problem, "")
        if found:
            self.assertEqual(ours, expected)
        else:
            self.assertEqual({frame[1] for frames in ours.values() for frame in frames} - {"?"}, set())

    def test_a_separate_debug_file(self):
        program = self.build("program", "-g", "-O2")
        addresses = self.instructions(program, "main", "outer", "plain")
        expected = self.names(program, addresses)[1]
        build_id = self.build_id(program)
        self.strip(program)
        file = program + ".debug"
        by_id = f"debug/.build-id/{build_id[:2]}/{build_id[2:]}.debug"
        for place in (".debug/program.debug", f"debug{self.folder}/program.debug", by_id):
            self.is_found(program, addresses, expected, **self.debug)
            os.makedirs(os.path.dirname(self.path(place)), exist_ok=True)
            os.rename(file, self.path(place))
            file = self.path(place)
        self.is_found(program, addresses, expected, **self.debug)
        self.is_found(program, addresses, expected, found=False)
        # A program that is gone: its build-id leads to its debug file all the same.
        os.remove(program)
        problem, ours = self.names(program, addresses, build_id, **self.debug)
        self.assertEqual((problem, ours), ("", expected))

    def test_a_debug_file_of_another_build_is_not_used(self):
        for flags in ([], ["-Wl,--build-id=none"]):
            program = self.build("program", "-g", "-O2", *flags)
            addresses = self.instructions(program, "outer")
            expected = self.names(program, addresses)[1]
            self.strip(program)
            self.is_found(program, addresses, expected)
            other = self.build("other", "-g", "-O1", *flags)
            self.run_tool("objcopy", "--only-keep-debug", other, program + ".debug")
            self.is_found(program, addresses, expected, found=False)

    def test_stripped_files_have_their_symbol_tables(self):
        program = self.build("program", "-O2", "-rdynamic")
        addresses = self.instructions(program, "outer")
        for strip in ([], ["strip"]): # then there is .dynsym alone
            if strip:
                self.run_tool(*strip, program)
            problem, ours = self.names(program, addresses)
            self.assertEqual(problem, "")
            self.assertEqual(set(map(tuple, ours.values())), {(("outer", "?", 0, False),)})
        program = self.build("bare", "-O2", "-s")
        self.assertEqual(self.names(program, addresses)[1][addresses[0]], [])

    def test_calls_of_other_modules(self):
        program = self.build("program", "-O2")
        listing = self.run_tool("objdump", "-d", program)
        address = int(re.search(r"([0-9a-f]+) <printf@plt>:", listing).group(1), 16)
        self.assertEqual(self.names(program, [address])[1][address][0][0], "[plt]")

    def test_the_vdso(self):
        # Where its functions are is the kernel's business: some address of a page has a name.
        found = self.names("[vdso]", range(0x200, 0x1800, 16))[1]
        self.assertIn("clock_gettime", {frames[0][0].lstrip("_").removeprefix("vdso_")
                                        for frames in found.values() if frames})

    # ---- what is not as it was ----

    def test_a_file_that_was_replaced(self):
        program = self.build("program", "-g", "-O2")
        addresses, old = self.instructions(program, "outer"), self.build_id(program)
        self.build("program", "-g", "-O1")
        problem, ours = self.names(program, addresses, old)
        self.assertEqual(problem, f"'{program}' was replaced since: its build-id was {old} and is "
                                  f"{self.build_id(program)}")
        self.assertEqual(set(map(len, ours.values())), {0})

    def test_a_file_that_is_gone_or_none(self):
        os.mkfifo(self.path("pipe"))
        with open(self.path("text"), "w", encoding="ascii") as file:
            file.write("#!/bin/sh\n")
        for name, why in (("gone", "No such file or directory"), ("pipe", "it is no regular file"),
                          (".", "it is no regular file"), ("text", "it is no ELF file")):
            problem, ours = self.names(self.path(name), [0x1000])
            self.assertEqual(problem, f"cannot read '{self.path(name)}': {why}")
            self.assertEqual(ours, {0x1000: []})

    def test_compressed_sections(self):
        program, packed = self.build("program", "-g", "-O2"), self.path("packed")
        addresses = self.instructions(program, "outer")
        expected = self.names(program, addresses)
        for way in "zlib", "zstd":
            done = subprocess.run(("objcopy", "--compress-debug-sections=" + way, program, packed),
                                  stderr=subprocess.PIPE, check=False)
            if way == "zstd" and done.returncode != 0:
                continue # an older objcopy
            with self.subTest(way):
                problem, ours = self.names(packed, addresses)
                if way == "zstd" and problem: # a libelf without it
                    self.assertRegex(problem, r"packed' is compressed in a way \(zstd\?\) that libelf")
                    self.assertEqual({frames[0][0] for frames in ours.values()}, {"outer"})
                else:
                    self.assertEqual((problem, ours), expected)

    def test_names_that_dwz_moved_are_not_made_up(self):
        one, other = self.build("program", "-g", "-O2"), self.path("other")
        shutil.copy(one, other)
        addresses = self.instructions(one, "outer", "plain")
        self.run_tool("dwz", "-m", self.path("common"), "-h", one, other)
        problem, ours = self.names(one, addresses)
        self.assertIn("has some of its names in '", problem)
        found = {frame[0] for frames in ours.values() for frame in frames}
        self.assertLessEqual(found, {"outer", "plain", "middle", "leaf", "?"})
        self.assertLessEqual({"outer", "plain"}, found)

    def test_an_address_where_nothing_is(self):
        program = self.build("program", "-g", "-O2")
        problem, ours = self.names(program, [0, 1, 0x10, 2**40, 2**64 - 1])
        self.assertEqual((problem, set(map(len, ours.values()))), ("", {0}))

    def test_damaged_files(self):
        """Whatever is in the file: an end, soon, with names or with a message."""
        program = self.build("program", "-g", "-O2")
        addresses = self.instructions(program, "main", "outer", "plain")
        with open(program, "rb") as file:
            whole = file.read()
        listing = self.run_tool("readelf", "-SW", program)
        sections = [(int(offset, 16), int(size, 16)) for name, offset, size in re.findall(
            r"\] (\.debug_\w+|\.symtab|\.shstrtab) +\w+ +[0-9a-f]+ ([0-9a-f]+) ([0-9a-f]+)", listing)]
        self.assertGreater(len(sections), 5)
        chance, said = random.Random(1), 0
        for i in range(120):
            bytes_ = bytearray(whole)
            for _ in range(chance.choice((1, 8, 64))):
                offset, size = chance.choice(sections + [(0, 64), (len(whole) - 2048, 2048)])
                bytes_[offset + chance.randrange(size)] = chance.choice((0, 0xff, chance.randrange(256)))
            if i % 10 == 0:
                del bytes_[chance.randrange(len(whole)):]
            with open(self.path("damaged"), "wb") as file:
                file.write(bytes_)
            problem, ours = self.names(self.path("damaged"), addresses)
            said += problem != ""
            self.assertEqual(set(ours), set(addresses))
        self.assertGreater(said, 10)

    # ---- the cache ----

    def test_the_cache(self):
        program = self.build("program", "-g", "-O2")
        addresses, build_id = self.instructions(program, "main", "outer"), self.build_id(program)
        cache = {"XDG_CACHE_HOME": self.path("cache"), "DEEP_PROFILE_SYMBOL_CACHE": ""}
        file = self.path("cache/deep-profile/symbols", build_id + ".names")
        expected = self.names(program, addresses)[1]
        self.assertFalse(os.path.exists(self.path("cache")))
        self.names(program, addresses[:5], build_id, **cache)
        first = os.path.getsize(file)
        self.assertEqual(self.names(program, addresses, build_id, **cache)[1], expected)
        self.assertGreater(os.path.getsize(file), first)
        self.assertEqual(os.stat(file).st_mode & 0o777, 0o600)
        self.assertEqual(os.listdir(os.path.dirname(file)), [build_id + ".names"])

        # It is what answers: the program itself has no names any more, and looks the same.
        was = os.stat(program)
        with open(program, "r+b") as damaged:
            damaged.write(bytes(was.st_size))
        self.assertNotEqual(self.names(program, addresses, build_id)[0], "")
        os.utime(program, ns=(was.st_atime_ns, was.st_mtime_ns))
        self.assertEqual(self.names(program, addresses, build_id, **cache), ("", expected))
        # A file of another time is another file.
        os.utime(program, ns=(was.st_atime_ns, was.st_mtime_ns + 1))
        self.assertNotEqual(self.names(program, addresses, build_id, **cache)[0], "")

    def test_a_damaged_cache(self):
        program = self.build("program", "-g", "-O2")
        addresses, build_id = self.instructions(program, "main", "outer"), self.build_id(program)
        cache = {"XDG_CACHE_HOME": self.path("cache"), "DEEP_PROFILE_SYMBOL_CACHE": ""}
        file = self.path("cache/deep-profile/symbols", build_id + ".names")
        expected = self.names(program, addresses, build_id, **cache)
        with open(file, "rb") as whole:
            whole = whole.read()
        chance = random.Random(2)
        for i in range(40):
            bytes_ = bytearray(whole)
            bytes_[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
            if i % 4 == 0:
                del bytes_[chance.randrange(len(whole)):]
            with open(file, "wb") as damaged:
                damaged.write(bytes_)
            self.assertEqual(self.names(program, addresses, build_id, **cache), expected)
            with open(file, "rb") as mended:
                self.assertEqual(mended.read(), whole)

    def test_several_write_to_the_cache(self):
        program = self.build("program", "-g", "-O2")
        addresses, build_id = self.instructions(program, "main", "outer"), self.build_id(program)
        env = environment(XDG_CACHE_HOME=self.path("cache"), DEEP_PROFILE_SYMBOL_CACHE="")
        expected = self.names(program, addresses)
        running = []
        for _ in range(24):
            some = chance_of(addresses, len(running))
            running.append(subprocess.Popen([NAMES, program, build_id], stdin=subprocess.PIPE,
                                            stdout=subprocess.DEVNULL, text=True, env=env))
            running[-1].stdin.write("\n".join(map(hex, some)))
            running[-1].stdin.close()
        for one in running:
            self.assertEqual(one.wait(timeout=120), 0)
        cache = {"XDG_CACHE_HOME": self.path("cache"), "DEEP_PROFILE_SYMBOL_CACHE": ""}
        self.assertEqual(self.names(program, addresses, build_id, **cache), expected)
        self.assertEqual(len(os.listdir(self.path("cache/deep-profile/symbols"))), 1)

    def test_the_cache_is_bounded(self):
        program = self.build("program", "-g", "-O2")
        addresses, build_id = self.instructions(program, "main"), self.build_id(program)
        cache = {"XDG_CACHE_HOME": self.path("cache"), "DEEP_PROFILE_SYMBOL_CACHE": ""}
        folder = self.path("cache/deep-profile/symbols")
        os.makedirs(folder)
        for i in range(20):
            with open(os.path.join(folder, f"{i:040x}.names"), "wb") as old:
                old.truncate(4 << 20)
            os.utime(os.path.join(folder, f"{i:040x}.names"), (i, i))
        self.names(program, addresses, build_id, **cache)
        left = os.listdir(folder)
        self.assertIn(build_id + ".names", left)
        self.assertIn(f"{19:040x}.names", left)
        self.assertNotIn(f"{7:040x}.names", left)
        self.assertLessEqual(sum(os.path.getsize(os.path.join(folder, name)) for name in left),
                             64 << 20)


def chance_of(addresses, seed):
    return random.Random(seed).sample(addresses, len(addresses) // 2)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
