"""After a change that must not change a figure: compute a few rows of a study again, and keep the others if they agree.

A clearer error or a moved file puts every row out of date, for its code is another. To the last digit the same figures,
for rows from the quickest to the middle one of each group that the same code makes, are the evidence; the result file
says which rows they were. A change that is to change figures needs them all anew.
"""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from drr_tutorial.notebook import results_folder
from drr_tutorial.provenance import git_revision
from drr_tutorial.storage import read_json, write_json
from drr_tutorial.studies import study as runner
from drr_tutorial.studies.study import ROWS, Figures, Row, RowError, Study

AGAIN = 3  # rows of each group
MEASURED = ("seconds", "memory", "milliseconds", "per second")  # what is never twice the same


def recheck(
    study: Study, folder: Path = ROWS, *, results: Path | None = None, processes: int = 1, progress: bool = True
) -> Path:
    """Compute some rows again and, where they agree, publish all with the code of now; returns the result file.

    Raises `RowError` when a figure differs, or when rows are missing or belong to another result file; then nothing is
    changed.
    """
    target = results_folder() if results is None else results
    before = read_json(target / f"{study.name}.json")["rows"]
    rows = [row for row in study.rows() if row.key in before]
    kept = {row.key: read_json(runner._place(folder, study, row)) for row in rows}
    alien = [key for key, row in kept.items() if row["code key"] != before[key]["code key"]]
    if alien:
        raise RowError(f"row {alien[0]!r} in {folder} is not that of the result file; compute the study anew")
    again = [row for group in _groups(rows) for row in _spread(group, kept)]
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        waiting = {Path(scratch, f"{row.key}.json"): (study, row) for row in again}
        failed = runner._compute(waiting, processes, progress)
        found = {row.key: read_json(place) for place, (_, row) in waiting.items() if place.exists()}
    differing = [key for key in found if _settled(found[key]["figures"]) != _settled(kept[key]["figures"])]
    if failed or differing:
        what = f"fails now: {failed[0]}" if failed else f"has other figures now: {differing[0]}"
        raise RowError(f"a row of {study.name!r} {what}; compute the study anew")
    _keep(study, rows, kept, list(found), folder)
    return runner._publish(study, rows, folder, target, full=any(row.full_only for row in rows))


def _groups(rows: Sequence[Row]) -> list[list[Row]]:
    """Rows that the same code makes."""
    return [[row for row in rows if row.code == code] for code in dict.fromkeys(row.code for row in rows)]


def _spread(rows: Sequence[Row], kept: Mapping[str, Figures]) -> list[Row]:
    """The quickest row, the middle one, and those between at even distances."""
    by_time = sorted(rows, key=lambda row: float(kept[row.key]["seconds"]))
    places = dict.fromkeys(number * (len(rows) // 2) // max(AGAIN - 1, 1) for number in range(AGAIN))
    return [by_time[place] for place in places]


def _settled(figures: Any) -> Any:
    """The same without times and memory, however deep."""
    if isinstance(figures, Mapping):
        return {
            name: _settled(value)
            for name, value in figures.items()
            if not any(measured in name for measured in MEASURED)
        }
    return [_settled(value) for value in figures] if isinstance(figures, list) else figures


def _keep(study: Study, rows: Sequence[Row], kept: Mapping[str, Figures], again: list[str], folder: Path) -> None:
    """All rows with the key of the code of now, and by which rows that was found to be right."""
    revision = git_revision()
    for row in rows:
        evidence = {"git revision": revision, "rows computed again": again}
        about = {"code key": runner._key(study, row), "rechecked": evidence}
        write_json(runner._place(folder, study, row), {**kept[row.key], **about})
