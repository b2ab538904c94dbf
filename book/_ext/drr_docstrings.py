"""Docstrings of this package are plain English with `code` in single backticks; here they become Sphinx's markup, and
"chapter 3" a link.
"""

import re
from pathlib import Path
from typing import Any

from sphinx.ext.napoleon import Config, GoogleDocstring

CHAPTERS = {int(path.stem[:2]): path.stem for path in Path(__file__).parents[1].glob("[0-9][0-9]_*.ipynb")}


def setup(app: Any) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("autodoc-process-docstring", translate)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def translate(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """In place. The attributes' texts hold no sections, and their colons are only colons."""
    lines[:] = open_blocks(lines)
    lines[:] = [line if line.startswith("    ") and what == "module" else mark_up(line) for line in lines]
    if what in ("class", "function", "method"):
        lines[:] = GoogleDocstring(lines, Config(), app, what, name, obj, options).lines()


def open_blocks(lines: list[str]) -> list[str]:
    """An indented block after a blank line is kept as it is; a list gets the blank line that Sphinx needs before it."""
    opened: list[str] = []
    for number, line in enumerate(lines):
        before = lines[number - 1] if number else ""
        above = next((text for text in reversed(lines[:number]) if text.strip()), "")
        if line.startswith("    ") and not before.strip() and above[:1].strip():
            opened += ["::", ""]
        if line.startswith("- ") and before.strip() and not before.startswith(("- ", "  ")):
            opened.append("")
        opened.append(line)
    return opened


def mark_up(line: str) -> str:
    """Single backticks to code, Gymnasium's headings to bold words, |x| to itself, and chapters to links."""
    line = re.sub(r"^## ((?:[A-Z]\w+ ?)+)", lambda found: f"**{found[1].strip()}** ", line)
    line = re.sub(r"(?<![`:\w])`([^`]+)`(?!`)", r"``\1``", line)
    parts = line.split("``")
    return "``".join(part if number % 2 else linked(part.replace("|", r"\|")) for number, part in enumerate(parts))


def linked(text: str) -> str:
    """Every "chapter 3" that there is becomes a link to it."""

    def link(found: re.Match[str]) -> str:
        name = CHAPTERS.get(int(found[1]))
        return found[0] if name is None else f":doc:`{found[0]} </book/{name}>`"

    return re.sub(r"\bchapter (\d+)\b", link, text)
