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
from collections.abc import Callable
from typing import Any

WIDTH = 80
TYPING = re.compile(r"\s*# type: ignore\S*$")
CALL = re.compile(r"^((?:return |[\w, ]+ = )?[\w.]*\()(.*)\)$")
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
    """What `function` does, as Python code: its source without head and docstring; lines over `width` are wrapped.

    A comment at the end of a long line goes above it; a call's arguments and the parts of a choice get lines of their
    own. Lines that are none of these stay as they are.
    """
    source = textwrap.dedent(inspect.getsource(function))
    body = source.split('"""', 2)[2] if function.__doc__ else source.split(":\n", 1)[1]
    lines = [TYPING.sub("", line) for line in textwrap.dedent(body).strip("\n").splitlines()]
    return "\n".join(part for line in lines for part in _fitting(line, width))


def headed(function: Callable[..., Any], width: int = WIDTH) -> str:
    """`body` under the function's decorators and its head, which is shown without type hints."""
    lines = textwrap.dedent(inspect.getsource(function)).splitlines()
    decorators = list(itertools.takewhile(lambda line: line.startswith("@"), lines))
    signature = inspect.signature(function)
    bare = [part.replace(annotation=inspect.Parameter.empty) for part in signature.parameters.values()]
    head = f"def {function.__name__}{signature.replace(parameters=bare, return_annotation=inspect.Signature.empty)}:"
    return "\n".join([*decorators, head, textwrap.indent(body(function, width - 4), "    ")])


def _fitting(line: str, width: int) -> list[str]:
    """`line` as lines that fit."""
    if len(line) <= width:
        return [line]
    indent = line[: len(line) - len(line.lstrip())]
    code, mark, comment = line.strip().partition("  # ")
    parts = [f"# {comment}"] if mark else []
    choice, call = CHOICE.match(code), CALL.match(code)
    if len(indent + code) <= width:
        parts.append(code)
    elif choice:
        head, *branches = choice.groups()
        parts += [f"{head}(", *(f"    {branch}" for branch in branches), ")"]
    elif call:
        parts += [call[1], f"    {call[2]}", ")"]
    else:
        parts.append(code)
    return [indent + part for part in parts]
