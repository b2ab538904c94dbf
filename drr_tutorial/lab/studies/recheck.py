"""After a change that must not change a figure: compute a few rows of a study again, and keep the others if they agree.

A clearer error puts the rows out of date that rest on it, for their code is another. To the last digit the same
figures, for rows from the quickest to the middle one of each group that the same code makes, are the evidence; the
result file says which rows they were. A change that is to change figures needs them all anew.

Another processor has other last digits, whatever the code. There, compute rows with the code of before first, in a
checkout of it, and recheck against its folder of rows: then both are of the same machine.

Where rows take too long even for that, other studies can speak for them: those that were rechecked after the very same
changes of the very same definitions.
"""

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from drr_tutorial.errors import RowError
from drr_tutorial.lab.digests import entry
from drr_tutorial.lab.pages import results_folder
from drr_tutorial.lab.studies import runner
from drr_tutorial.lab.studies.runner import DETAIL, ROWS, Figures, Row, Study
from drr_tutorial.provenance import git_revision, processor
from drr_tutorial.storage import read_json, write_json

AGAIN = 3  # rows of each group
RECHECKED = "rechecked"  # in a result file: on what evidence, each time
MEASURED = ("seconds", "memory", "milliseconds", "per second")  # what is never twice the same


def recheck(
    study: Study,
    folder: Path = ROWS,
    *,
    results: Path | None = None,
    against: Path | None = None,
    processes: int = 1,
    progress: bool = True,
) -> Path:
    """Compute some rows of the result file again and, where they agree, say that all are of the code of now; returns
    the file. Rows in `folder` that are those of the file follow.

    `against`: a folder of rows by the code of before, from this machine; some of each group of rows suffice.
    Raises `StorageError` without a result file, `RowError` when a figure differs; then nothing is changed.
    """
    path = _file(study, results)
    before = read_json(path)
    rows = [row for row in study.rows() if row.key in before["rows"]]
    known = before["rows"] if against is None else _rows_of_before(study, rows, against)
    again = [row for group in _groups(rows) for row in _spread(group, known)]
    _require_equal(study, again, known, processes, progress)
    evidence: Figures = {"rows computed again": [row.key for row in again]}
    if against is not None:
        evidence |= {"beside the code of": known[again[0].key]["git revision"], "on": processor()}
    return _keep(study, rows, before, evidence, folder, path)


def recheck_by(study: Study, others: Sequence[Study], folder: Path = ROWS, *, results: Path | None = None) -> Path:
    """Say the same without computing anything, where each definition that changed did so in studies that were rechecked
    since; returns the file, which names them.

    Raises `RowError` for a change that none of the others has seen.
    """
    path = _file(study, results)
    before = read_json(path)
    changed = _changes(study, before)
    seen = [
        (_difference(change), other.name)
        for other in others
        for evidence in read_json(_file(other, results)).get(RECHECKED, [])
        if "rows computed again" in evidence
        for change in evidence.get("changed", [])
    ]
    wanted = {_difference(change): change[0] for change in changed}
    unseen = [name for change, name in wanted.items() if change not in dict(seen)]
    if unseen:
        raise RowError(
            f"{unseen[0]!r} of {study.name!r} has not changed so in any of {', '.join(other.name for other in others)} "
            "that was rechecked; recheck one more of those that rest on it, or this study itself"
        )
    by = sorted({name for change, name in seen if change in wanted})
    rows = [row for row in study.rows() if row.key in before["rows"]]
    return _keep(study, rows, before, {"by the rows computed again of": by}, folder, path)


def _keep(
    study: Study, rows: Sequence[Row], before: Figures, evidence: Mapping[str, Any], folder: Path, path: Path
) -> Path:
    """The rows of the file, and those in the folder that are the same, as of the code of now. Rows that the study no
    longer has leave the file.
    """
    before["rows"] = {row.key: before["rows"][row.key] for row in rows}
    for row in rows:
        key = runner.key_of(row.compute)
        kept = runner._stored(runner._place(folder, study, row), before["rows"][row.key]["code key"])
        if kept is not None:
            write_json(runner._place(folder, study, row), kept | {"code key": key})
        before["rows"][row.key] |= {"code key": key}
    entry = {"git revision": git_revision(), **evidence, "changed": _changes(study, before)}
    about = {"code": runner.code_of(study), RECHECKED: [*before.get(RECHECKED, []), entry]}
    write_json(path, before | about)
    return path


def _changes(study: Study, before: Figures) -> list[list[str | None]]:
    """[name, digest before, digest now] of the definitions that have changed since the file was made."""
    old, new = before["code"]["digests"], runner.code_of(study)["digests"]
    names = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
    return [[name, old.get(name), new.get(name)] for name in names]


def _difference(change: Sequence[str | None]) -> tuple[str, ...]:
    """Name, and the digests that went and came. Definitions of one name, of which a study may rest on more than another
    does, have theirs side by side.
    """
    name, *digests = change
    old, new = (Counter(each.split("+") if each else ()) for each in digests)
    return (str(name), *sorted((old - new).elements()), ">", *sorted((new - old).elements()))


def _file(study: Study, results: Path | None) -> Path:
    return (results_folder() if results is None else results) / f"{study.name}.json"


def _require_equal(
    study: Study, again: Sequence[Row], before: Mapping[str, Figures], processes: int, progress: bool
) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        waiting = {Path(scratch, f"{row.key}.json"): (study, row) for row in again}
        failed = runner._compute(waiting, processes, progress)
        found = {row.key: read_json(place)["figures"] for place, (_, row) in waiting.items() if place.exists()}
    differing = [key for key in found if _settled(found[key]) != _settled(before[key]["figures"])]
    if failed or differing:
        what = f"fails now: {failed[0]}" if failed else f"has other figures now: {differing[0]}"
        raise RowError(f"a row of {study.name!r} {what}; compute the study anew")


def _rows_of_before(study: Study, rows: Sequence[Row], folder: Path) -> dict[str, Figures]:
    """The rows in another checkout's folder; `RowError` where a group of rows has none there."""
    places = {row.key: runner._place(folder, study, row) for row in rows}
    found = {key: read_json(place) for key, place in places.items() if place.exists()}
    missing = [group[0].key for group in _groups(rows) if not any(row.key in found for row in group)]
    if missing:
        raise RowError(f"{folder} has no row like {missing[0]!r} of {study.name!r}; compute it with the code of before")
    return found


def _groups(rows: Sequence[Row]) -> list[list[Row]]:
    """Rows that the same code makes."""
    makers = dict.fromkeys(entry(row.compute) for row in rows)
    return [[row for row in rows if entry(row.compute) == maker] for maker in makers]


def _spread(rows: Sequence[Row], kept: Mapping[str, Figures]) -> list[Row]:
    """Of the rows that are known the quickest, the middle one, and those between at even distances."""
    by_time = sorted((row for row in rows if row.key in kept), key=lambda row: float(kept[row.key]["seconds"]))
    places = dict.fromkeys(number * (len(by_time) // 2) // max(AGAIN - 1, 1) for number in range(AGAIN))
    return [by_time[place] for place in places]


def _settled(figures: Any) -> Any:
    """The same without times, memory and what a result file leaves out, however deep."""
    if isinstance(figures, Mapping):
        return {
            name: _settled(value)
            for name, value in figures.items()
            if name != DETAIL and not any(measured in name for measured in MEASURED)
        }
    return [_settled(value) for value in figures] if isinstance(figures, list) else figures
