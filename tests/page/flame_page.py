#!/usr/bin/env python3
"""The flame graph's page and picture, used as people use them, in a headless Chromium.

    flame_page.py DEEP_PROFILE [TEST…]

PICTURES=FOLDER in the environment: screenshots of what the tests did are left there.
Without Chromium (scripts/packages-test) nothing is tested: exit status 77.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import browser
import folded

TOOL = os.path.realpath(sys.argv.pop(1))
HOSTILE = ["<script>document.title='run'</script>", "</script><img src=x onerror=document.title='run'>",
           "]]></script></style></title></svg>", "<!--", "\"'&<b>", "\x1b[31m\u202egnp.exe",
           "javascript:document.title='run'", "\udcff\udcfe", "${document.title='run'}", "a" * 3000]
STACKS = """\
main;parse;read;futex_[k] 40
main;parse;copy_[i] 20
main;parse;tokens;next 15
main;parse;tokens;[unknown] 5
main;write;flush 30
main;write 10
main;fold;fold;fold 12
main 3
"""
FRAMES = 14  # of these stacks, with "all"
ROW, PHONE_ROW = 20, 28


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.browser = browser.Browser()
        cls.addClassCleanup(cls.browser.close)
        cls.folder = tempfile.mkdtemp(prefix="deep-profile-page-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)

    def draw(self, stacks, ending="html", before=None):
        def write(name, text):
            path = os.path.join(self.folder, name)
            with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
                file.write(text)
            return path
        output = os.path.join(self.folder, "flame." + ending)
        compared = ["--diff", write("before.folded", before)] if before else []
        subprocess.run([TOOL, "flamegraph", "-o", output, *compared, write("now.folded", stacks)],
                       check=True)
        return output

    def open(self, stacks=STACKS, ending="html", before=None, width=1000, height=600, **screen):
        self.browser.events.clear()
        self.browser.screen(width, height, **screen)
        self.browser.open(self.draw(stacks, ending, before))
        self.top = 0 if ending == "svg" else \
            self.browser.run("document.querySelector('canvas').getBoundingClientRect().top")
        return self.browser

    def tearDown(self):
        if os.environ.get("PICTURES"):
            self.browser.picture(os.path.join(os.environ["PICTURES"], self.id().split(".")[-1] + ".png"))
        self.assertEqual(self.browser.complaints(), [])

    def text(self, selector):
        return self.browser.run(f"document.querySelector({json.dumps(selector)}).textContent")

    def detail(self):
        return self.text("#detail")

    def hidden(self, selector):
        return self.browser.run(f"document.querySelector({json.dumps(selector)}).hidden")

    def disabled(self, selector):
        return self.browser.run(f"document.querySelector({json.dumps(selector)}).disabled")

    def row(self, level, height=ROW):
        return self.top + height * level + height / 2

    def pixel(self, x, y):
        """Red, green and blue of the canvas, in pixels of the page."""
        return self.browser.run(
            "(() => { const c = document.querySelector('canvas'), b = c.getBoundingClientRect(), "
            f"s = c.width / b.width; return [...c.getContext('2d').getImageData({x} * s, "
            f"({y} - b.top) * s, 1, 1).data.slice(0, 3)]; }})()")


class Html(Page):
    def test_code_is_small(self):
        with open(self.draw("main 1\n"), "rb") as page:
            self.assertLess(len(page.read()), 40_000)
        self.open()

    def test_title_and_what_is_behind_it(self):
        self.open()
        self.assertEqual(self.text("h1"), "now.folded")
        self.assertEqual(self.browser.run("document.title"), "now.folded")
        self.assertRegex(self.text("#about"),
                         r"135 in all · from 8 folded stacks · 3.7 % in or below frames without a name")

    def test_keyboard(self):
        page = self.open()
        page.run("document.querySelector('canvas').focus()")
        page.press("ArrowDown")
        self.assertRegex(self.detail(), "^all · ")
        for _ in range(3):
            page.press("ArrowDown")
        self.assertEqual(self.detail(), "read · 40, 29.6 % of all; nothing by itself")
        page.press("ArrowRight")
        self.assertRegex(self.detail(), "^copy · inlined · 20, 14.8 % of all; itself 20")
        page.press("Enter")
        self.assertRegex(self.detail(), "100.0 % of what is shown")
        self.assertFalse(self.disabled("#all"))
        page.press("ArrowUp")
        self.assertRegex(self.detail(), "^parse")
        page.press("Enter")
        self.assertRegex(self.detail(), "^parse · 80, 59.3 % of all; 100.0 % of what is shown")
        page.press("Backspace")
        page.hover(900, self.row(3))
        self.assertRegex(self.text("#tip"), "^copy.*100.0 % of what is shown")
        page.press("Escape")
        self.assertTrue(self.disabled("#all"))
        page.press("+")
        self.assertFalse(self.disabled("#all"))
        page.press("0")
        self.assertTrue(self.disabled("#all"))

    def test_mouse(self):
        page = self.open()
        page.hover(100, self.row(2))
        self.assertEqual(self.text("#tip b"), "parse")
        self.assertRegex(self.text("#tip"), "80, 59.3 % of all")
        page.click(700, self.row(2))
        self.assertRegex(self.detail(), "^write .*100.0 % of what is shown; itself 10")
        page.click(10, self.row(3))
        self.assertRegex(self.detail(), "^flush .*100.0 % of what is shown")
        back = page.run("(() => { const b = document.querySelector('#back').getBoundingClientRect();"
                        " return [b.left + 5, b.top + 5]; })()")
        page.click(*back)
        page.click(10, self.row(3))
        self.assertRegex(self.detail(), "^flush")
        page.press("Escape")
        page.wheel(900, self.row(2), down=-300, modifiers=2)
        self.assertFalse(self.disabled("#all"))
        page.hover(900, self.row(1))
        closer = self.text("#tip")
        self.assertRegex(closer, "^main.* of what is shown")
        page.drag(500, self.row(1), 900, self.row(1))
        page.hover(100, self.row(2))
        self.assertEqual(self.text("#tip b"), "parse")

    def test_movement_ends_where_it_should(self):
        page = self.open(calm=False)
        page.click(700, self.row(2))
        page.run("new Promise(done => setTimeout(done, 400))")
        page.hover(990, self.row(3) - 2)
        self.assertEqual(self.hidden("#tip"), True)  # beside flush, in write
        page.hover(700, self.row(3))
        self.assertEqual(self.text("#tip b"), "flush")

    def test_search(self):
        page = self.open()
        page.press("/")
        page.type("fold")
        self.assertEqual(self.text("#matches"), "8.9 % in 1 name")  # a recursion counts once
        page.press("Enter")
        self.assertRegex(self.detail(), "^fold · 12,")
        page.press("Enter")
        page.press("Escape")
        self.assertEqual(self.text("#matches"), "")
        page.press("/")
        page.type("/^(read|flush)$")
        self.assertEqual(self.text("#matches"), "51.9 % in 2 names")
        light, dim = self.pixel(200, self.row(3)), self.pixel(200, self.row(2))
        page.press("Escape")
        self.assertEqual(self.pixel(200, self.row(3)), light)
        self.assertNotEqual(self.pixel(200, self.row(2)), dim)
        page.press("/")
        page.type("/(")
        self.assertEqual(self.text("#matches"), "not a regular expression")
        page.press("Escape")
        page.press("/")
        page.type("zzz")
        self.assertEqual(self.text("#matches"), "no match")

    def test_list(self):
        page = self.open()
        page.press("l")
        self.assertTrue(self.hidden("#graph"))
        rows = page.run("[...document.querySelectorAll('tbody tr')].map(r => "
                        "[...r.cells].map(c => c.textContent.trim()))")
        self.assertEqual(rows[0], ["futex waiting", "29.6 % 40", "29.6 % 40"])
        self.assertIn(["fold", "8.9 % 12", "8.9 % 12"], rows)  # a recursion counts once
        self.assertIn(["main", "2.2 % 3", "100.0 % 135"], rows)
        page.run("document.querySelectorAll('th button')[1].click()")
        self.assertRegex(self.text("tbody tr"), "^main")
        page.run("[...document.querySelectorAll('td button')].find(b => b.textContent === 'flush').click()")
        page.settle()
        self.assertFalse(self.hidden("#graph"))
        self.assertRegex(self.detail(), "^flush")
        self.assertEqual(self.text("#matches"), "22.2 % in 1 name")

    def test_dark(self):
        self.open()
        light = self.pixel(990, 550)
        self.assertGreater(min(light), 200)
        self.browser.screen(1000, 600, dark=True)
        self.assertLess(max(self.pixel(990, 550)), 60)
        self.assertNotEqual(self.pixel(500, self.row(1)), light)

    def test_phone(self):
        page = self.open(width=360, height=640, scale=2, phone=True)
        self.assertLessEqual(page.run("document.documentElement.scrollWidth"), 360)
        page.touch([(30, self.row(2, PHONE_ROW))])
        self.assertRegex(self.detail(), "^parse · 80, 59.3 % of all; nothing")  # selects
        self.assertTrue(self.disabled("#all"))
        page.touch([(30, self.row(2, PHONE_ROW))])
        self.assertRegex(self.detail(), "100.0 % of what is shown")             # zooms
        page.run("document.querySelector('#all').click()")
        page.settle()
        page.touch([(170, self.row(1, PHONE_ROW)), (190, self.row(1, PHONE_ROW))][:1],
                   [(150, self.row(1, PHONE_ROW)), (210, self.row(1, PHONE_ROW))],
                   [(60, self.row(1, PHONE_ROW)), (300, self.row(1, PHONE_ROW))])
        self.assertFalse(self.disabled("#all"))                                 # pinched
        page.run("document.querySelector('#list').click()")
        page.settle()
        self.assertLessEqual(page.run("document.documentElement.scrollWidth"), 360)

    def test_hundred_thousand_frames(self):
        page = self.open(folded.random_stacks(100_000, deepest=90))
        self.assertGreater(page.run("JSON.parse(document.querySelector('#data').textContent)"
                                    ".frames.length"), 300_000)
        self.assertEqual(page.run("performance.getEntriesByName('flame-drawn').length"), 1)
        page.run("document.querySelector('#graph').scrollTop = 1e6")
        page.settle()
        self.assertGreater(page.run("document.querySelector('#graph').scrollTop"), 500)
        page.run("document.querySelector('#graph').scrollTop = 0")
        page.press("/")
        page.type("function_8")
        self.assertRegex(self.text("#matches"), "% in .* names")
        for _ in range(3):
            page.press("Enter")
        self.assertRegex(self.detail(), "^function_8")

    def test_comparison(self):
        after = STACKS.replace("flush 30", "flush 80") + "main;added 10\n"
        page = self.open(after.replace("main;fold;fold;fold 12\n", ""), before=STACKS)
        self.assertRegex(self.text("#about"), "compared with before.folded: 135 in all")
        red, green, blue = self.pixel(30, self.row(2))
        self.assertGreater(red, blue + 50)       # write, which grew, is the largest now
        red, green, blue = self.pixel(700, self.row(2))
        self.assertGreater(blue, red + 50)       # parse is a smaller share
        page.click(30, self.row(3))
        self.assertRegex(self.detail(), r"^flush · 80, .*30 before, \+.* points")
        page.press("Escape")
        page.press("b")
        self.assertEqual(page.run("document.querySelector('#before').getAttribute('aria-pressed')"), "true")
        page.press("/")
        page.type("fold")
        page.press("Enter")
        self.assertRegex(self.detail(), "^fold · 12, .*gone now")

    def test_hostile_names(self):
        page = self.open("".join(f"main;{name};x{name} 5\n" for name in HOSTILE))
        self.assertEqual(page.run("document.title"), "now.folded")
        self.assertEqual(page.run("document.querySelectorAll('script').length"), 2)
        self.assertEqual(page.run("document.querySelectorAll('img, b, style').length"), 1)
        page.press("l")
        page.hover(200, 300)
        self.assertEqual(page.run("document.title"), "now.folded")
        self.assertIn(HOSTILE[1], page.run("document.querySelector('tbody').textContent"))
        self.assertEqual(page.run("document.querySelectorAll('script').length"), 2)

    def test_what_a_screen_reader_is_given(self):
        page = self.open()
        self.assertEqual(page.run("document.querySelector('#detail').getAttribute('aria-live')"), "polite")
        self.assertRegex(page.run("document.querySelector('canvas').getAttribute('aria-label')"), "Arrow keys")
        unnamed = page.run("[...document.querySelectorAll('button, input')].filter(e => "
                           "!e.textContent && !(e.labels && e.labels.length)).length")
        self.assertEqual(unnamed, 0)


class Svg(Page):
    def frames(self):
        return self.browser.run("[...document.querySelectorAll('.f')].filter(g => g.style.display !== 'none')"
                                ".map(g => g.querySelector('title').textContent.split('\\n')[0])")

    def frame(self, name):
        return self.browser.run(
            f"(() => {{ const g = [...document.querySelectorAll('.f')].find(g => g.querySelector('title')"
            f".textContent.startsWith({json.dumps(name)})); const b = g.querySelector('rect')"
            ".getBoundingClientRect(); return [b.left + 2, b.top + 5, b.width]; })()")

    def test_zoom_and_back(self):
        page = self.open(ending="svg", width=1200)
        self.assertEqual(len(self.frames()), FRAMES)
        page.click(*self.frame("write")[:2])
        self.assertEqual(self.frames(), ["all", "main", "write", "flush"])
        self.assertAlmostEqual(self.frame("write")[2], 1180, delta=1)
        page.press("Escape")
        self.assertEqual(len(self.frames()), FRAMES)
        for key in ("ArrowUp", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown", "Enter"):
            page.press(key)
        self.assertEqual(len(self.frames()), 15 if self.frames()[0] != "all" else len(self.frames()))
        self.assertLess(len(self.frames()), FRAMES)

    def test_search(self):
        page = self.open(ending="svg", width=1200)
        page.click(1100, 20)
        page.type("fold")
        self.assertEqual(self.text("#found"), "8.9 %")
        self.assertEqual(page.run("document.querySelectorAll('.hit').length"), 3)

    def test_complete_without_its_script(self):
        path = self.draw(STACKS, "svg")
        with open(path, "r+", encoding="utf-8") as file:
            still = re.sub("<script>.*</script>", "", file.read(), flags=re.S)
            file.seek(0)
            file.truncate()
            file.write(still)
        self.browser.open(path)
        shown = self.browser.run("[...document.querySelectorAll('.f text')].map(t => t.textContent)")
        for name in ("main", "parse", "read", "↳copy", "write", "flush"):
            self.assertIn(name, shown)

    def test_hostile_names(self):
        page = self.open("".join(f"main;{name};x{name} 5\n" for name in HOSTILE), ending="svg", width=1200)
        self.assertEqual(page.run("document.querySelectorAll('script').length"), 1)
        self.assertEqual(page.run("document.querySelectorAll('img, b, style').length"), 1)
        self.assertEqual(len(self.frames()), 22)

    def test_dark(self):
        self.open(ending="svg", width=1200, dark=True)
        self.assertEqual(self.browser.run("getComputedStyle(document.documentElement).backgroundColor"),
                         "rgb(22, 22, 26)")

    def test_comparison(self):
        page = self.open(STACKS.replace("flush 30", "flush 80"), ending="svg", before=STACKS, width=1200)
        labels = page.run("[...document.querySelectorAll('.f text')].map(t => t.textContent)")
        self.assertIn("▲flush", labels)
        self.assertIn("▼parse", labels)


if __name__ == "__main__":
    if not browser.find():
        print("chromium is not installed: apt-get install chromium")
        sys.exit(77)
    unittest.main()
