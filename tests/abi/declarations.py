"""What a C header declares: the functions and variables that some .c file has to define.

Reads text, not a compiler's output: so it sees every branch of an #if, too. It knows as
much of C's grammar as a header of this project uses. A declaration that a macro builds is
not seen; dependency_law.py finds the use of such a name through the object files.
"""
import re

COMMENT = re.compile(r'/\*.*?\*/|//[^\n]*', re.DOTALL)
LITERAL = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'')
DIRECTIVE = re.compile(r'^[ \t]*#(?:[^\n]*\\\n)*[^\n]*', re.MULTILINE)
LINKAGE = re.compile(r'\bextern\s*""\s*\{')
# Words that are followed by a parenthesis and are no function's name.
QUALIFIER = re.compile(
    r'\b(?:__attribute__|__attribute|_Alignas|alignas|__asm__|_Atomic|__typeof__|typeof)\s*'
    r'\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)')
POINTER = re.compile(r'\(\s*\*\s*(?:const\s+)?(\w+)\s*(?:\[[^\]]*\])?\s*\)')
FUNCTION = re.compile(r'(\w+)\s*\(')
RETURNS_FUNCTION = re.compile(r'\(\s*\*\s*(\w+)\s*\(')
VARIABLE = re.compile(r'(\w+)\s*(?:\[[^\]]*\]\s*)*$')


def _without(pattern, text, by=" "):
    """Keeps the lines' numbers."""
    return pattern.sub(lambda found: by + "\n" * found.group().count("\n"), text)


def _statements(text):
    """What stands outside of braces: (line, text) up to each ';' or each body."""
    depth, start, line, words = 0, None, 1, ""
    for c in text:
        if c == "\n":
            line += 1
        if depth == 0 and c not in "{};":
            if start is None and not c.isspace():
                start = line
            words += c
        if c == "{":
            depth += 1
        elif c == "}":
            depth -= depth > 0
            if depth == 0 and "(" in words:
                start, words = None, "" # an inline function's body; a struct's has a ';'
        elif c == ";" and depth == 0:
            yield start, " ".join(words.split())
            start, words = None, ""


def declared(text):
    """Yields (line, name) of each function and variable that `text` declares but does
    not define."""
    text = _without(DIRECTIVE, _without(LITERAL, _without(COMMENT, text), '""'))
    opened = len(LINKAGE.findall(text))
    text = _without(LINKAGE, text)
    for _ in range(opened): # its closing brace is the last one outside of everything
        end = text.rindex("}")
        text = text[:end] + text[end + 1:]
    for line, words in _statements(text):
        words = QUALIFIER.sub(" ", words)
        if not words or re.match(r'(?:typedef|static|_Static_assert|static_assert)\b', words):
            continue
        pointer = POINTER.search(words)
        function = RETURNS_FUNCTION.search(words) or FUNCTION.search(words)
        if pointer and words.startswith("extern"):
            yield line, pointer.group(1)
        elif function:
            yield line, function.group(1)
        elif words.startswith("extern"):
            for declarator in words.split(","):
                yield line, VARIABLE.search(declarator.split("=")[0].strip()).group(1)
