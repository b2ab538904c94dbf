"""Source of a healthy piece and of its defective partner, one below the other, for the chapter."""

import ast
import inspect
import textwrap
from typing import Any

from drr_tutorial.lab.listings import fitted


def difference(healthy: Any, defective: Any) -> str:
    """Both sources, without docstrings, under a line that says which is which."""
    heads = (fitted(f"# {word}: {_name(piece)}") for word, piece in (("healthy", healthy), ("defective", defective)))
    first, second = heads
    return f"{first}\n{code_of(healthy)}\n\n\n{second}\n{code_of(defective)}"


def code_of(piece: Any) -> str:
    """Source of a function or class in the package, without docstrings, no line wider than a page. Raises `OSError`
    without a source.
    """
    lines = textwrap.dedent(inspect.getsource(piece)).splitlines()
    hidden: set[int] = set()
    for node in ast.walk(ast.parse("\n".join(lines))):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node, clean=False) is not None:
            first = node.body[0]
            hidden |= set(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    return fitted("\n".join(line for number, line in enumerate(lines, 1) if number not in hidden))


def _name(piece: Any) -> str:
    return f"{piece.__module__}.{piece.__qualname__}"
