"""The code of cells, statement by statement: what serves the page only goes, what later cells need stays."""

import ast
import copy
import re
from collections.abc import Iterable
from dataclasses import dataclass

from drr_tutorial.lab.notebooks.names import made, used

PAGE_ONLY = frozenset({"claim", "glue"})
MAGIC = re.compile(r"^(\s*)[%!].*$", re.MULTILINE)  # lines that are IPython's and not Python's


@dataclass(frozen=True)
class Statement:
    """One statement at the left margin, with the comments and empty lines before it."""

    lines: str
    node: ast.stmt

    @property
    def used(self) -> set[str]:
        """Names that it takes from before."""
        return used(self.node)

    @property
    def made(self) -> set[str]:
        """Names that it binds."""
        return made(self.node)


def statements(source: str) -> list[Statement]:
    """The statements of a cell, in order; several on one line are one. Lines after the last belong to it."""
    nodes = ast.parse(MAGIC.sub(r"\1pass", source)).body
    lines, found, start = source.split("\n"), [], 0
    for place, node in enumerate(nodes):
        end = len(lines) if place == len(nodes) - 1 else node.end_lineno or 0
        if end > start:
            found.append(Statement("\n".join(lines[start:end]), node))
        start = end
    return found


def joined(parts: Iterable[Statement]) -> str:
    """The code of these statements."""
    return "\n".join(part.lines for part in parts).strip("\n")


def for_readers(source: str) -> str:
    """The code of a cell without calls that only the page needs, and with progress bars."""
    shown = re.sub(r",\s*progress=False\b|\bprogress=False,\s*", "", source)
    return joined(part for part in statements(shown) if not _serves_the_page(part.node))


def _serves_the_page(node: ast.stmt) -> bool:
    call = node.value if isinstance(node, ast.Expr) else None
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in PAGE_ONLY


def importing(part: Statement, names: set[str]) -> Statement | None:
    """An import of these names only; None where nothing is left. Any other statement as it is."""
    if not isinstance(part.node, ast.Import | ast.ImportFrom):
        return part
    kept = [alias for alias in part.node.names if (alias.asname or alias.name.partition(".")[0]) in names]
    if len(kept) == len(part.node.names):
        return part
    node = copy.copy(part.node)
    node.names = kept
    return Statement(ast.unparse(node), node) if kept else None
