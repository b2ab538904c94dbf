"""The command line `drr-tutorial`: the package's commands, and those of the book: results, notebooks, export-web."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import tyro

from drr_tutorial.cli import main as run
from drr_tutorial.cli.console import Folder
from drr_tutorial.lab.notebooks import write_notebooks
from drr_tutorial.lab.notebooks.trust import trust
from drr_tutorial.lab.pages import changed_since, results_folder
from drr_tutorial.lab.studies import Study, find_studies, run_studies, unfinished
from drr_tutorial.lab.studies.recheck import recheck as recheck_study, recheck_by
from drr_tutorial.lab.web import export
from drr_tutorial.storage import read_json


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit status, as `drr_tutorial.cli.main` gives it."""
    return run(arguments, {"results": results, "notebooks": notebooks, "export-web": export})


def results(
    names: Annotated[tuple[str, ...], tyro.conf.Positional] = (),
    /,
    full: bool = False,
    processes: int | None = None,
    cluster: str | None = None,
    list: bool = False,
    recheck: bool = False,
    against: Path | None = None,
    by: tuple[str, ...] = (),
    quiet: bool = False,
) -> None:
    """Compute the figures of the book anew: rows that are missing or were made by other code. Goes on after an
    interruption.

    Args:
        names: Which studies. Default: all but those that take hours; with --full those, too.
        full: Also the rows and studies that take long.
        processes: Rows computed at once, with one thread each. Default: 1, with --cluster as many as that has CPUs.
        cluster: Compute rows on a Ray cluster, whose nodes have the data: local or HOST:PORT.
        list: Only say which studies there are and what is left to do.
        recheck: For code that changed without changing a figure: a few rows computed again decide about the others.
        against: Recheck on another processor: the folder runs/results of a checkout with the code of before.
        by: Recheck by other studies: those that were rechecked after the very same changes; nothing is computed.
        quiet: No progress bar.
    """
    known = find_studies()
    unknown = [name for name in (*names, *by) if name not in known]
    if unknown:
        raise ValueError(f"study must be one of {', '.join(known)}; got {unknown[0]!r}")
    studies = [known[name] for name in names or known if names or full or list or not known[name].full_only]
    if list:
        print("\n".join(f"{study.name}: {study.title}\n    {_state(study, full)}" for study in studies))
        return
    if recheck:
        for study in studies:
            print(_recheck(study, [known[name] for name in by], against, cluster, processes or 1, not quiet))
        return
    for path in run_studies(studies, full=full, processes=processes, cluster=cluster, progress=not quiet):
        print(path)


def _recheck(
    study: Study, by: Sequence[Study], against: Path | None, cluster: str | None, processes: int, progress: bool
) -> Path:
    if cluster is not None:
        raise ValueError(f"--recheck computes its few rows on this machine; leave out --cluster {cluster}")
    if by:
        return recheck_by(study, by)
    return recheck_study(study, against=against, processes=processes, progress=progress)


def _state(study: Study, full: bool) -> str:
    path = results_folder() / f"{study.name}.json"
    changed = changed_since(read_json(path)) if path.is_file() else []
    stands = f"older than {', '.join(changed)}" if changed else "up to date" if path.is_file() else "missing"
    return f"result file {stands}; rows to compute: {len(unfinished(study, full=full))}"


def notebooks(folder: Folder, /, address: str = "") -> None:
    """Write the book's notebooks, as they match this version, into a new folder: to read, to run, to answer in.

    The solutions of the exercises are in the folder solutions.

    Args:
        folder: Where to.
        address: Of the published pages, such as https://somebody.github.io/book: each notebook then leads to its page.
    """
    paths = write_notebooks(folder, address)
    trust(paths)
    for path in paths:
        print(path)


if __name__ == "__main__":
    sys.exit(main())
