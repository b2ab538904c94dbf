"""The best items without scoring all of them: a nearest-neighbour index of item vectors, by the library faiss.

    index = ItemIndex.of(agent)
    index.recommend([1, 2, 3], k=10)
    index.write("items.faiss")

`kind="hnsw"` searches a graph of neighbours (Malkov & Yashunin 2018): the more items, the more it saves, and now and
then it misses one; "exact" misses none. Needs the extra `index`.
"""

import importlib
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from drr_tutorial.data.ratings import DataError, Ratings
from drr_tutorial.recommenders.base import Recommender
from drr_tutorial.recommenders.choice import as_length
from drr_tutorial.recommenders.lists import CELLS
from drr_tutorial.recommenders.vectors import holder_of_vectors, item_vectors, query_vectors
from drr_tutorial.storage import as_path, whole_file

Floats = NDArray[np.float32]
NEIGHBOURS, BUILD_WIDTH, SEARCH_WIDTH = 32, 200, 128  # of the graph: links, and candidates while it is built, searched


class ItemIndex:
    """An index of a recommender's item vectors by dot product, as they were when it was built."""

    def __init__(self, recommender: Recommender, index: Any) -> None:
        self.recommender, self.index = recommender, index
        self._built_from = holder_of_vectors(recommender)

    @classmethod
    def of(cls, recommender: Recommender, kind: Literal["exact", "hnsw"] = "hnsw") -> Self:
        """Built from a fitted recommender with vectors. Raises `ValueError`, `ImportError` without faiss."""
        if kind not in ("exact", "hnsw"):
            raise ValueError(f"kind must be 'exact' or 'hnsw', got {kind!r}")
        faiss, vectors = _faiss(), np.ascontiguousarray(item_vectors(recommender))
        if kind == "exact":
            index = faiss.IndexFlatIP(vectors.shape[1])
        else:
            index = faiss.IndexHNSWFlat(vectors.shape[1], NEIGHBOURS, faiss.METRIC_INNER_PRODUCT)
            index.hnsw.efConstruction, index.hnsw.efSearch = BUILD_WIDTH, SEARCH_WIDTH
        index.add(vectors)
        return cls(recommender, index)

    def search(self, queries: Floats, k: int) -> tuple[NDArray[np.int64], Floats]:
        """Indices and scores of the k best items for vectors (m, dim): (m, k) each; -1 where none was found."""
        k = min(as_length(k), self.index.ntotal)
        if hasattr(self.index, "hnsw"):
            self.index.hnsw.efSearch = max(SEARCH_WIDTH, 2 * k)
        scores, items = self.index.search(np.ascontiguousarray(queries, dtype=np.float32), k)
        return items, scores

    def recommend(self, users: ArrayLike, k: int = 10, *, exclude_seen: bool = True) -> pd.DataFrame:
        """Lists as `Recommender.recommend_all` makes them, of what the index finds: user_id, rank, item_id, title,
        score. It searches k more than anybody of these users has seen, for some users at a time. Raises `DataError`
        where the recommender has learned anew since.
        """
        ratings, k = self._ratings(), as_length(k)
        indices = ratings.user_index(users)
        most = int(np.diff(self.recommender._seen.indptr)[indices].max(initial=0)) if exclude_seen else 0
        size = max(1, CELLS // min(k + most, ratings.n_items))
        starts = range(0, max(len(indices), 1), size)
        tables = [self._lists(indices[start : start + size], k, exclude_seen) for start in starts]
        return pd.concat(tables, ignore_index=True) if len(tables) > 1 else tables[0]

    def _ratings(self) -> Ratings:
        ratings = self.recommender.ratings
        if holder_of_vectors(self.recommender) is not self._built_from:
            raise DataError(
                "the index holds the vectors of before the latest fit or partial_fit, and its places may be other "
                "items now; build it anew: ItemIndex.of(recommender)"
            )
        return ratings

    def _lists(self, users: NDArray[np.integer[Any]], k: int, exclude_seen: bool) -> pd.DataFrame:
        """Of users by index (m,)."""
        ratings = self.recommender.ratings
        seen = self.recommender._seen[users]
        most = int(np.diff(seen.indptr).max(initial=0)) if exclude_seen else 0
        items, scores = self.search(query_vectors(self.recommender, ratings.user_ids[users]), k + most)
        rows = np.repeat(np.arange(len(users)), np.diff(seen.indptr))
        pairs = rows.astype(np.int64) * ratings.n_items + seen.indices
        fits = items >= 0
        if exclude_seen:
            fits &= ~np.isin(np.arange(len(users))[:, None] * ratings.n_items + items, pairs)
        rank = np.cumsum(fits, axis=1)
        rows, places = np.nonzero(fits & (rank <= k))
        found = items[rows, places]
        columns = {"user_id": ratings.user_ids[users[rows]], "rank": rank[rows, places],
                   "item_id": ratings.item_ids[found], "title": ratings.titles.astype(object)[found],
                   "score": scores[rows, places]}  # fmt: skip
        return pd.DataFrame(columns)

    def write(self, path: str | Path) -> None:
        """The index as faiss keeps it, for other programs; places are those of `ratings.item_ids`. `StorageError`."""
        with whole_file(as_path(path)) as temporary:
            _faiss().write_index(self.index, str(temporary))


def _faiss() -> Any:
    try:
        return importlib.import_module("faiss")
    except ImportError as error:
        raise ImportError(
            "an index needs the library faiss; install it with: pip install 'drr_tutorial[index]'"
        ) from error
