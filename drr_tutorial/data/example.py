"""A log as a shop might export it, invented, to try the reading of your own data with: other names of columns,
semicolons, dates, some pairs twice, and a file of items beside it.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from drr_tutorial.data.synthetic import synthetic_ratings
from drr_tutorial.storage import as_path, whole_file

AGAIN = 0.01  # share of rows that are rated again, a day later and a star higher
DAY = 86_400
FIRST_CUSTOMER = 70_001


class Example(NamedTuple):
    """Paths of the two files."""

    log: Path
    """customer;article;stars;date, one row a rating."""
    items: Path
    """article;name;department, one row an item; some were never rated."""


def write_example(folder: str | Path, *, seed: int = 0) -> Example:
    """Write `log.csv` and `articles.csv` into a folder, which is made where there is none; the same files for a seed.

    Raises `StorageError` where they cannot be written.
    """
    place, ratings, rng = as_path(folder), synthetic_ratings(seed=seed), np.random.default_rng(seed)
    again = rng.random(len(ratings)) < AGAIN
    rows = np.concatenate([np.arange(len(ratings)), np.flatnonzero(again)])
    assert ratings.timestamps is not None  # invented ratings have times
    later = np.arange(len(rows)) >= len(ratings)
    seconds = ratings.timestamps[rows] + DAY * later
    log = pd.DataFrame(
        {
            "customer": FIRST_CUSTOMER + ratings.users[rows],
            "article": _names(ratings.items[rows]),
            "stars": np.minimum(ratings.ratings[rows].astype(np.int64) + later, 5),
            "date": pd.to_datetime(seconds, unit="s").strftime("%Y-%m-%d %H:%M"),
        }
    ).sort_values("date", kind="stable")
    items = pd.DataFrame(
        {
            "article": _names(np.arange(ratings.n_items + 5)),  # five that nobody has rated
            "name": [*ratings.titles.tolist(), *(f"New article {number}" for number in range(1, 6))],
            "department": ["|".join(genres) for genres in ratings.genres] + [""] * 5,
        }
    )
    found = Example(place / "log.csv", place / "articles.csv")
    for path, table in zip(found, (log, items), strict=True):
        with whole_file(path) as temporary:
            table.to_csv(temporary, sep=";", index=False)
    return found


def _names(items: np.ndarray[tuple[int], np.dtype[np.signedinteger]]) -> list[str]:
    return [f"A{item:04d}" for item in items.tolist()]
