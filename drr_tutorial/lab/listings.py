"""The package's own code on a page: the body of a function, without its docstring, in lines that a page can hold."""

import inspect
import re
import textwrap
from collections.abc import Callable
from typing import Any

TYPING = re.compile(r"\s*# type: ignore\S*$")
CALL = re.compile(r"^((?:return |[\w, ]+ = )?[\w.]+\()(.*)\)$")
CHOICE = re.compile(r"^([\w, ]+ = |return )(.+?) (if .+?) (else .+)$")


def listing(function: Callable[..., Any], width: int = 80) -> str:
    """What `function` does, as Python code: its source without head and docstring; lines over `width` are wrapped.

    A comment at the end of a long line goes above it; a call's arguments and the parts of a choice get lines of their
    own. Lines that are none of these stay as they are.
    """
    source = textwrap.dedent(inspect.getsource(function))
    body = source.split('"""', 2)[2] if function.__doc__ else source.split(":\n", 1)[1]
    lines = [TYPING.sub("", line) for line in textwrap.dedent(body).strip("\n").splitlines()]
    return "\n".join(part for line in lines for part in _wrapped(line, width))


def _wrapped(line: str, width: int) -> list[str]:
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
