#!/usr/bin/env python3
"""Makes C arrays of the flame graph's page and picture.

    embed.py FLAME.html FLAME.css FLAME.js PICTURE.css PICTURE.js THIS OUTPUT

html_0, html_1 and html_2 are the page with its style and script in place, cut where the
title and the data go. The page's policy names script and style by their hashes, so that
nothing else on it can run. svg_style and svg_script are the picture's.
"""
import base64
import hashlib
import sys


def squeeze(text):
    """Without indentation and without lines that are a comment."""
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//")) + "\n"


def digest(text):
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def array(name, text):
    numbers = [str(byte) for byte in text.encode()]
    lines = [",".join(numbers[at:at + 30]) for at in range(0, len(numbers), 30)]
    return f"static const unsigned char {name}[] = {{\n" + ",\n".join(lines) + "};\n"


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def main(page, style, script, picture_style, picture_script, _, output):
    style, script = squeeze(read(style)), squeeze(read(script))
    picture_script = squeeze(read(picture_script))
    assert "</" not in script + style, "it would end its element"
    assert "]]>" not in picture_script, "it would end its section"
    page = read(page).replace("@STYLE_HASH@", digest(style)).replace("@STYLE@", style)
    page = page.replace("@SCRIPT_HASH@", digest(script)).replace("@SCRIPT@", script)
    before_title, rest = page.split("@TITLE@")
    before_data, after_data = rest.split("@DATA@")
    parts = {"html_0": before_title, "html_1": before_data, "html_2": after_data}
    parts |= {"svg_style": squeeze(read(picture_style)), "svg_script": picture_script}
    with open(output, "w", encoding="utf-8") as file:
        file.write("/* Made by embed.py. */\n")
        file.writelines(array(name, text) for name, text in parts.items())


main(*sys.argv[1:])
