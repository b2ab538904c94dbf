"""The book's own pages as files: notebooks and Markdown, read without any tool of Jupyter's."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Cell = dict[str, Any]
FOLDED = {"jupyter": {"source_hidden": True}}  # metadata of a cell that is to be opened
MADE = "api"  # names of pages that Sphinx makes of docstrings begin so: there is nothing to read in their source


@dataclass(frozen=True)
class Page:
    """A page of the book; one of Markdown is a single cell."""

    name: str
    suffix: str
    cells: tuple[Cell, ...]
    metadata: dict[str, Any]

    @property
    def title(self) -> str:
        """Its first heading."""
        texts = (re.search(r"^# (.+)$", text(cell), re.MULTILINE) for cell in self.cells if is_prose(cell))
        return next((found[1].strip() for found in texts if found), self.name)

    @property
    def chapter(self) -> str:
        """The number of the chapter, from the name of its file; empty for other pages."""
        found = re.match(r"(\d+)_", self.name)
        return str(int(found[1])) if found else ""

    @property
    def named(self) -> str:
        """What a sentence calls it: a chapter by its number, any other page by its title."""
        return f"chapter {self.chapter}" if self.chapter else f"page “{self.title}”"


def read_pages(book: Path) -> dict[str, Page]:
    """All pages that can be read without Sphinx, by name."""
    return {page.name: page for page in _pages(book)}


def _pages(book: Path) -> Iterator[Page]:
    for path in sorted(book.glob("*.ipynb")):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        yield Page(path.stem, ".ipynb", tuple(notebook["cells"]), notebook["metadata"])
    for path in sorted(book.glob("*.md")):
        if not path.stem.startswith(MADE):
            yield Page(path.stem, ".md", (prose(path.read_text(encoding="utf-8"), path.stem),), {})


def text(cell: Cell) -> str:
    """The source of a cell, which a file may hold as one text or as a list of lines."""
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def tags(cell: Cell) -> set[str]:
    """The tags of a cell."""
    return set(cell.get("metadata", {}).get("tags", ()))


def is_prose(cell: Cell) -> bool:
    """Whether it is Markdown."""
    return bool(cell["cell_type"] == "markdown")


def is_shown(cell: Cell) -> bool:
    """Whether a code cell stands on the page."""
    return cell["cell_type"] == "code" and not tags(cell) & {"remove-cell", "solution"}


def is_hidden(cell: Cell) -> bool:
    """Whether a code cell serves the page only."""
    return cell["cell_type"] == "code" and "remove-cell" in tags(cell)


def is_solution(cell: Cell) -> bool:
    """Whether a code cell solves an exercise."""
    return cell["cell_type"] == "code" and "solution" in tags(cell)


def folds(cell: Cell) -> set[str]:
    """What of a code cell opens with a click on the page: "hide-input": its code; "hide-cell": its outputs, too."""
    return tags(cell) & {"hide-input", "hide-cell"}


def prose(source: str, name: str) -> Cell:
    """A Markdown cell; `name` becomes its id."""
    return {"cell_type": "markdown", "id": name[:64], "metadata": {}, "source": source}


def code(source: str, name: str, outputs: Any = ()) -> Cell:
    """A code cell that was not run, or whose stored outputs are these; `name` becomes its id."""
    empty: Cell = {"cell_type": "code", "id": name[:64], "metadata": {}, "source": source}
    return empty | {"execution_count": None, "outputs": list(outputs)}
