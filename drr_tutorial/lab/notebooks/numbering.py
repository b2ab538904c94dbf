"""The numbers of figures, formulas and exercises, as the pages count them, and what refers to them by label."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from drr_tutorial.lab.notebooks.source import Cell, Page, is_prose, is_shown, text

FORMULA = re.compile(r"\$\$(?P<body>.*?)\$\$(?:[ \t]*\((?P<label>[\w:.-]+)\))?", re.DOTALL)
FIGURE = re.compile(r"^\s*[`:]{3,}\{figure\}.*\n(?P<options>(?:\s*:[\w-]+:.*\n)*)", re.MULTILINE)
EXERCISE = re.compile(r"^:label:\s*(?P<label>ex-(?P<number>\d+-\d+))\s*$", re.MULTILINE)


@dataclass
class Counter:
    """Counts the figures and the labelled formulas of a page, from the first to the last."""

    chapter: str
    counts: dict[str, int] = field(default_factory=dict)

    def figure(self) -> str:
        """The next figure's name."""
        return f"Figure {self._next('figure')}"

    def formula(self) -> str:
        """The next formula's number."""
        return self._next("formula")

    def _next(self, kind: str) -> str:
        self.counts[kind] = self.counts.get(kind, 0) + 1
        return f"{self.chapter}.{self.counts[kind]}" if self.chapter else str(self.counts[kind])


def labels_of(pages: Mapping[str, Page]) -> dict[str, tuple[str, str]]:
    """Of all pages: label -> the page that has it, and the words for it."""
    return {label: (page.name, words) for page in pages.values() for label, words in _labels(page)}


def _labels(page: Page) -> Iterator[tuple[str, str]]:
    counter = Counter(page.chapter)
    for cell in page.cells:
        if is_prose(cell):
            yield from _labels_in_prose(text(cell), counter)
        elif is_shown(cell) and (figure := figure_of(cell)):
            yield figure.get("name", ""), counter.figure()


def _labels_in_prose(source: str, counter: Counter) -> Iterator[tuple[str, str]]:
    for found in FIGURE.finditer(source):
        name = re.search(r"^\s*:name:\s*(\S+)", found["options"], re.MULTILINE)
        yield name[1] if name else "", counter.figure()
    for found in FORMULA.finditer(source):
        if found["label"]:
            yield found["label"], f"({counter.formula()})"
    for found in EXERCISE.finditer(source):
        yield found["label"], f"Exercise {found['number'].replace('-', '.')}"


def figure_of(cell: Cell) -> dict[str, str]:
    """The caption and name of the figure that a code cell makes; empty where it makes none."""
    found: dict[str, str] = cell.get("metadata", {}).get("mystnb", {}).get("figure", {})
    return found
