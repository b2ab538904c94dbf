"""What the book's notebooks need besides the package itself: glued numbers and the budget of a run.

`DRR_BUDGET=smoke` in the environment makes long cells short, for a quick look; outputs stored in the book are
those of the normal budget.
"""

import os
from typing import Any, TypeVar

T = TypeVar("T")


def glue(name: str, value: Any) -> None:
    """Store a number (rounded for the page by whoever shows it) for the prose of the same page; does nothing
    outside the book.
    """
    try:
        from myst_nb import glue as store
    except ImportError:  # a reader's own environment
        return
    store(name, value, display=False)


def budget(normal: T, smoke: T) -> T:
    """`normal`, or `smoke` when DRR_BUDGET=smoke. Raises `ValueError` for any other value of DRR_BUDGET."""
    chosen = os.environ.get("DRR_BUDGET", "normal")
    if chosen not in ("normal", "smoke"):
        raise ValueError(f"DRR_BUDGET must be normal or smoke, got {chosen!r}; unset it for the normal budget")
    return smoke if chosen == "smoke" else normal
