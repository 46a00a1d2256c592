#!/usr/bin/env python3
"""What doctor says of a program, a log and the environment."""
import os
import re
import subprocess
import sys
import unittest

from case import CHECK, Case, FINE, ROOT, environment


with open(ROOT + "/include/deep_profile/abi/gate.h", encoding="utf-8") as header:
    GATE, = re.findall(r"#define DP_ABI_VERSION (\d+)", header.read())


class Doctor(Case):
    """Program files, made as the plugin would leave them."""

    SITES = ('__attribute__((section("deep_profile_sites"), used)) static char sites[64];\n'
             "void deep_profile_enter_call(void);\n")
    DESC = ("struct desc { const char *function, *file; unsigned line, flags, n, abi;"
            " const void *attributes; };\n"
            "struct site { long weight, slow; unsigned index, slot; const void *desc; };\n"
            "void deep_profile_enter_call(void);\n")
    USES = "int main(void) { deep_profile_enter_call(); }\n"

    def build(self, name, source, *flags):
        with open(self.path(name + ".c"), "w", encoding="utf-8") as file:
            file.write(source)
        subprocess.run(["gcc", "-w", "-DDP_ABI_VERSION=" + GATE, name + ".c", "-o", name, *flags], cwd=self.folder, check=True)

    def doctor(self, *paths, status=CHECK, **variables):
        return self.run_tool("doctor", *paths, status=status, env=environment(**variables)).stdout

    def test_built_without_the_plugin(self):
        self.build("plain", "int main(void) { return 0; }\n")
        text = self.doctor("./plain", DEEP_PROFILE="1")
        self.assertIn("built without the plugin, or no function of it is annotated", text)

    def test_the_runtime_is_not_linked(self):
        self.build("loose", self.SITES + self.USES, "-Wl,--unresolved-symbols=ignore-all")
        text = self.doctor("./loose", DEEP_PROFILE="1")
        self.assertIn("built with the plugin: 2 annotated functions", text)
        self.assertIn("problem  the runtime is not linked", text)

    def test_all_is_well(self):
        self.build("libdeep_profile.so.0", "void deep_profile_enter_call(void) {}\n", "-shared",
                   "-fPIC", "-Wl,-soname,libdeep_profile.so.0")
        self.build("good", self.SITES + self.USES, "./libdeep_profile.so.0")
        text = self.doctor("./good", status=FINE, DEEP_PROFILE="1")
        self.assertIn("linked with libdeep_profile.so", text)
        self.build("static", self.SITES + "void deep_profile_enter_call(void) {}\n"
                   "void deep_profile_module_load(void) {}\n" + self.USES)
        text = self.doctor("./static", status=FINE, DEEP_PROFILE="1")
        self.assertIn("the runtime is linked in statically", text)
        # A folder of programs; others in it do not matter.
        self.build("plain", "int main(void) { return 0; }\n")
        self.assertIn("./good", self.doctor(".", status=FINE, DEEP_PROFILE="1"))

    def test_the_environment(self):
        self.build("static", self.SITES + "void deep_profile_enter_call(void) {}\n"
                   "void deep_profile_module_load(void) {}\n" + self.USES)
        self.assertIn("note     DEEP_PROFILE is not set", self.doctor("./static", status=FINE))
        self.assertIn("note     DEEP_PROFILE is 'off'",
                      self.doctor("./static", status=FINE, DEEP_PROFILE="off"))
        text = self.doctor("./static", DEEP_PROFILE="1", DEEP_PROFILE_ENV="production",
                           DEEP_PROFILE_TICKS="2ms")
        self.assertIn("DEEP_PROFILE_ENV is 'production'; attributes know dev, test and prod", text)
        self.assertIn("DEEP_PROFILE_TICKS is not a setting", text)
        self.assertRegex(text, r"(?m)^DEEP_PROFILE_TICK +5ms +default$")
        self.assertIn("'pares_*', which is neither 1 nor a rule",
                      self.doctor("./static", DEEP_PROFILE="pares_*"))
        self.doctor("./static", status=FINE, DEEP_PROFILE="parse_*:rate=1",
                    DEEP_PROFILE_OUT="new/folder/log.%p")
        self.assertIn("logs cannot be written: './static' is not a folder",
                      self.doctor("./static", DEEP_PROFILE="1", DEEP_PROFILE_OUT="static/a/log"))

    def test_what_is_wrong_in_the_environment_is_named(self):
        self.build("static", self.SITES + "void deep_profile_enter_call(void) {}\n"
                   "void deep_profile_module_load(void) {}\n" + self.USES)
        text = self.doctor("./static", DEEP_PROFILE="f:rate=1;g:slow=10msec;h:rte=1",
                           DEEP_PROFILE_CHEK_LOAD="false")
        self.assertIn("rule 'g:slow=10msec' of DEEP_PROFILE is left out: '10msec' is not a "
                      "duration such as 10ms; did you mean 'ms'?", text)
        self.assertIn("rule 'h:rte=1' of DEEP_PROFILE is left out: 'rte' is none of rate=, slow=, "
                      "calls, memory, check_load= and off; did you mean 'rate'?", text)
        self.assertIn("DEEP_PROFILE_CHEK_LOAD is not a setting; did you mean "
                      "'DEEP_PROFILE_CHECK_LOAD'?", text)

    def test_rules_are_compared_with_the_programs_functions(self):
        source = (self.DESC +
                  'static const struct desc one = {"parse_line", "a.c", 1, 0, 0, DP_ABI_VERSION};\n'
                  'static const struct desc two = {"query.part.0", "a.c", 2, 8, 0, DP_ABI_VERSION};\n'
                  '__attribute__((section("deep_profile_sites"), used)) static struct site sites[] ='
                  " {{0, 0, 0, 0, &one}, {0, 0, 0, 0, &two}};\n"
                  ""
                  "void deep_profile_module_load(void) {}\n" + self.USES +
                  "void deep_profile_enter_call(void) {}\n")
        for flags in (("-fPIE", "-pie"), ("-no-pie",), ("-static",), ("-fPIE", "-pie", "-s")):
            with self.subTest(flags):
                self.build("program", source, *flags)
                text = self.doctor("./program",
                                   DEEP_PROFILE="parse_*:rate=1;query:calls;prase_line:rate=1")
                self.assertIn("rule 'prase_line:rate=1' of DEEP_PROFILE names no function of what "
                              "was looked at; did you mean 'parse_line'?", text)
                self.assertEqual(text.count("names no function"), 1)
                self.assertIn("built with -fdeep-profile=all: 2 functions, of which 1 is annotated",
                              text)
                self.doctor("./program", status=FINE, DEEP_PROFILE="parse_?ine:rate=1")

    def test_functions_of_another_version_of_the_gate(self):
        one = ('static const struct desc one = {"one", "a.c", 1, 0, 0, %s};\n'
               '__attribute__((section("deep_profile_sites"), used)) static struct site site ='
               " {0, 0, 0, 0, &one};\nvoid deep_profile_enter_call(void) {}\n"
               "void deep_profile_module_load(void) {}\n")
        for version, said in (("0", "version before 4 "), ("DP_ABI_VERSION + 1", r"version \d+ ")):
            self.build("program", self.DESC + one % version + self.USES)
            self.assertRegex(self.doctor("./program", DEEP_PROFILE="1"),
                             "problem  1 function was built for " + said + "of the gate: a runtime "
                             r"of this release has version \d+ and does not profile them")
        self.build("program", self.DESC + one % "DP_ABI_VERSION" + self.USES)
        self.assertNotIn("of the gate", self.doctor("./program", status=FINE, DEEP_PROFILE="1"))

    def test_a_word_that_means_nothing_is_named_beside_old_logs(self):
        self.make("basic", "deep-profile.1")
        text = self.run_tool("doctor", status=CHECK, env=environment(DEEP_PROFILE="yess")).stdout
        self.assertIn("DEEP_PROFILE is 'yess', which is neither 1 nor a rule", text)

    def test_it_says_recover_only_where_that_does_something(self):
        self.make("killed")
        self.assertIn("'deep-profile recover' finalises it", self.doctor("killed"))
        self.run_tool("recover", "killed")
        text = self.doctor("killed")
        self.assertIn("ended without finishing its log", text)
        self.assertNotIn("'deep-profile recover' finalises it", text)
        self.assertIn("nothing to do", self.run_tool("recover", "killed").stdout)

    def test_calls_without_room_are_not_said_never_to_have_happened(self):
        self.make("idle")
        self.assertIn("load_all: never called", self.doctor("idle"))
        self.make("crowded")
        text = self.doctor("crowded")
        self.assertIn("load_all: nothing is known of its calls: some had no room in the "
                      "aggregates (DEEP_PROFILE_AGGREGATE_LIMIT)", text)
        self.assertNotIn("never called", text)

    def test_gated_and_too_rare_calls(self):
        self.make("basic")
        findings = [f["text"] for f in self.json("doctor", "basic", status=CHECK)["findings"]]
        self.assertIn("20 sampled calls were refused by the load gate, which moved 2 times",
                      findings)
        self.make("idle")
        findings = [f["text"] for f in self.json("doctor", "idle", status=CHECK)["findings"]]
        self.assertTrue(any(f.startswith("pay: no call was chosen at rate 0.001: it was called "
                                         "fewer than about 3000 times") for f in findings))

    def test_an_object_file_and_a_program_on_the_path(self):
        self.build("object.o", self.SITES, "-c")
        self.assertIn("note     an object file", self.doctor("object.o", status=FINE,
                                                             DEEP_PROFILE="1"))
        os.mkdir(self.path("bin"))
        self.build("bin/found", "int main(void) { return 0; }\n")
        text = self.doctor("found", DEEP_PROFILE="1",
                           PATH=self.path("bin") + ":" + os.environ["PATH"])
        self.assertIn("/bin/found", text)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
