"""A folder of notebooks for a reader, and one notebook for a page's download button."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from drr_tutorial.lab.notebooks import citations
from drr_tutorial.lab.notebooks.cells import readers_cells
from drr_tutorial.lab.notebooks.glued import glued_values
from drr_tutorial.lab.notebooks.inline import Context
from drr_tutorial.lab.notebooks.links import ADDRESS, Links
from drr_tutorial.lab.notebooks.markdown import plain_markdown
from drr_tutorial.lab.notebooks.numbering import Counter, labels_of
from drr_tutorial.lab.notebooks.solutions import solution_cells
from drr_tutorial.lab.notebooks.source import Cell, Page, read_pages, text
from drr_tutorial.lab.notebooks.times import measured_times
from drr_tutorial.lab.pages import book_folder
from drr_tutorial.storage import StorageError

SOLUTIONS = "solutions"


@dataclass(frozen=True)
class Book:
    """The book in its folder, read once."""

    folder: Path

    @cached_property
    def pages(self) -> dict[str, Page]:
        """All pages by name."""
        return read_pages(self.folder)

    @cached_property
    def _shared(self) -> dict[str, Any]:
        sources = citations.read_sources(self.folder / "references.bib")
        times = measured_times(self.folder / "results")
        return {"pages": self.pages, "labels": labels_of(self.pages), "sources": sources, "times": times}

    def context(self, page: Page, links: Links) -> Context:
        """What the words of a page can refer to, counted from its start."""
        values = glued_values(page.cells)
        return Context(page=page, values=values, links=links, counter=Counter(page.chapter), **self._shared)


def write_notebooks(folder: Path, address: str = "") -> list[Path]:
    """Write the notebooks that match this version, their solutions, and what both show; returns the notebooks.

    `address`: of the published pages, to which each notebook then leads; empty for `links.ADDRESS`. Raises `ValueError`
    for one that is no address of the web, and `StorageError` when the folder holds something already, or cannot be
    written; then it holds nothing.
    """
    if address and not address.startswith(("https://", "http://")):
        raise ValueError(f"address must begin with https:// or http://; got {address!r}; give that of the book's pages")
    if folder.exists() and not folder.is_dir():
        raise StorageError(f"{folder} is a file; give a new folder, so that nothing of yours is overwritten")
    if folder.exists() and any(folder.iterdir()):
        raise StorageError(f"{folder} is not empty; give a new folder, so that nothing of yours is overwritten")
    book = Book(book_folder())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            written = _write_all(book, Path(scratch), address or ADDRESS)
            for part in Path(scratch).iterdir():
                part.rename(folder / part.name)
    except OSError as error:
        raise StorageError(f"cannot write {folder}: {error}; check the permissions and the free space") from error
    return [folder / path.relative_to(scratch) for path in written]


def _write_all(book: Book, folder: Path, address: str) -> list[Path]:
    (folder / SOLUTIONS).mkdir()
    for part in ("images", "results"):
        shutil.copytree(book.folder / part, folder / part)
    return [path for page in book.pages.values() for path in _write_page(page, book, folder, address)]


def replace_downloads(folder: Path, address: str = "") -> list[Path]:
    """In a folder of built pages' sources, put readers' notebooks in the place of the book's own; returns those.

    Each stands alone: its pictures are inside, and with an `address` of the published pages its links lead there.
    """
    book = Book(book_folder())
    links = Links(address or ADDRESS, alone=True, pictures=book.folder)
    found = [book.pages[path.stem] for path in sorted(folder.glob("*.ipynb")) if path.stem in book.pages]
    return [
        _write(folder / f"{page.name}.ipynb", as_file(readers_cells(book.context(page, links)), page)) for page in found
    ]


def as_file(cells: list[Cell], page: Page) -> str:
    """The text of a notebook file."""
    metadata = {key: page.metadata[key] for key in ("kernelspec", "language_info") if key in page.metadata}
    notebook = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def _write_page(page: Page, book: Book, folder: Path, address: str) -> Iterator[Path]:
    context = book.context(page, Links(address))
    if page.suffix == ".md":
        _write(folder / f"{page.name}.md", plain_markdown(text(page.cells[0]), context) + "\n")
        return
    yield _write(folder / f"{page.name}.ipynb", as_file(readers_cells(context), page))
    solved = solution_cells(book.context(page, Links(address, up="../")))
    if solved:
        yield _write(folder / SOLUTIONS / f"{page.name}.ipynb", as_file(solved, page))


def _write(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8", newline="\n")
    return path
