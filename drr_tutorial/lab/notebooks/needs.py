"""What code needs of the cells before it: read from the last cell to the first, as much is kept as later cells use."""

import ast
from collections.abc import Callable, Iterable

from drr_tutorial.lab.notebooks.names import BLOCKS, changed
from drr_tutorial.lab.notebooks.source import Cell, is_prose, is_solution, text
from drr_tutorial.lab.notebooks.statements import Statement, for_readers, importing, joined, statements

PAGES = "drr_tutorial.lab.pages"  # of what is imported from it, only names in use stay


def needed_code(cells: Iterable[Cell], whole: Callable[[Cell], bool], *, cautious: bool = False) -> list[str]:
    """For each cell, its code: all of those that are `whole`, of the others what later ones use; empty for prose.

    Solutions are asked, too, what they use: an exercise may name what a hidden cell has made. `cautious`: any call of
    a method may change its object, as `env.step` does; hidden cells only look at what shown ones have made.
    """
    found = list(cells)
    imported = {name for cell in found if not is_prose(cell) for name in _imported(_parts(cell))}
    needs, sources = Needs(imported, cautious=cautious), []
    for cell in reversed(found):
        if is_prose(cell):
            sources.append("")
        elif is_solution(cell) and not whole(cell):
            needs.ask(_parts(cell))
            sources.append("")
        else:
            sources.append(joined(needs.keep(_parts(cell), all_of_it=whole(cell))))
    return sources[::-1]


class Needs:
    """Names that cells further down take from above."""

    def __init__(self, imported: Iterable[str] = (), *, cautious: bool = False) -> None:
        self.names: set[str] = set()
        self.imported = set(imported)
        self.cautious = cautious

    def keep(self, parts: list[Statement], *, all_of_it: bool) -> list[Statement]:
        """The statements that are kept, having noted what they use in turn."""
        kept = []
        for part in reversed(parts):
            of_use = self._of_use(part, all_of_it)
            if of_use is not None:
                kept.append(of_use)
                sure = all_of_it or not isinstance(part.node, BLOCKS)  # what is bound in a block may not be
                self.names = (self.names - (of_use.made if sure else set())) | of_use.used
        return kept[::-1]

    def ask(self, parts: list[Statement]) -> None:
        """Note what statements use that may be left out: what they bind themselves is not there for others."""
        own = Needs()
        own.keep(parts, all_of_it=True)
        self.names |= own.names

    def _of_use(self, part: Statement, all_of_it: bool) -> Statement | None:
        if isinstance(part.node, ast.ImportFrom) and part.node.module == PAGES:
            return importing(part, self.names)
        if all_of_it:
            return part
        touched = part.made | (changed(part.node, by_any_call=self.cautious) - self.imported)
        return importing(part, self.names) if touched & self.names else None


def unmet_names(sources: Iterable[str]) -> set[str]:
    """Names that some code uses before anything binds them, in cells that run in this order; built-in ones included."""
    needs = Needs()
    for source in reversed(list(sources)):
        needs.keep(statements(source), all_of_it=True)
    return needs.names


def _parts(cell: Cell) -> list[Statement]:
    return statements(for_readers(text(cell)))


def _imported(parts: Iterable[Statement]) -> set[str]:
    return {name for part in parts if isinstance(part.node, ast.Import | ast.ImportFrom) for name in part.made}
