"""Docstrings of this package are plain English with `code` in single backticks; here they become Sphinx's markup, and
"chapter 3" a link. Settings show their plain types, and their rules in words.
"""

import dataclasses
import importlib
import inspect
import pkgutil
import re
from pathlib import Path
from typing import Any, get_type_hints

from sphinx.ext.napoleon import Config, GoogleDocstring

import drr_tutorial

CHAPTERS = {int(path.stem[:2]): path.stem for path in Path(__file__).parents[1].glob("[0-9][0-9]_*.ipynb")}

WORDS = {"gt": "above", "ge": "at least", "lt": "below", "le": "at most"}
RULES: dict[str, str] = {}  # what a setting must be, by its full name


def setup(app: Any) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("builder-inited", plain_types)
    app.connect("autodoc-process-docstring", translate)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def translate(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """In place. The attributes' texts hold no sections, and their colons are only colons."""
    if name in RULES:
        lines += ["", f"Must be {RULES[name]}."]
    lines[:] = open_blocks(lines)
    lines[:] = [line if line.startswith("    ") and what == "module" else mark_up(line) for line in lines]
    if what in ("class", "function", "method"):
        lines[:] = GoogleDocstring(lines, Config(), app, what, name, obj, options).lines()


def plain_types(app: Any) -> None:
    """Settings: to a reader `Annotated[float, Gt(0)]` is a float; what it must be joins the text of the field."""
    for module in pkgutil.walk_packages(drr_tutorial.__path__, "drr_tutorial."):
        for cls in vars(importlib.import_module(module.name)).values():
            if hasattr(cls, "__pydantic_fields__") and cls.__module__ == module.name:
                RULES.update(
                    {
                        f"{module.name}.{cls.__name__}.{name}": rule
                        for name, hint in get_type_hints(cls, include_extras=True).items()
                        if (rule := rule_of(hint))
                    }
                )
                cls.__annotations__ = get_type_hints(cls)
                fields = inspect.signature(cls).parameters.values()
                cls.__signature__ = inspect.Signature(
                    [field.replace(annotation=inspect.Parameter.empty) for field in fields]
                )


def rule_of(hint: Any) -> str:
    """Of `Annotated[float, Field(ge=0, le=1)]`: "at least 0, at most 1"."""
    known = [bound for extra in getattr(hint, "__metadata__", ()) for bound in extra.metadata]
    return ", ".join(
        f"{WORDS[name]} {value}"
        for bound in known
        for name, value in dataclasses.asdict(bound).items()
        if name in WORDS
    )


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
    """Single backticks to code, Gymnasium's headings to bold words, |x| and HR@10 to themselves, chapters to links."""
    line = re.sub(r"^## ((?:[A-Z]\w+ ?)+)", lambda found: f"**{found[1].strip()}** ", line)
    line = re.sub(r"(?<![`:\w])`([^`]+)`(?!`)", r"``\1``", line)
    parts = line.split("``")
    return "``".join(
        part if number % 2 else linked(re.sub(r"([|@])", r"\\\1", part)) for number, part in enumerate(parts)
    )


def linked(text: str) -> str:
    """Every "chapter 3" that there is becomes a link to it."""

    def link(found: re.Match[str]) -> str:
        name = CHAPTERS.get(int(found[1]))
        return found[0] if name is None else f":doc:`{found[0]} </book/{name}>`"

    return re.sub(r"\bchapter (\d+)\b", link, text)
