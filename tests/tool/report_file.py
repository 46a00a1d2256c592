"""`report -o FILE`: text, Markdown and JSON in files."""
import json
import os
import re
import unittest

from case import DATA, USAGE, Case


class Files(Case):
    def write(self, name, *arguments, status=0):
        self.make("basic")
        done = self.run_tool("report", "-o", name, *arguments, "basic", status=status)
        self.assertEqual(done.stdout, "")
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def test_text_is_what_standard_output_has(self):
        self.assertEqual(self.write("report.txt"), self.run_tool("report", "basic").stdout)

    def test_json_by_its_ending(self):
        self.assertEqual(json.loads(self.write("report.json")), self.json("report", "basic"))

    def test_everything_is_more(self):
        short, full = self.write("short.txt"), self.write("full.txt", "--full")
        heading = re.compile(r"^[A-Z][^\n:]*$", re.M)
        left_out = set(heading.findall(short)) - set(heading.findall(full))
        self.assertEqual(left_out, set())
        self.assertIn("\nPercentiles, and how exact they are\n", full)
        self.assertNotIn("\nPercentiles, and how exact they are\n", short)

    def test_limits_of_categories(self):
        text = self.write("report.txt", "--categories=1us,2us,1s")
        self.assertIn("slow from 1.00 us, very slow from 2.00 us, critical from 1.00 s on\n", text)

    def test_other_endings_and_places(self):
        for name in ("report.html", "report", ".md"):
            done = self.run_tool("report", "-o", name, "basic", status=USAGE)
            self.assertIn("must end in .txt, .md or .json", done.stderr)
        self.make("basic")
        self.fails(r"cannot write 'no/where\.txt': No such file or directory", "report", "-o",
                   "no/where.txt", "basic")

    def test_nothing_is_written_of_what_is_no_log(self):
        self.run_tool("report", "-o", "report.txt", "nowhere", status=DATA)
        self.assertFalse(os.path.exists(self.path("report.txt")))


class Markdown(Case):
    write = Files.write

    def blocks(self, text):
        """What is outside of code, and the code, as lists of lines."""
        outside, inside, code = [], [], False
        for line in text.splitlines():
            if line.startswith("````````"):
                code = not code
            else:
                (inside if code else outside).append(line)
        self.assertFalse(code, "a block of code is not closed")
        return outside, inside

    def test_it_has_the_sections_of_the_text(self):
        text, markdown = self.write("report.txt"), self.write("report.md")
        headings = re.findall(r"^## (.*)$", markdown, re.M)
        self.assertIn("Summary", headings)
        for heading in headings:
            self.assertIn(f"\n\n{heading}\n", text)
        self.assertTrue(markdown.startswith("# Report of server with deep-profile\n"))
        self.assertNotRegex(markdown, r"[\x00-\x09\x0b-\x1f]")

    def test_rows_of_tables_have_their_cells(self):
        outside, _ = self.blocks(self.write("report.md", "--full"))
        rows = 0
        for line, after in zip(outside, outside[1:]):
            if line.startswith("|") and after.startswith("|"):
                rows += 1
                self.assertEqual(len(re.findall(r"(?<!\\)\|", line)),
                                 len(re.findall(r"(?<!\\)\|", after)), line + after)
        self.assertGreater(rows, 10)

    def test_names_mean_nothing_in_it(self):
        """A function of C++, and one that somebody called so on purpose."""
        outside, _ = self.blocks(self.write("report.md"))
        for line in outside:
            quoted = re.sub(r"`[^`]*`", "", line)
            if not line.startswith(("#", "- **")):
                self.assertNotRegex(quoted, r"(?<!\\)[<>*_]", line)
        self.assertIn("load\\_all", "\n".join(outside))


if __name__ == "__main__":
    unittest.main(argv=["report_file"], verbosity=2)
