"""How long each notebook of the book takes, from a new kernel to its last cell. Run: python tests/benchmarks/runtimes.py

With names of notebooks, such as 17_own_data: these only; the others keep their times, and theirs name the processor.

Runs all of them, one after the other, on one thread each, and writes book/results/runtimes.json, which the pages `intro` and `runtimes`
show. The stored notebooks stay as they are. Minutes to read are the words of the prose at 120 a minute, up to the next five.
"""

import importlib.metadata
import os
import re
import resource
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from drr_tutorial.data.load import load_ratings
from drr_tutorial.provenance import particulars, processor
from drr_tutorial.storage import read_json, write_json

BOOK = Path(__file__).parents[2] / "book"
RESULT = BOOK / "results" / "runtimes.json"
TOOLS = ("matplotlib", "safetensors", "tensorboard", "jupyter-book", "sphinx", "myst-nb", "ipykernel", "nbval")
WORDS_A_MINUTE = 120


def main() -> None:
    os.environ["OMP_NUM_THREADS"] = "1"
    if sys.argv[1:]:
        measure_some(sys.argv[1:])
        return
    pages = [path for path in sorted(BOOK.glob("[!.]*.ipynb")) if path.stem != "runtimes"]
    pages.sort(key=lambda path: path.stem != "intro")
    if not RESULT.exists():  # the landing page shows it
        write_json(RESULT, {"notebooks": []})
    rows = [measure(path) for path in pages]
    about = particulars(
        "python tests/benchmarks/runtimes.py",
        data={"ml-100k": load_ratings("ml-100k", progress=False).fingerprint()},
        seeds=[0, 1],  # those that the chapters name
        seconds=sum(row["seconds to run"] for row in rows),
        peak_memory_mb=peak_memory_of_kernels(),
    )
    about["machine"]["threads used"] = 1
    about["versions"] |= {name: importlib.metadata.version(name) for name in TOOLS}
    write_json(RESULT, about | {"notebooks": rows})
    print(*(f"{row['page']:40} {row['seconds to run']:8.1f} s" for row in read_json(RESULT)["notebooks"]), sep="\n")


def measure_some(names: list[str]) -> None:
    """Times of these pages in the file that is there."""
    stored = read_json(RESULT)
    new = [measure(BOOK / f"{name}.ipynb") | {"processor": processor()} for name in names]
    pages = {row["page"]: row for row in [*stored["notebooks"], *new]}
    write_json(RESULT, stored | {"notebooks": list(pages.values())})
    print(*new, sep="\n")


def peak_memory_of_kernels() -> int:
    """The most that one of the finished kernels has held, in MB."""
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return round(peak / (1e6 if sys.platform == "darwin" else 1e3))


def measure(path: Path) -> dict[str, Any]:
    """Run a copy in memory."""
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    n_cells = sum(cell.cell_type == "code" for cell in notebook.cells)
    start = time.perf_counter()
    NotebookClient(notebook, timeout=900, kernel_name="python3", resources={"metadata": {"path": str(BOOK)}}).execute()
    seconds = round(time.perf_counter() - start, 1)
    title = re.search(r"^# (.+)$", prose, re.MULTILINE)
    number = re.match(r"(\d\d)_", path.stem)
    page = f"{int(number[1])}. " if number else ""
    minutes = 5 * -(-len(prose.split()) // (5 * WORDS_A_MINUTE))
    return {
        "page": page + (title[1] if title else path.stem),
        "minutes to read": minutes,
        "code cells": n_cells,
        "seconds to run": seconds,
    }


if __name__ == "__main__":
    main()
