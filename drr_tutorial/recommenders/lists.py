"""Lists for many users at once, in blocks of users, as a table or into a file (CSV, TSV, Parquet).

Whatever the number of users, scores of one block at a time are in memory. An unknown user, and one who likes nothing in
the training data, may get a stated fallback instead of an error or of what is best on average.
"""

import gzip
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypedDict

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array
from tqdm import tqdm

from drr_tutorial.data.ids import as_ids, find
from drr_tutorial.data.ratings import Ratings
from drr_tutorial.recommenders.choice import Choice, as_ids_given, as_length, best, hidden
from drr_tutorial.storage import StorageError, as_path, whole_file

if TYPE_CHECKING:
    from drr_tutorial.recommenders.base import Recommender

CELLS = 1 << 22  # scores in a block of users: 16 MB
POPULAR = "popular"
FORMS = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".parquet")
Fallback = Literal["popular"] | None
Write = Callable[[pd.DataFrame], None]


class Written(NamedTuple):
    """What `write_lists` wrote."""

    path: Path
    users: int
    """Users with a list, empty ones included."""
    rows: int
    """Items in all lists together."""
    short: int
    """Users with fewer than k items: little was left that they have not rated, or that may be recommended."""
    fallback: int
    """Users with the fallback's list."""


class Options(TypedDict, total=False):
    """What may be in a list: the options of `Recommender.recommend` and all that is like it."""

    exclude_seen: bool
    """Leave out whatever the user is known to have rated; default: True."""
    candidates: Any
    """Ids of all that may be recommended, or a table with a column item_id; default: the whole catalogue."""
    exclude: Any
    """Ids of what may not, or a table with a column item_id and, where that is for single users, user_id."""
    fallback: Fallback
    """"popular": what most like for unknown users and those who like nothing yet; default: None, an error."""


@dataclass(frozen=True)
class Wish:
    """Which lists are wanted."""

    k: int
    choice: Choice
    exclude_seen: bool = True
    fallback: Fallback = None

    @classmethod
    def of(cls, ratings: Ratings, k: Any, options: Options) -> "Wish":
        """Checked; see `Choice.of`. Raises `TypeError` for an option that there is not, `ValueError` for another
        fallback than "popular" or None.
        """
        if unknown := set(options) - set(Options.__annotations__):
            known = ", ".join(Options.__annotations__)
            raise TypeError(f"{sorted(unknown)[0]!r} is no option of lists; there are {known}")
        fallback = options.get("fallback")
        if fallback is not None and fallback != POPULAR:
            raise ValueError(f"fallback must be {POPULAR!r} or None, got {fallback!r}")
        exclude_seen = options.get("exclude_seen", True)
        if not isinstance(exclude_seen, bool | np.bool_):
            raise ValueError(f"exclude_seen must be True or False, got {exclude_seen!r}")
        choice = Choice.of(ratings, options.get("candidates"), options.get("exclude"))
        return cls(as_length(k), choice, bool(exclude_seen), fallback)


class Asked(NamedTuple):
    """Users who get lists."""

    ids: NDArray[Any]  # (m,) as they were given
    places: NDArray[np.int64]  # (m,) in the training data, -1 for those whom it does not have

    @classmethod
    def of(cls, ratings: Ratings, users: Any, wish: Wish) -> "Asked":
        """None: all of the training data; who is named twice is asked once. Raises `UnknownIdError` for unknown ones,
        unless there is a fallback, `ValueError` for what is no list.
        """
        if users is None:
            return cls(ratings.user_ids, np.arange(ratings.n_users, dtype=np.int64))
        users = as_ids_given(users, "users", "user")
        if wish.fallback is None:
            index = pd.unique(ratings.user_index(users).astype(np.int64))
            return cls(ratings.user_ids[index], index)
        given = pd.Series(users, dtype=object).to_numpy(copy=True)
        found, known = find(given, ratings.user_ids)
        given[known] = ratings.user_ids[found[known]]
        ids, places = as_ids(given, "user"), np.where(known, found, -1).astype(np.int64)
        once = ~pd.Series(ids).duplicated().to_numpy()
        return cls(ids[once], places[once])


def table_of_lists(
    recommender: "Recommender", users: Any, k: Any, options: Options, *, progress: bool = False
) -> pd.DataFrame:
    """All lists below each other: user_id, rank, item_id, title, score and, with a fallback, source."""
    wish = Wish.of(recommender.ratings, k, options)
    asked = Asked.of(recommender.ratings, users, wish)
    blocks = [block for block, _ in _blocks(recommender, asked, wish, progress)]
    return pd.concat(blocks, ignore_index=True) if len(blocks) > 1 else blocks[0]


def write_lists(
    recommender: "Recommender", place: str | Path, users: Any, k: Any, options: Options, *, progress: bool = True
) -> Written:
    """The same into a file, block after block; what was there before stays until all is written. Raises `TypeError`
    for what is no path, `StorageError`.
    """
    if not isinstance(place, str | os.PathLike):
        raise TypeError(f"path must be the name of a file, got {place!r}; such as 'lists.csv'")
    path = as_path(place)
    form, wish = form_of(path), Wish.of(recommender.ratings, k, options)
    asked = Asked.of(recommender.ratings, users, wish)
    rows, short, fallback = 0, 0, 0
    with whole_file(path.resolve()) as temporary, _writer(temporary, form) as write:  # a link stays a link
        for block, source in _blocks(recommender, asked, wish, progress):
            write(block)
            rows += len(block)
            short += int((source.lengths < wish.k).sum())
            fallback += int(source.is_fallback.sum())
    return Written(path, len(asked.ids), rows, short, fallback)


def form_of(path: Path) -> str:
    """How the file's name ends, of `FORMS`. Raises `StorageError` for another ending and for a folder."""
    found = [form for form in FORMS if path.name.lower().endswith(form)]
    if not found or os.path.isdir(path):  # which, other than Path's, takes any name
        kind = "a folder" if os.path.isdir(path) else f"named {path.name!r}"
        raise StorageError(f"{path} is {kind}; give a file whose name ends in {', '.join(FORMS)}")
    return found[0]


class _Source(NamedTuple):
    lengths: NDArray[np.int64]  # (b,)
    is_fallback: NDArray[np.bool_]  # (b,)


def _blocks(
    recommender: "Recommender", asked: Asked, wish: Wish, progress: bool
) -> Iterator[tuple[pd.DataFrame, _Source]]:
    """Lists of so many users that their scores fit into memory; one block at least, so that there are columns."""
    ratings, n = recommender.ratings, len(asked.ids)
    size = max(1, CELLS // max(1, ratings.n_items))
    likes = np.bincount(ratings.users[ratings.liked], minlength=ratings.n_users) if wish.fallback else None
    with tqdm(total=n, desc="lists", unit="user", disable=not progress) as bar:
        for start in range(0, max(n, 1), size):
            part = Asked(*(array[start : start + size] for array in asked))
            helpless = part.places < 0
            if likes is not None:
                helpless |= (part.places >= 0) & (likes[part.places] == 0)
            yield _block(recommender, part, wish, helpless)
            bar.update(len(part.ids))


def _block(
    recommender: "Recommender", part: Asked, wish: Wish, helpless: NDArray[np.bool_]
) -> tuple[pd.DataFrame, _Source]:
    ratings, known = recommender.ratings, part.places >= 0
    scores = np.empty((len(part.ids), ratings.n_items), dtype=np.float32)
    if not helpless.all():
        scores[~helpless] = recommender._scores_of(part.places[~helpless])
    if helpless.any():
        scores[helpless] = popularity(ratings)
    hidden(scores, wish.choice.barred)
    for pairs in (wish.choice.pairs, *([recommender._seen] if wish.exclude_seen else [])):
        hidden(scores, _rows_of(pairs, part.places, known))
    items = best(scores, wish.k)
    source = _Source((items >= 0).sum(axis=1), helpless)
    return _as_table(ratings, part.ids, items, scores, _names(recommender, source, wish)), source


def popularity(ratings: Ratings) -> NDArray[np.float32]:
    """(n_items,) how many users like each item: the fallback's scores."""
    return np.bincount(ratings.items[ratings.liked], minlength=ratings.n_items).astype(np.float32)


def _names(recommender: "Recommender", source: _Source, wish: Wish) -> NDArray[Any] | None:
    """(b,) who made each list, where that is to be said."""
    return np.where(source.is_fallback, POPULAR, recommender.label) if wish.fallback else None


def _rows_of(pairs: csr_array, index: NDArray[np.int64], known: NDArray[np.bool_]) -> csr_array:
    """Rows (b, n_items) of known users; empty ones for the others."""
    if known.all():
        return pairs[index]
    lengths = np.where(known, np.diff(pairs.indptr)[index], 0)
    rows = pairs[index[known]]
    return csr_array((rows.data, rows.indices, np.append(0, np.cumsum(lengths))), shape=(len(index), pairs.shape[1]))


def _as_table(
    ratings: Ratings,
    ids: NDArray[Any],
    items: NDArray[np.int64],
    scores: NDArray[np.float32],
    names: NDArray[Any] | None,
) -> pd.DataFrame:
    rows, places = np.nonzero(items >= 0)
    chosen = items[rows, places]
    columns = {
        "user_id": ids[rows],
        "rank": places + 1,
        "item_id": ratings.item_ids[chosen],
        "title": ratings.titles.astype(object)[chosen],
        "score": scores[rows, chosen],
    }
    return pd.DataFrame(columns if names is None else {**columns, "source": names[rows].astype(object)})


@contextmanager
def _writer(path: Path, form: str) -> Iterator[Write]:
    """A function that writes the next rows; `path` may have any name."""
    if form == ".parquet":
        with _parquet_writer(path) as write:
            yield write
        return
    opened = gzip.open if form.endswith(".gz") else open
    separator, first = "\t" if form.startswith(".tsv") else ",", [True]
    with opened(path, "wt", encoding="utf-8", newline="") as file:

        def write_text(block: pd.DataFrame) -> None:
            block.to_csv(file, sep=separator, header=first[0], index=False, lineterminator="\n")  # type: ignore[call-overload]
            first[0] = False

        yield write_text


@contextmanager
def _parquet_writer(path: Path) -> Iterator[Write]:
    import pyarrow as pa  # not needed for other files, and slow to import
    from pyarrow import parquet

    opened: list[Any] = []

    def write(block: pd.DataFrame) -> None:
        numbers = {name: block[name].to_numpy() for name in block if block[name].dtype.kind in "iuf"}
        texts = {name: pa.array(block[name].tolist(), pa.string()) for name in block if name not in numbers}
        table = pa.table({name: numbers.get(name, texts.get(name)) for name in block})
        opened.extend([] if opened else [parquet.ParquetWriter(path, table.schema)])
        opened[0].write_table(table)

    try:
        yield write
    finally:
        for writer in opened:
            writer.close()
