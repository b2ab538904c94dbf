"""Code as the book's pages show it: read from the package as it is, and no line wider than a page."""

import ast
import inspect
import io
import textwrap
import tokenize
from typing import Any

WIDTH = 80


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
