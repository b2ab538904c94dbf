"""A study: rows that are computed apart, and a summary that a page reads, with all that is needed to trace a figure.

Each finished row is kept in a file of its own, with the key of the code that made it (see `provenance`). So a study
that was stopped, by whatever, goes on where it was, and one whose code has changed computes anew what that code made,
no more. A row runs in a new process with one thread, so that its time and memory are its own. Rows that took longest
last time, by the result file that is there, go first, so that no process waits long for the other at the end.

On a cluster these processes are spread over its nodes, each of which needs this package and the data; a row comes back
to this machine, which writes it, so the nodes need no disk in common. One whose process or node dies is computed again
elsewhere.
"""

import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_all_start_methods, get_context, parent_process, set_forkserver_preload
from pathlib import Path
from typing import Any, NamedTuple

from joblib import Parallel, delayed
from tqdm.auto import tqdm

from drr_tutorial.cluster.calls import call
from drr_tutorial.cluster.connect import connect, on_every_node, require_address
from drr_tutorial.data.load import load_ratings
from drr_tutorial.errors import ClusterError, RowError
from drr_tutorial.lab.digests import code_digests, code_key, entry
from drr_tutorial.lab.pages import results_folder
from drr_tutorial.provenance import git_revision, particulars, peak_memory_mb, processor
from drr_tutorial.storage import StorageError, read_json, write_json

ROWS = Path("runs") / "results"
DETAIL = "detail"  # figures that `summarize` needs and a result file leaves out
ENVIRONMENT = {
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    # Where memory is glibc's: keep what is freed. Else each batch of a factorization gives its memory back and asks
    # for it anew, which can take longer than its sums.
    **dict.fromkeys(("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_"), "1000000000"),
}
"""Of the processes in which rows run."""
PRELOAD = ["torch", "pandas", "scipy.stats", "gymnasium", "joblib"]
"""Libraries that are imported once for all rows, where processes can be forked. Nothing of this package: a row runs the
code that is there when it begins. With joblib, a process that joblib has started can start a row's.
"""
Figures = dict[str, Any]


class Row(NamedTuple):
    """A part of a study that is computed in one go.

    `compute` returns JSON-able figures; it must be a function of a module, or a `functools.partial` of one, for another
    process calls it. What it returns under `DETAIL`, however deep, is for `summarize` only and is not published
    (values of single users, say). The definitions that it rests on are the code of the row.
    """

    key: str
    compute: Callable[[], Figures]
    full_only: bool = False


@dataclass(frozen=True)
class Study:
    """Named rows and what is made of them."""

    name: str
    """Also the name of the result file."""
    title: str
    """One line for lists."""
    rows: Callable[[], Sequence[Row]]
    """The rows, in the order in which they are to be computed: the longest first keeps two processes busy."""
    summarize: Callable[[Mapping[str, Figures]], Figures]
    """From the figures of the rows, by key, to those that pages read. Without the rows that are for the full set when
    it was not asked for.
    """
    data: tuple[str, ...] = ()
    """Data sets that it measures on."""
    seeds: tuple[int, ...] = ()
    """Seeds that it uses."""
    full_only: bool = False
    """The study as a whole is for the full set: it runs when it is asked for by name, or for everything."""
    shares: str = ""
    """A study whose rows these are, too, where keys are equal: what one has computed, the other need not."""


Waiting = Mapping[Path, tuple[Study, Row]]
"""Rows to compute, by where they are kept."""


def run_study(
    study: Study,
    folder: Path = ROWS,
    *,
    results: Path | None = None,
    full: bool = False,
    processes: int | None = None,
    cluster: str | None = None,
    progress: bool = True,
) -> Path:
    """Compute the rows that are missing or out of date, then write the result file; returns its path. See
    `run_studies`.
    """
    options: Any = {"results": results, "full": full, "processes": processes, "cluster": cluster, "progress": progress}
    return run_studies([study], folder, **options)[0]


def run_studies(
    studies: Sequence[Study],
    folder: Path = ROWS,
    *,
    results: Path | None = None,
    full: bool = False,
    processes: int | None = None,
    cluster: str | None = None,
    progress: bool = True,
) -> list[Path]:
    """Compute the rows of several studies in `processes` processes, then write the result file of each; returns their
    paths.

    Rows are kept in `folder`/<study>/<key>.json, results go to `results` (default: the book's). `full` adds the rows
    that are for the full set only. `cluster`: where processes run, see `cluster.connect`; None: here, without Ray.
    `processes`: None for one, on a cluster for as many as it has CPUs. Raises `RowError` when rows failed, after all
    others were computed. `ValueError` for processes below 1 and for keys that cannot be names of files or are used
    twice; `ClusterError` for a cluster that is not there, or whose nodes have other versions or data.
    """
    if processes is not None and processes < 1:
        raise ValueError(f"processes must be at least 1, got {processes}")
    if cluster is not None:
        require_address(cluster)
    rows = {study.name: _rows(study, full) for study in studies}
    waiting: dict[Path, tuple[Study, Row]] = {
        _place(folder, study, row): (study, row)
        for study in studies
        for row in rows[study.name]
        if _stored(_place(folder, study, row), key_of(row.compute)) is None
    }
    target = results_folder() if results is None else results
    failed = _compute_on(cluster, _longest_first(waiting, target), processes, progress)
    finished = [study for study in studies if not unfinished(study, folder, full=full)]
    paths = [_publish(study, rows[study.name], folder, target, full) for study in finished]
    if len(finished) < len(studies):
        what = f"{len(failed)} rows failed, and their errors stand above: {', '.join(failed)}"
        raise RowError(f"{what if failed else 'the code changed during the run'}; the same command goes on from there")
    return paths


def unfinished(study: Study, folder: Path = ROWS, *, full: bool = False) -> list[str]:
    """Keys of the rows that a run would have to compute."""
    return [row.key for row in _rows(study, full) if _stored(_place(folder, study, row), key_of(row.compute)) is None]


def _rows(study: Study, full: bool) -> list[Row]:
    rows = [row for row in study.rows() if full or not row.full_only]
    keys = [row.key for row in rows]
    wrong = [key for key in keys if not re.fullmatch(r"[\w.+-]+", key) or keys.count(key) > 1]
    if wrong:
        raise ValueError(f"keys of study {study.name!r} must be unique and fit for names of files, got {wrong[0]!r}")
    return rows


def key_of(compute: Callable[[], Figures]) -> str:
    """The code of a row: equal keys, equal figures."""
    return code_key([entry(compute)])


def _place(folder: Path, study: Study, row: Row) -> Path:
    return folder / (study.shares or study.name) / f"{row.key}.json"


def _stored(path: Path, key: str) -> Figures | None:
    """What a row left, if it is whole and was made by the code of this key."""
    try:
        stored = read_json(path)
    except StorageError:
        return None
    return stored if isinstance(stored, dict) and stored.get("code key") == key else None


def _longest_first(waiting: Waiting, target: Path) -> dict[Path, tuple[Study, Row]]:
    """By the seconds in the result files that are there; rows that are new come before all others, in their order."""
    seconds = {study.name: _last_seconds(target / f"{study.name}.json") for study, _ in waiting.values()}

    def expected(place: Path) -> float:
        study, row = waiting[place]
        return seconds[study.name].get(row.key, float("inf"))

    return {place: waiting[place] for place in sorted(waiting, key=expected, reverse=True)}


def _last_seconds(path: Path) -> dict[str, float]:
    """Row -> seconds, as far as an earlier result tells."""
    try:
        return {key: float(row["seconds"]) for key, row in read_json(path)["rows"].items()}
    except (StorageError, KeyError, TypeError, AttributeError):
        return {}


def _compute(
    waiting: Waiting, processes: int, progress: bool, compute: Callable[..., tuple[str, int | None]] | None = None
) -> list[str]:
    """Each row in a new process, so many at once; returns the names of rows that failed, which stop no others.

    Threads only wait for these processes, which `compute` starts: on this machine, or where a cluster has room.
    """
    revision, failed = git_revision(), []
    run = Parallel(processes, prefer="threads", pre_dispatch="n_jobs", return_as="generator_unordered")
    with _environment():
        ended = run(
            delayed(compute or _in_new_process)(f"{study.name}: {row.key}", row.compute, path, revision)
            for path, (study, row) in waiting.items()
        )
        bar = tqdm(ended, total=len(waiting), unit="row", disable=not progress or not waiting)
        for name, code in bar:
            bar.set_postfix_str(name)
            failed += [] if code == 0 else [name]
    return failed


def _compute_on(cluster: str | None, waiting: Waiting, processes: int | None, progress: bool) -> list[str]:
    """The same on a cluster whose nodes have the data of here, None for this machine. Raises `ClusterError`."""
    if cluster is None or not waiting:
        return _compute(waiting, processes or 1, progress)
    names = sorted({name for study, _ in waiting.values() for name in study.data})
    with connect(cluster) as found:
        here = fingerprints(names)
        for node, there in on_every_node(fingerprints, names).items():
            if differing := [name for name in names if here[name] != there[name]]:
                raise ClusterError(
                    f"node {node} has other data than this machine for {differing[0]}: fingerprint "
                    f"{there[differing[0]]}, here {here[differing[0]]}; copy the data home to it, or correct its "
                    "DRR_DATA_HOME"
                )
        return _compute(waiting, processes or found.cpus, progress, _on_cluster)


def fingerprints(names: Sequence[str]) -> dict[str, str]:
    """Of data sets, by name, as they are on the machine on which this runs."""
    return {name: load_ratings(name, progress=False).fingerprint() for name in names}


def _on_cluster(name: str, compute: Callable[[], Figures], path: Path, revision: str) -> tuple[str, int]:
    """Name and exit code; what the row's process left comes back to be written here."""
    row, error = call(_row_elsewhere, compute, revision, environment=ENVIRONMENT)
    if error:
        print(f"{name}: {error}", file=sys.stderr)
        return name, 1
    write_json(path, row)
    return name, 0


def _in_new_process(name: str, compute: Callable[[], Figures], path: Path, revision: str) -> tuple[str, int | None]:
    """Name and exit code."""
    context = get_context("forkserver") if "forkserver" in get_all_start_methods() else get_context("spawn")
    set_forkserver_preload(PRELOAD)
    process = context.Process(target=_compute_row, args=(compute, path, revision))
    process.start()
    process.join()
    return name, process.exitcode


@contextmanager
def _environment() -> Iterator[None]:
    """`ENVIRONMENT`, for a while: a new process takes it from this one, and its libraries read it when it starts."""
    before = {name: os.environ.get(name) for name in ENVIRONMENT}
    os.environ.update(ENVIRONMENT)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _compute_row(compute: Callable[[], Figures], path: Path, revision: str) -> None:
    threading.Thread(target=_end_with_the_command, daemon=True).start()
    write_json(path, _row(compute, revision))


def _end_with_the_command() -> None:
    """Where the process that waits for this one is killed, nobody waits for the row any more."""
    command = parent_process()
    if command is not None:
        command.join()
        os._exit(1)


def _row_elsewhere(compute: Callable[[], Figures], revision: str) -> Figures:
    """The nodes of a cluster may differ, and last digits with them, so a row says which it was."""
    return _row(compute, revision) | {"processor": processor()}


def _row(compute: Callable[[], Figures], revision: str) -> Figures:
    about = {"code key": key_of(compute), "git revision": revision}  # of the code that this process has read just now
    start = time.perf_counter()
    figures = compute()
    seconds = round(time.perf_counter() - start, 1)
    return {**about, "seconds": seconds, "peak memory MB": peak_memory_mb(), "figures": figures}


def _publish(study: Study, rows: Sequence[Row], folder: Path, target: Path, full: bool) -> Path:
    """The result file: how it was made, the rows without their details, the summary."""
    stored = {row.key: read_json(_place(folder, study, row)) for row in rows}
    summary = study.summarize({key: row["figures"] for key, row in stored.items()})
    about = particulars(
        f"drr-tutorial results {study.name}{' --full' if full else ''}",
        data={name: load_ratings(name, progress=False).fingerprint() for name in study.data},
        seeds=study.seeds,
        seconds=sum(row["seconds"] for row in stored.values()),
        peak_memory_mb=max((row["peak memory MB"] for row in stored.values()), default=0),
    )
    about["machine"]["threads of a row"] = 1
    published = {key: row | {"figures": _without_detail(row["figures"])} for key, row in stored.items()}
    path = target / f"{study.name}.json"
    write_json(path, {"title": study.title, **about, "code": code_of(study), "rows": published, "summary": summary})
    return path


def code_of(study: Study) -> dict[str, Any]:
    """What a result file says of the code that made it."""
    made_by = sorted({entry(study.summarize), *(entry(row.compute) for row in study.rows())})
    return {"key": code_key(made_by), "made by": made_by, "digests": code_digests(made_by)}


def _without_detail(figures: Any) -> Any:
    """The same without what stands under `DETAIL`, however deep."""
    if not isinstance(figures, dict):
        return figures
    return {name: _without_detail(value) for name, value in figures.items() if name != DETAIL}
