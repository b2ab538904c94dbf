"""Numbers for the prose: hidden cells of the same notebook stored them, as outputs that only the book's tools show."""

import ast
from collections.abc import Iterable
from typing import Any

from drr_tutorial.lab.notebooks.source import Cell

STORED = "application/papermill.record/"


def glued_values(cells: Iterable[Cell]) -> dict[str, str]:
    """What cells stored: name -> the value as Python writes it."""
    found = {}
    for cell in cells:
        for output in cell.get("outputs", ()):
            name = output.get("metadata", {}).get("scrapbook", {}).get("name")
            if name and f"{STORED}text/plain" in output.get("data", {}):
                value = output["data"][f"{STORED}text/plain"]
                found[name] = value if isinstance(value, str) else "".join(value)
    return found


def is_glued(output: Any) -> bool:
    """Whether an output is stored for the prose, not to be looked at."""
    return any(kind.startswith(STORED) for kind in output.get("data", {}))


def shown(reference: str, values: dict[str, str]) -> str:
    """The text for `name` or `name:format`. Raises `ValueError` for a name that no cell stored."""
    name, _, form = reference.strip().partition(":")
    if name not in values:
        raise ValueError(
            f"no cell of this notebook stored a number called {name!r}; run it, so that its outputs are there"
        )
    value = _value(values[name])
    return format(value, form) if form else str(value) if isinstance(value, str) else values[name]


def _value(written: str) -> Any:
    try:
        return ast.literal_eval(written)
    except ValueError:  # nan and inf are no literals
        return float(written)
