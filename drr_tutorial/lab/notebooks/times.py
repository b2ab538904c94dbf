"""How long each chapter takes, in words, from the file of measured times."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from drr_tutorial.storage import read_json


def measured_times(results: Path) -> dict[str, str]:
    """The words for `{{ time_5 }}` and its like."""
    return in_words(read_json(results / "runtimes.json")["notebooks"])


def in_words(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The same, from the rows of that file."""
    measured = {row["page"].split(".")[0]: row for row in rows if row["page"][0].isdigit()}
    return {f"time_{number}": _words(measured.get(str(number))) for number in range(1, 31)}


def _words(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return "not measured yet"
    minutes, seconds = row["minutes to read"], round(row["seconds to run"])
    return f"about {minutes} minutes to read and {seconds} seconds to run, exercises not counted"
