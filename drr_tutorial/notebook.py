"""What the book's notebooks need besides the package itself: glued numbers and the budget of a run.

`DRR_BUDGET=smoke` in the environment makes long cells short, for a quick look; outputs stored in the book are
those of the normal budget.
"""

import os
import shutil
import warnings
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from drr_tutorial.storage import StorageError

T = TypeVar("T")


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


def budget(normal: T, smoke: T) -> T:
    """`normal`, or `smoke` when DRR_BUDGET=smoke. Raises `ValueError` for any other value of DRR_BUDGET."""
    chosen = os.environ.get("DRR_BUDGET", "normal")
    if chosen not in ("normal", "smoke"):
        raise ValueError(f"DRR_BUDGET must be normal or smoke, got {chosen!r}; unset it for the normal budget")
    return smoke if chosen == "smoke" else normal


def copy_notebooks(folder: Path) -> list[Path]:
    """Copy the book's notebooks that match this version, with their pictures and result files; returns the notebooks.

    Raises `StorageError` when the folder holds something already, or cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StorageError(f"{folder} is not empty; give a new folder, so that nothing of yours is overwritten")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for part in ("images", "results"):
            shutil.copytree(_book() / part, folder / part)
        return [Path(shutil.copy2(path, folder)) for path in sorted(_book().glob("*.ipynb"))]
    except OSError as error:
        raise StorageError(f"cannot write {folder}: {error}; check the permissions and the free space") from error


def _book() -> Path:
    """The book's folder: inside an installed package, or beside it in the repository."""
    inside = Path(__file__).parent / "book"
    return inside if inside.is_dir() else Path(__file__).parents[1] / "book"
