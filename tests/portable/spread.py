"""How far the kernels of other processors move what the notebooks print after a training. Run: make tolerances

Runs each notebook that has cells with a "tolerance" in their metadata: with each kind of kernels that this processor has,
once with two threads, and all that with three seeds. Of each number it takes the largest difference between kernels with
the same seed; the largest of its kind is the spread, in book/tolerances.json. book/conftest.py makes a tolerance of it.
Seeds only give more trainings to look at: what another seed changes does not count.

Each run is kept in runs/spread until code or notebook change, so that a stopped measurement goes on: about two minutes for
each kernels and seed. Runs with kernels that this processor lacks count where their files were brought from another
machine: there, call `kept_or_measured` for them, then copy runs/spread. Sentences and words that one of the runs contradicts are printed: reword them.
"""

import hashlib
import itertools
import os
import re
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
BOOK = ROOT / "book"
sys.path[:0] = [str(ROOT), str(BOOK)]

from conftest import NUMBER, kind_of, name_of  # noqa: E402 - book/conftest.py

from drr_tutorial.data.load import load_ratings  # noqa: E402
from drr_tutorial.lab.digests import code_key  # noqa: E402
from drr_tutorial.provenance import particulars, peak_memory_mb, processor  # noqa: E402
from drr_tutorial.storage import read_json, write_json  # noqa: E402
from tests.portable.kernels import KERNELS, missing  # noqa: E402

SEEDS = (0, 1, 2)
JOBS = 2  # notebooks at once
CONTRADICTED = "contradicted: "
TYPED_SEED = re.compile(r"((?:manual_seed|default_rng)\()(\d+)\)")
FIRST_CELL = f"""
import dataclasses
from drr_tutorial import config
from drr_tutorial.lab import pages
config.PRESETS.update((name, dataclasses.replace(one, seed=one.seed + {{seed}})) for name, one in config.PRESETS.items())
pages.claim = lambda holds, sentence: None if holds else print("{CONTRADICTED}" + sentence)
"""
Texts = dict[str, dict[str, str]]  # cell id -> name of what is glued, or "" -> text


class Run(NamedTuple):
    """One way to run a notebook."""

    kernels: str
    threads: int
    seed: int


class Spread(NamedTuple):
    """By how much one number differs between kernels, at most."""

    kind: str
    spread: float
    where: str
    counted: bool  # a whole number in all runs


def main() -> None:
    pages = {path: read(path) for path in sorted(BOOK.glob("*.ipynb"))}
    pages = {path: page for path, page in pages.items() if any("tolerance" in cell.metadata for cell in page.cells)}
    ways = [(path, run) for run, path in itertools.product(runs(), pages) if can(path, run)]
    with ThreadPoolExecutor(JOBS) as pool:  # a thread waits for its kernel, which is a process of its own
        found = dict(zip(ways, pool.map(lambda way: kept_or_measured(*way), ways), strict=True))
    spreads = [row for path, page in pages.items() for row in spreads_of(path, page, found)]
    about = particulars(
        "make tolerances",
        data={"ml-100k": load_ratings("ml-100k", progress=False).fingerprint()},
        seeds=SEEDS,
        seconds=sum(kept["seconds"] for kept in found.values()),
        peak_memory_mb=peak_memory_mb(),
    )
    kernels = sorted({f"{run.kernels}, threads: {run.threads}, {found[path, run]['on']}" for path, run in ways})
    write_json(BOOK / "tolerances.json", about | {"kernels": kernels, "kinds": kinds(spreads)})


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]


def runs() -> Iterator[Run]:
    """First all kernels with one seed; those of the processor itself also with two threads."""
    for seed in SEEDS:
        yield from (Run(name, 1, seed) for name in KERNELS)
        yield Run("own", 2, seed)


def can(path: Path, run: Run) -> bool:
    """Whether this processor has the kernels, or another machine's result is at hand."""
    return not missing(run.kernels) or kept_file(path, run).exists()


def kept_file(path: Path, run: Run) -> Path:
    source = "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "code")
    key = hashlib.sha256(
        (code_key(["drr_tutorial.recommenders.drr", "drr_tutorial.experiment"]) + source).encode()
    ).hexdigest()[:16]
    return ROOT / "runs" / "spread" / f"{path.stem}-{run.kernels}-{run.threads}-{run.seed}-{key}.json"


def kept_or_measured(path: Path, run: Run) -> dict[str, Any]:
    kept = kept_file(path, run)
    if not kept.exists():
        start = time.perf_counter()
        texts = texts_of(path, run)
        kept.parent.mkdir(parents=True, exist_ok=True)
        on = f"{processor()}, torch {version('torch')}"
        write_json(kept, {"seconds": time.perf_counter() - start, "on": on, "texts": texts})
        print(path.stem, *run, f"{time.perf_counter() - start:.0f} s", flush=True)
    return read_json(kept)


def texts_of(path: Path, run: Run) -> Texts:
    """Run a copy in memory, with another seed in the presets and wherever the notebook types one."""
    notebook = read(path)
    for cell in notebook.cells:
        cell.source = TYPED_SEED.sub(lambda found: f"{found[1]}{int(found[2]) + 100 * run.seed})", cell.source)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(FIRST_CELL.format(seed=run.seed)))  # type: ignore[no-untyped-call]
    variables = os.environ | KERNELS[run.kernels] | {"OMP_NUM_THREADS": str(run.threads)}
    place = {"metadata": {"path": str(BOOK)}}
    NotebookClient(notebook, timeout=1800, kernel_name="python3", resources=place).execute(env=variables)
    return {cell.id: outputs_of(cell) for cell in notebook.cells if cell.cell_type == "code"}


def outputs_of(cell: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for output in cell.outputs:
        texts = {kind: text for kind, text in output.get("data", {}).items() if kind.endswith("text/plain")}
        if output.get("name") == "stdout":
            texts = {"": output.text}
        for text in texts.values():
            found[name_of(output)] = found.get(name_of(output), "") + text
    return found


def spreads_of(path: Path, page: Any, found: dict[tuple[Path, Run], Any]) -> Iterator[Spread]:
    """One for each number with a tolerance; says which words differ."""
    for seed, cell in itertools.product(SEEDS, page.cells):
        kept = [one["texts"].get(cell.id, {}) for (of, run), one in found.items() if of == path and run.seed == seed]
        for name in sorted(set().union(*kept)):
            texts, where = [one.get(name, "") for one in kept], f"{path.stem}, {name or cell.id}, seed {seed}"
            words = {NUMBER.sub("#", " ".join(text.split())) for text in texts}
            kind = kind_of(cell, name)
            if any(CONTRADICTED in text for text in texts) or (kind and len(words) > 1):
                print(f"reword? {where}: {' / '.join(sorted(words))}")
            if kind and len(words) == 1:
                for numbers in zip(*map(NUMBER.findall, texts), strict=True):
                    values, counted = [float(number) for number in numbers], all(map(str.isdecimal, numbers))
                    yield Spread(kind, max(values) - min(values), where, counted)


def kinds(spreads: list[Spread]) -> dict[str, dict[str, Any]]:
    """For each kind how far kernels moved a number, whether that is a count, where most, and of how many."""
    table = {}
    for kind in sorted({row.kind for row in spreads}):
        rows = [row for row in spreads if row.kind == kind]
        widest = max(rows, key=lambda row: row.spread)
        table[kind] = {
            "spread": float(f"{widest.spread:.3g}"),
            "counted": all(row.counted for row in rows),
            "widest": widest.where,
            "numbers": len(rows),
        }
    return table


if __name__ == "__main__":
    main()
