"""What the book's notebooks need besides the package itself: glued numbers, results of studies, sentences that must
hold, and the budget of a run.

`DRR_BUDGET=smoke` in the environment makes long cells short, for a quick look; outputs stored in the book are
those of the normal budget.
"""

import os
import warnings
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from drr_tutorial.lab.digests import code_digests
from drr_tutorial.storage import StorageError, read_json

T = TypeVar("T")
WAITING = "waiting.json"


def glue(name: str, value: Any) -> None:
    """Store a number (rounded for the page by whoever shows it) for the prose of the same page; does nothing
    outside the book.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what it imports warns of missing widgets
            from myst_nb import glue as store
    except ImportError:  # a reader's own environment
        return
    store(name, value.item() if isinstance(value, np.generic) else value, display=False)


def claim(holds: Any, sentence: str) -> None:
    """Stop the page when `sentence`, which its prose says or rests on, does not hold for what was computed above.

    Raises `AssertionError` with the sentence. With the smoke budget nothing is checked: the prose is not about its
    figures.
    """
    if not holds and budget(True, False):
        raise AssertionError(f"the prose below says: {sentence}; the figures above say otherwise: reword it")


def verdict(low: float, high: float, *, above: str, level: str, below: str) -> str:
    """The words for a difference whose interval (`low`, `high`) is above 0, holds 0, or is below 0."""
    return above if low > 0 else below if high < 0 else level


def budget(normal: T, smoke: T) -> T:
    """`normal`, or `smoke` when DRR_BUDGET=smoke. Raises `ValueError` for any other value of DRR_BUDGET."""
    chosen = os.environ.get("DRR_BUDGET", "normal")
    if chosen not in ("normal", "smoke"):
        raise ValueError(f"DRR_BUDGET must be normal or smoke, got {chosen!r}; unset it for the normal budget")
    return smoke if chosen == "smoke" else normal


def results_folder() -> Path:
    """Where the result files of the studies lie."""
    return book_folder() / "results"


def read_result(name: str, folder: Path | None = None) -> dict[str, Any]:
    """The result file of a study, as `drr-tutorial results NAME` wrote it; `folder`: default the book's.

    Raises `StorageError` when there is none, and when the code that made it has changed since: then its numbers cannot
    be told to hold. A study that takes too long to be made anew with every change stands in `waiting.json`,
    with what is known to be wrong with its numbers; then that is said, on the page, and they are shown.
    """
    folder = results_folder() if folder is None else folder
    path = folder / f"{name}.json"
    refresh = f"make it with: drr-tutorial results {name}"
    if not path.is_file():
        raise StorageError(f"no result file {path}; {refresh}")
    result: dict[str, Any] = read_json(path)
    changed = changed_since(result)
    waiting = read_json(folder / WAITING) if changed and (folder / WAITING).is_file() else {}
    if name in waiting:
        print(f"The numbers of the study {name!r} are older than the code: {waiting[name]}")
    elif changed:
        raise StorageError(f"{path} is older than the code that made it (changed: {', '.join(changed)}); {refresh}")
    return result


def changed_since(result: dict[str, Any]) -> list[str]:
    """The definitions whose code is not what it was when the result was made; none for an up-to-date result."""
    try:
        before, now = result["code"]["digests"], code_digests(result["code"]["made by"])
    except (KeyError, TypeError, ValueError) as error:
        return [f"the form of result files ({error})"]
    return sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))


def book_folder() -> Path:
    """The book's folder: inside an installed package, or beside it in the repository."""
    inside = Path(__file__).parents[1] / "book"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "book"
