#!/usr/bin/env python3
"""deep-profile-cc without a plugin: what it makes of a command line, and what it says.

Run by Meson: wrapper.py DEEP_PROFILE_CC DEEP_PROFILE_CXX DEEP_PROFILE [TEST...]. HOST_CC and HOST_CXX in
the environment name the compiler, a clang or a GCC; for a GCC there is HOST_PLUGIN=none.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../e2e")
import dp

CC, CXX, TOOL = map(os.path.abspath, sys.argv[1:4])
COMPILER = os.environ.get("HOST_CC", "clang")
INCLUDE = os.path.abspath(__file__ + "/../../../include")

ANNOTATED = """
#include <deep_profile.h>
DEEP_PROFILE(rate=1)
int twice(int n)
{
    return 2 * n;
}
"""
MAIN = """
#include <stdio.h>
int twice(int n);
int main(void)
{
    printf("%d\\n", twice(21));
    return 0;
}
"""


class Wrapper(unittest.TestCase):
    def setUp(self):
        self.folder = os.path.realpath(tempfile.mkdtemp(prefix="deep-profile-bare-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.write("twice.c", ANNOTATED)
        self.write("main.c", MAIN)

    def write(self, name, text):
        with open(f"{self.folder}/{name}", "w", encoding="utf-8") as file:
            file.write(text)

    def cc(self, *arguments, program=CC, **variables):
        os.makedirs(self.folder + "/tmp", exist_ok=True)
        env = dp.environment(TMPDIR=self.folder + "/tmp", **variables)
        done = subprocess.run([program, *arguments], cwd=self.folder, env=env, text=True,
                              capture_output=True, check=False)
        self.assertEqual(os.listdir(self.folder + "/tmp"), [], "nothing is left behind")
        return done

    def build(self, *arguments, **variables):
        done = self.cc(*arguments, **variables)
        self.assertEqual((done.returncode, done.stderr), (0, ""), arguments)

    def calls(self, program="./prog", rules="1"):
        log = self.folder + "/log"
        shutil.rmtree(log, ignore_errors=True)
        dp.run(program, cwd=self.folder, env=dp.environment(DEEP_PROFILE=rules,
                                                            DEEP_PROFILE_OUT=log))
        return {f["function"]: f["sampled"] for f in dp.report(TOOL, log)["functions"]}

    # ---- ways to build ----

    def test_in_one_command(self):
        self.build("-O2", "main.c", "twice.c", "-o", "prog")
        self.assertEqual(self.calls(), {"twice": 1})

    def test_object_by_object_with_a_default_name(self):
        self.build("-O2", "-c", "main.c", "twice.c")
        self.build("main.o", "twice.o", "-o", "prog")
        self.assertEqual(self.calls(), {"twice": 1})

    def test_by_assembly(self):
        self.build("-O2", "-S", "twice.c")
        self.build("-O2", "main.c", "twice.s", "-o", "prog")
        self.assertEqual(self.calls(), {"twice": 1})

    def test_language_by_x(self):
        os.rename(self.folder + "/twice.c", self.folder + "/twice.txt")
        self.build("-O2", "main.c", "-x", "c", "twice.txt", "-x", "none", "-lm", "-o", "prog")
        self.assertEqual(self.calls(), {"twice": 1})

    def test_preprocessed_first(self):
        self.build("-E", "twice.c", "-o", "twice.i")
        self.build("main.c", "twice.i", "-o", "prog")
        self.assertEqual(self.calls(), {"twice": 1})

    def test_dependencies_are_those_of_the_compiler(self):
        for arguments, made in ((["-c", "twice.c", "-MMD"], "twice.d"),
                                (["-c", "twice.c", "-MMD", "-o", "sub.o"], "sub.d"),
                                (["-c", "twice.c", "-MMD", "-MF", "named.d"], "named.d"),
                                (["-c", "twice.c", "-MD", "-MT", "goal", "-MP"], "twice.d")):
            self.build(*arguments)
            with open(f"{self.folder}/{made}", encoding="utf-8") as file:
                ours = file.read()
            os.remove(f"{self.folder}/{made}")
            dp.run(COMPILER, "-idirafter", INCLUDE, *arguments, cwd=self.folder)
            with open(f"{self.folder}/{made}", encoding="utf-8") as file:
                self.assertEqual(ours, file.read(), arguments)

    def test_the_filter_is_among_the_dependencies(self):
        self.write("filter", "include function twi*\n")
        self.build("-c", "twice.c", "-MMD", "-fdeep-profile=all", "-fdeep-profile-filter=filter")
        with open(f"{self.folder}/twice.d", encoding="utf-8") as file:
            target, _, needed = file.read().partition(":")
        self.assertEqual(target, "twice.o")
        self.assertIn("filter", needed.split())
        self.assertIn("twice.c", needed.split())

    def test_shared_library(self):
        self.build("-O2", "-fPIC", "-shared", "twice.c", "-o", "libtwice.so")
        self.build("-O2", "main.c", "./libtwice.so", "-o", "prog")
        self.assertEqual(self.calls(), {"twice": 1})

    def test_whole_program_and_annotated_in_one_file(self):
        self.build("-O2", "-fno-inline", "-fdeep-profile=all", "main.c", "twice.c", "-o", "prog")
        self.assertEqual(self.calls(rules="*:rate=1"), {"main": 1, "twice": 1})

    def test_filter(self):
        self.write("filter", "include function twi*\n")
        self.write("plain.c", MAIN + "int twice(int n) { return 2 * n; }\n")
        flags = ["-O2", "-fno-inline", "-fdeep-profile=all"]
        self.build(*flags, "-fdeep-profile-filter=filter", "plain.c", "-o", "prog")
        self.assertEqual(self.calls(rules="*:rate=1"), {"twice": 1})
        self.build(*flags, "-fdeep-profile-min-size=3", "plain.c", "-o", "prog")
        self.assertEqual(self.calls(rules="*:rate=1"), {"main": 1})
        self.write("filter", "include functions twi*\n")
        done = self.cc(*flags, "-fdeep-profile-filter=filter", "plain.c", "-o", "prog")
        self.assertEqual((done.returncode, done.stderr),
                         (1, "deep-profile-cc: filter:1: expected 'function' or 'file', but got "
                             "'functions'\n"))

    def test_debug_information_stays_as_asked_for(self):
        for flags in ([], ["-fdeep-profile=all"]):
            for debug in ("-g0", "-g"):
                self.build(debug, *flags, "-c", "twice.c")
                sections = dp.run("readelf", "-SW", self.folder + "/twice.o").stdout
                self.assertEqual(".debug_line" in sections, debug == "-g", flags)

    def test_place_is_the_functions_name(self):
        self.write("place.cc", "#include <deep_profile.h>\nnamespace far {\nDEEP_PROFILE()\n"
                   "static int\nthere(int n)\n{\n    return n;\n}\n}\n"
                   "int main() { return far::there(0); }\n")
        done = self.cc("-fdeep-profile-verbose", "place.cc", "-o", "prog", program=CXX)
        self.assertEqual(done.stderr, "deep-profile: far::there (place.cc:5): profile()\n")

    def test_attributes_in_their_own_spelling(self):
        self.write("raw.cc", """#include <stdio.h>
const char *text = "__attribute__((profile))", *more = R"x(it's __attribute__((profile("")))x";
__attribute__((profile("rate=1, metadata=\\"a:)\\""), noinline)) static int one(int n) { return n; }
[[gnu::profile_calls]] int two(int n) { return n; }
[[gnu::noinline, gnu::__profile__("rate=0.5")]] int three(int n) { return n; }
struct s { __attribute__ (( __profile_if_slow__ ("10ms") )) int member(int n) { return n; } };
int main()
{
    int profile[3] = {0};
    printf("%s %s\\n", text, more);
    return one(profile[0]) + two(0) + three(0) + s().member(0);
}
""")
        done = self.cc("-Wall", "-MMD", "-fdeep-profile-verbose", "raw.cc", "-o", "prog", program=CXX)
        self.assertEqual((done.returncode, sorted(done.stderr.splitlines())), (0, [
            'deep-profile: one (raw.cc:3): profile(rate=1, metadata="a:)")',
            "deep-profile: s::member (raw.cc:6): profile_if_slow(10ms)",
            "deep-profile: three (raw.cc:5): profile(rate=0.5)",
            "deep-profile: two (raw.cc:4): profile_calls()"]))
        self.assertEqual(dp.run("./prog", cwd=self.folder).stdout,
                         '__attribute__((profile)) it\'s __attribute__((profile(""))\n')
        with open(self.folder + "/prog.d", encoding="utf-8") as file:
            self.assertEqual(file.read(), "prog: raw.cc\n")

    # ---- which functions ----

    def carries_structors(self):
        """clang 19 carries annotations of constructors and destructors, 14 and 16 do not; with a
        GCC the wrapper finds them itself."""
        if "clang" not in COMPILER:
            return True
        text = 'struct s { __attribute__((annotate("seen"))) s(); };\ns::s() {}\n'
        return '"seen' in subprocess.run([COMPILER, "-x", "c++", "-S", "-emit-llvm", "-o", "-", "-"],
                                         input=text, text=True, capture_output=True,
                                         check=True).stdout

    def taken(self, name, text, *flags):
        self.write(name, text)
        program = CXX if name.endswith(".cc") else CC
        done = self.cc("-fdeep-profile-verbose", *flags, "-c", name, program=program)
        self.assertEqual(done.returncode, 0, done.stderr)
        return sorted(line.removeprefix("deep-profile: ").replace(" (" + name, "")
                      for line in done.stderr.splitlines())

    def test_functions_however_they_are_declared(self):
        self.assertEqual(self.taken("odd.c", r"""#include <deep_profile.h>
#include <stddef.h>
#define HOT DEEP_PROFILE_CALLS()
struct pair { int a, b; };
HOT struct pair by_value(void) { return (struct pair){1, 2}; }
HOT int old_style(a, b) int a; char *b; { return a + !b; }
HOT static int (*returns_pointer(int n))(int) { (void)n; return NULL; }
typedef int number;
HOT number (in_parentheses)(int n) { return n; }
static HOT inline int *between(void) { return NULL; }
int later(struct pair p) HOT;
HOT struct defined { int x; } *defines(void) { return NULL; }
int table[] = {1, 2}, *list = (int[]){3}, (*pointers[2])(int) = {NULL, NULL};
enum colour { RED = sizeof(int[2]), GREEN };
int later(struct pair p) { char quotes[] = "}\"{"; return p.a + '{' + quotes[0]; }
HOT __attribute__((noinline, aligned(16))) unsigned long long attributed(
    int array[static 2], int (*callback)(int, char))
{
    struct local { int x; } l = {.x = ({ int y = array[0]; if (y) { y++; } y; })};
    switch (l.x) { case 1: { break; } default: for (;;) { break; } }
    return (unsigned)callback(l.x, '\\');
}
HOT void empty(void) {}
int user(void) { between(); returns_pointer(1); empty(); return 0; }
""", "-w", "-std=gnu11"), sorted(f"{function}:{line}): profile_calls()" for function, line in (
            ("by_value", 5), ("old_style", 6), ("returns_pointer", 7), ("in_parentheses", 9),
            ("between", 10), ("defines", 12), ("later", 15), ("attributed", 16), ("empty", 23))))

    def test_functions_of_cxx_however_they_are_declared(self):
        structors = self.carries_structors()
        # A virtual destructor is several functions.
        self.assertEqual(sorted(set(self.taken("odd.cc", r"""#include <deep_profile.h>
#include <map>
#include <vector>
#define HOT DEEP_PROFILE_CALLS()
namespace a::b { inline namespace c { HOT int nested(int n) { return n; } } }
namespace { HOT int hidden() { return 1; } }
struct base { std::vector<int> v{1, 2}; int w = {3}; virtual ~base() = default; };
struct made final : public base {
    int x, y; std::map<int, int> m;
    HOT made(int n) : base{}, x(n), y{n + 1}, m{{1, 2}, {3, 4}} { x++; }
    HOT ~made() override { x = 0; }
    HOT int operator()(int n) const noexcept { return n; }
    HOT made &operator+=(int n) & { x += n; return *this; }
    HOT bool operator==(const made &other) const { return x == other.x; }
    HOT explicit operator bool() const { return x; }
    int outside(int n, std::map<int, int> m = {}) const;
    HOT int outside(double n) const;
    HOT static auto trailing(int n) -> std::pair<int, int> { return {n, n}; }
private:
    friend HOT int befriended(made &m) { return m.x; }
    enum class colour : unsigned char { red, green };
};
int made::outside(int n, std::map<int, int>) const { return n; }
int made::outside(double n) const { return int(n); }
std::vector<int> global{1, 2}, copied(global);
auto lambda = [](int n) { return n; };
HOT int guarded(int n) try { return n; } catch (int i) { return i; } catch (...) { throw; }
extern "C" { HOT int plain_c(void) { return R"x(}{"})x"[0] + 1'000; } }
int user() { made m(1); m += 1; befriended(m); if (m && m == m) { return hidden() + m(1) + m.outside(1.0); } return made::trailing(1).first; }
""", "-w", "-std=gnu++17"))), sorted(f"{function}:{line}): profile_calls()" for function, line in (
            ("a::b::c::nested", 5), ("(anonymous namespace)::hidden", 6), ("made::made", 10),
            ("made::~made", 11), ("made::operator()", 12), ("made::operator+=", 13),
            ("made::operator==", 14), ("made::operator bool", 15), ("made::trailing", 18),
            ("befriended", 20), ("made::outside", 24), ("guarded", 27), ("plain_c", 28))
            if structors or function not in ("made::made", "made::~made")))

    # ---- what it says ----

    def test_says_that_there_is_no_plugin(self):
        done = self.cc("-v", "-c", "twice.c")
        self.assertRegex(done.stderr, r"(?m)\Adeep-profile: '.*' is (clang|GCC) \d+: gates without a plugin")

    def test_mistakes_in_options(self):
        self.write("wrong.c", "#include <deep_profile.h>\nDEEP_PROFILE(rat=0.5)\nint f(int n)\n"
                   "{ return n; }\nDEEP_PROFILE_IF_SLOW()\nint g(int n) { return n; }\n")
        done = self.cc("-c", "wrong.c")
        self.assertEqual(done.returncode, 1)
        self.assertIn("wrong.c:3: error: ", done.stderr)
        self.assertIn("'rat'", done.stderr)
        self.assertIn("did you mean 'rate'?", done.stderr)
        self.assertIn("wrong.c:6: error: profile_if_slow needs a threshold", done.stderr)
        self.assertFalse(os.path.exists(self.folder + "/wrong.o"))

    def test_functions_that_cannot_be_profiled(self):
        self.write("wrong.c", "#include <deep_profile.h>\n"
                   "DEEP_PROFILE() __attribute__((naked)) int bare(void) { __asm__(\"ret\"); }\n"
                   "typedef int fn(int);\nstatic int one(int n) { return n; }\n"
                   "DEEP_PROFILE() fn *choose(void) { return one; }\n"
                   "__attribute__((ifunc(\"choose\"))) int chosen(int);\n")
        done = self.cc("-c", "wrong.c")
        self.assertEqual(done.returncode, 1)
        self.assertIn("'bare' cannot be profiled: it is naked", done.stderr)
        self.assertIn("'choose' cannot be profiled: it resolves an ifunc", done.stderr)

    def test_mistakes_in_the_source_are_the_compilers(self):
        self.write("wrong.c", "int f(int n) { return m; }\n" + ANNOTATED)
        done = self.cc("-c", "wrong.c")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"wrong\.c:1:23: error: .*undeclared.*")

    def test_without_annotations_the_command_is_the_compilers(self):
        self.write("plain.c", "int f(int n) { return n; }\n")
        self.build("-O2", "-c", "plain.c", "-o", "ours.o")
        dp.run(COMPILER, "-O2", "-c", "plain.c", "-o", "theirs.o", cwd=self.folder)
        with open(self.folder + "/ours.o", "rb") as ours, \
                open(self.folder + "/theirs.o", "rb") as theirs:
            self.assertEqual(ours.read(), theirs.read())

    def test_warnings_are_those_of_the_source(self):
        """None is lost, none is new, none is there twice."""
        self.write("warned.c", ANNOTATED + "static int unused(int n)\n{\n    return n;\n}\n"
                   "int user(void) { return twice(1); }\n")
        self.write("bare.c", ANNOTATED.replace("DEEP_PROFILE(rate=1)", "") +
                   "static int unused(int n)\n{\n    return n;\n}\n"
                   "int user(void) { return twice(1); }\n")
        flags = ["-O2", "-Wall", "-Wextra", "-Wshadow", "-pedantic", "-std=c99", "-c"]
        done = self.cc(*flags, "warned.c")
        alone = subprocess.run([COMPILER, *flags, "-I", INCLUDE, "bare.c"], cwd=self.folder,
                               text=True, capture_output=True, check=True)
        self.assertIn("unused", done.stderr)
        self.assertEqual(done.stderr.replace("warned.c", "bare.c"), alone.stderr)
        self.assertEqual(self.cc(*flags, "-Werror", "warned.c").returncode, 1)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[4:], verbosity=2)
