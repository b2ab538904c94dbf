"""Code as the book's pages show it: read from the package as it is, and no line wider than a page: all of it, a
function with its head, or its body alone.
"""

import ast
import inspect
import io
import itertools
import re
import textwrap
import tokenize
from collections.abc import Callable, Iterator
from typing import Any

WIDTH = 80
OPEN, CLOSED = ("(", "[", "{"), (")", "]", "}")
FOR_TOOLS = re.compile(r"\s*# (?:type: ignore|noqa)\b.*$")
TOKEN = re.compile(r"\"(?:\\.|[^\"])*\"|'(?:\\.|[^'])*'|.")
MESSAGE = re.compile(r'(f?)"([^"\\]+)"(,?)')
CHOICE = re.compile(r"^([\w, ]+ = |return )(.+?) (if .+?) (else .+)$")


def listing(thing: Any, width: int = WIDTH) -> str:
    """The source of a function or class from its first column on; long comments and docstrings are wrapped.

    A long comment at the end of a line goes above it. Code itself is never changed.
    """
    source = textwrap.dedent(inspect.getsource(thing)).rstrip()
    docstrings, comments = _docstring_lines(source), _comments(source)
    shown = []
    for number, line in enumerate(source.splitlines(), start=1):
        if len(line) <= width:
            shown.append(line)
        elif number in docstrings:
            shown += _wrapped(line, width)
        else:
            code = line[: comments.get(number)].rstrip()
            shown += _wrapped(_indent(line) + line[len(code) :].strip(), width, "# ") if code != line else []
            shown += [code] if code else []
    return "\n".join(shown)


def _docstring_lines(source: str) -> set[int]:
    """Numbers of the lines that belong to docstrings."""
    return {
        number
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for number in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }


def _comments(source: str) -> dict[int, int]:
    """The column in which the comment of a line begins, by the line's number."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {token.start[0]: token.start[1] for token in tokens if token.type == tokenize.COMMENT}


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _wrapped(line: str, width: int, mark: str = "") -> list[str]:
    """A line of words as several with the same indent, each behind `mark`."""
    first = _indent(line) + mark
    words = line.strip().removeprefix(mark)
    return textwrap.wrap(
        words, width, initial_indent=first, subsequent_indent=first, break_long_words=False, break_on_hyphens=False
    )


def body(function: Callable[..., Any], width: int = WIDTH) -> str:
    """What `function` does, as Python code: its source without head and docstring, `fitted`."""
    source = textwrap.dedent(inspect.getsource(function))
    body = source.split('"""', 2)[2] if function.__doc__ else source.split(":\n", 1)[1]
    return fitted(textwrap.dedent(body).strip("\n"), width)


def headed(function: Callable[..., Any], width: int = WIDTH) -> str:
    """`body` under the function's decorators and its head, which is shown without type hints."""
    lines = textwrap.dedent(inspect.getsource(function)).splitlines()
    decorators = list(itertools.takewhile(lambda line: line.startswith("@"), lines))
    signature = inspect.signature(function)
    bare = [part.replace(annotation=inspect.Parameter.empty) for part in signature.parameters.values()]
    head = f"def {function.__name__}{signature.replace(parameters=bare, return_annotation=inspect.Signature.empty)}:"
    return "\n".join([*decorators, head, textwrap.indent(body(function, width - 4), "    ")])


def fitted(code: str, width: int = WIDTH) -> str:
    """The same code, its lines over `width` broken: a comment at the end goes above, what stands in brackets and the
    parts of a choice get lines of their own, a message becomes several. Comments for tools go. Lines that are none of
    these stay as they are.
    """
    lines = [FOR_TOOLS.sub("", line) for line in code.splitlines()]
    return "\n".join(part for line in lines for part in _fitting(line, width))


def _fitting(line: str, width: int) -> list[str]:
    """`line` as lines that fit."""
    if len(line) <= width:
        return [line]
    indent = line[: len(line) - len(line.lstrip())]
    code, mark, comment = line.strip().partition("  # ")
    room = width - len(indent)
    parts = _wrapped(f"# {comment}", room, "# ") if mark else []
    choice, message = CHOICE.match(code), MESSAGE.fullmatch(code)
    if len(code) <= room:
        parts.append(code)
    elif code.startswith("# "):
        parts += _wrapped(code, room, "# ")
    elif choice:
        head, *branches = choice.groups()
        parts += [f"{head}(", *(f"    {branch}" for branch in branches), ")"]
    elif message:
        parts += _in_two(message, room)
    else:
        parts += _at_brackets(code, room)
    return [indent + part for part in parts]


def _in_two(message: re.Match[str], width: int) -> list[str]:
    """A message as two, which Python joins; broken at a space that stands in no braces."""
    kind, words, comma = message.groups()
    spaces = [place + 1 for place, depth, sign in _signs(words) if sign == " " and depth == 0]
    end = max((place for place in spaces if place + len(kind) + 2 <= width), default=len(words))
    first, rest = words[:end], words[end:]
    return [f'{kind}"{first}"', f'{kind}"{rest}"{comma}'] if rest else [f'{kind}"{first}"{comma}']


def _at_brackets(code: str, width: int) -> list[str]:
    """A statement on one line, broken at its last brackets, a function's head at its first, if its ends fit then."""
    pairs = _outermost(code)
    for opened, closed in pairs if code.startswith("def ") else reversed(pairs):
        head, inside, tail = code[: opened + 1], code[opened + 1 : closed], code[closed:]
        if inside and max(len(head), len(tail)) <= width:
            return [head, *(f"    {part}" for part in _between_commas(inside, width - 4)), tail]
    returned = code.removeprefix("return ")
    several = any(sign == "," and depth == 0 for _, depth, sign in _signs(code))
    if not several or returned == code:
        return [code]
    return ["return (", *(f"    {part}" for part in _between_commas(returned, width - 4)), ")"]


def _between_commas(inside: str, width: int) -> list[str]:
    """What stands between brackets: as it is where that fits, else broken at its commas."""
    if len(inside) <= width:
        return [inside]
    ends = [-1, *(place for place, depth, sign in _signs(inside) if sign == "," and depth == 0), len(inside)]
    parts = [inside[before + 1 : end + 1].strip() for before, end in itertools.pairwise(ends)]
    return [line for part in parts if part for line in _fitting(part, width)]


def _outermost(code: str) -> list[tuple[int, int]]:
    """Where the brackets open and close that stand in no others."""
    opened = [place for place, depth, sign in _signs(code) if sign in OPEN and depth == 0]
    closed = [place for place, depth, sign in _signs(code) if sign in CLOSED and depth == 0]
    return list(zip(opened, closed, strict=False))


def _signs(code: str) -> Iterator[tuple[int, int, str]]:
    """Each sign or whole text in quotes: its place, the number of brackets around it, itself."""
    depth = 0
    for found in TOKEN.finditer(code):
        depth -= found[0] in CLOSED
        yield found.start(), depth, found[0]
        depth += found[0] in OPEN
