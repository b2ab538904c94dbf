"""Leave-last-out on ML-1M with the lists that He et al. (2017), Neural Collaborative Filtering, published.

Many papers report on these very lists, so figures can be laid side by side. Their rules: every rating is an
interaction, whatever its stars; each user's last one is held out and ranked among 99 items that the authors drew once.
In 156 of the 6,040 lists the positive is among its own negatives: then the two tie, and a tie counts as half a rank.
`splits.ncf_split` and `evaluation.tasks.ncf_task` stand on these files.
"""

import os
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drr_tutorial.data import download
from drr_tutorial.data.ratings import DataError, Ratings

NCF_URL = "https://raw.githubusercontent.com/hexiangnan/neural_collaborative_filtering/master/Data/ml-1m.test.rating"
NCF_SHA256 = "231ae11eb060b643a8c58c063cd17ffc743b54f569afb073d1abb6cf126b88b5"
NCF_NEGATIVES_URL = NCF_URL.replace("rating", "negative")
NCF_NEGATIVES_SHA256 = "127853228a76b7d21c0481e8ef8d00dd009cd5c88670dbdd9e9debfdb9f93de4"
N_NEGATIVES = 99


def find_ncf_test_file(*, home: Path | str | None = None, progress: bool = True) -> Path:
    """The held-out interactions of ML-1M that He et al. (2017), Neural Collaborative Filtering, published.

    From the data home (`ncf/ml-1m.test.rating`), else from the authors' repository; `DataError` when neither
    works.
    """
    return _find_ncf(NCF_URL, NCF_SHA256, home, progress)


def find_ncf_negatives_file(*, home: Path | str | None = None, progress: bool = True) -> Path:
    """The 99 negatives of each held-out interaction, by the same authors: `ncf/ml-1m.test.negative`; `DataError`."""
    return _find_ncf(NCF_NEGATIVES_URL, NCF_NEGATIVES_SHA256, home, progress)


def _find_ncf(url: str, sha256: str, home: Path | str | None, progress: bool) -> Path:
    place = Path("ncf") / url.rpartition("/")[2]
    if os.path.isfile(download.data_home(home) / place):  # Path.is_file raises where a folder may not be entered
        return download.data_home(home) / place
    try:
        return download.retrieve(url, f"sha256:{sha256}", download.cache_folder() / place, progress)
    except (OSError, ValueError) as error:
        raise DataError(
            f"the NCF test file is not at {download.data_home(home) / place} and {url} failed "
            f"({download.short(error)}); download it with a browser and put it there"
        ) from error


def held_out_rows(ratings: Ratings, path: Path) -> NDArray[np.int64]:
    """The rows of ML-1M that the NCF test file holds out, one for each user.

    The file counts users as MovieLens does, but from 0, and items in the order of their first appearance in
    ratings.dat.
    """
    known = download.MOVIELENS["ml-1m"]
    if (len(ratings), ratings.n_users, ratings.n_items) != (known.n_ratings, known.n_users, known.n_items):
        raise DataError(f"the NCF test file fits all {known.n_ratings:,} rows of ml-1m, got {ratings}; do not filter")
    try:
        held_out = pd.read_csv(path, sep="\t", header=None, usecols=[0, 1, 2], dtype=np.int64).to_numpy()
    except (ValueError, OSError) as error:
        raise DataError(f"{path}: not rows of user, item, rating and time ({error}); remove or replace it") from error
    item_at = np.full(ratings.n_users, -1)
    by_appearance = pd.unique(ratings.items)
    if (
        held_out.min(initial=0) >= 0
        and (held_out.max(axis=0, initial=0)[:2] < (ratings.n_users, ratings.n_items)).all()
    ):
        item_at[held_out[:, 0]] = by_appearance[held_out[:, 1]]
    rows = np.flatnonzero(ratings.items == item_at[ratings.users])
    if len(rows) != ratings.n_users or len(held_out) != ratings.n_users:
        raise DataError(
            f"{path}: holds out {len(rows):,} ratings of ml-1m in {len(held_out):,} lines, expected one for "
            f"each of {ratings.n_users:,} users; remove or replace the file"
        )
    return rows


def published_lists(path: Path) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Users (n,), test items (n,) and negatives (n, 99), in the file's numbers: "(user,item)", then 99 items a line."""
    try:
        table = pd.read_csv(path, sep="\t", header=None)
        pairs = table[0].str.strip("()").str.split(",", expand=True).astype(np.int64).to_numpy()
        negatives = table.drop(columns=0).to_numpy(dtype=np.int64)
        if pairs.shape[1] != 2 or negatives.shape[1] != N_NEGATIVES or min(pairs.min(), negatives.min()) < 0:
            raise ValueError(f"{negatives.shape[1]} items beside the first column")
    except (ValueError, KeyError, AttributeError, OSError) as error:
        raise DataError(
            f"{path}: not lines of (user,item) and {N_NEGATIVES} items ({error}); remove or replace it"
        ) from error
    return pairs[:, 0], pairs[:, 1], negatives
