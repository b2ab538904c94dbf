"""What the numbers of a log mean: likes, counts and thumbs as liked or not, and one row for each pair.

DRR learns from likes and dislikes, so whatever is no rating becomes one of two: the highest of five stars, or the
lowest.
"""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drr_tutorial.data.columns import as_numbers
from drr_tutorial.data.options import ReadingOptions
from drr_tutorial.data.scale import FEWEST_STARS, LIKED_ABOVE, MOST_STARS
from drr_tutorial.errors import DataError

LIKED, NOT_LIKED = MOST_STARS, 1.0
_THUMBS = {"1": 1, "1.0": 1, "true": 1, "0": 0, "0.0": 0, "false": 0, "-1": -1, "-1.0": -1}
_SAY = (
    "kind='likes' where each row is a like (a click, a view, a purchase), kind='counts' where they say how often, "
    "kind='thumbs' where they are 1 and -1, or 1 and 0 (on the command line --kind)"
)


class Interactions(NamedTuple):
    """Rows of a log, at most one for each pair."""

    rows: NDArray[np.int64] | None
    """Those that stay, ascending; None for all."""
    ratings: NDArray[np.float64]
    """Of each row that stays."""
    weights: NDArray[np.float64] | None = None
    """What each row that stays weighs, where it is a count: 1 for once, growing with the logarithm."""


def interactions(
    users: NDArray[np.int32],
    items: NDArray[np.int32],
    values: Any,
    times: NDArray[np.float64] | None,
    options: ReadingOptions,
    liked_above: float | None,
    *,
    may_lack_likes: bool = False,
) -> Interactions:
    """Ratings of the rows (n,) of a log, whose users and items are places; `values`: its column of ratings, or None.

    Raises `DataError` for values that are not of the kind, for a `liked_above` that does not go with it and, unless
    they `may_lack_likes`, where nothing is liked.
    """
    values = _numbers(values, options.kind, len(users))
    _check_liked_above(values, options.kind, liked_above)
    pairs = users.astype(np.int64) * (int(items.max(initial=0)) + 1) + items
    how = options.merged_by
    rows, kept = (None, values) if how == "refuse" else _once_a_pair(pairs, values, times, how)
    if options.kind in (None, "ratings"):
        if liked_above is None and not may_lack_likes:
            _refuse_no_likes(kept)
        return Interactions(rows, kept)
    limit = 0.0 if options.kind != "counts" or liked_above is None else liked_above
    liked = kept > limit
    if len(kept) and not liked.any() and not may_lack_likes:
        raise DataError(
            f"no {options.kind[:-1]} of a pair is above {limit:g}, the highest is {kept.max():g}, so nothing is liked; "
            "give a lower liked_above, or other data"
        )
    weights = 1 + np.log(np.maximum(kept, 1)) if options.kind == "counts" else None
    return Interactions(rows, np.where(liked, LIKED, NOT_LIKED), weights)


def _numbers(values: Any, kind: str | None, n_rows: int) -> NDArray[np.float64]:
    """A number for each row; of thumbs 1 or -1."""
    if kind == "likes" or values is None:  # a row is a like, or counts as one
        return np.ones(n_rows)
    if kind == "thumbs":
        return _thumbs(values)
    numbers = as_numbers(values, "rating")
    bad = np.flatnonzero(~np.isfinite(numbers))
    if len(bad):
        raise DataError(f"a rating must be a finite number, got {numbers[bad[0]]} in row {bad[0]}; correct or drop")
    if kind == "counts":
        _refuse_no_counts(numbers)
    return numbers


def _refuse_no_counts(numbers: NDArray[np.float64]) -> None:
    bad = np.flatnonzero((numbers < 0) | (numbers != np.floor(numbers)))
    if len(bad):
        raise DataError(
            f"a count must be a whole number, 0 or more, got {numbers[bad[0]]:g} in row {bad[0]}; where a dot marks "
            "thousands, write 1234 for 1.234; amounts, such as hours, are read without kind, by liked_above alone"
        )


def _thumbs(values: Any) -> NDArray[np.float64]:
    codes, distinct = pd.factorize(pd.Series(values).astype(object))
    rule = "a thumb must be 1 or -1, or 1 or 0 (true or false)"
    if len(codes) and codes.min() < 0:
        raise DataError(f"{rule}, got nothing in row {int(np.argmin(codes))}; fill or drop")
    known = [_THUMBS.get(str(value).strip().lower()) for value in distinct]
    if None in known:
        place = known.index(None)
        raise DataError(f"{rule}, got {distinct[place]!r} in row {int(np.argmax(codes == place))}; correct it")
    if {0, -1} <= set(known):
        raise DataError(f"{rule}, got 0 and -1: nobody can know whether 0 is a dislike or nothing; drop one of them")
    return np.where(np.asarray(known) == 1, 1.0, -1.0)[codes]


def _check_liked_above(values: NDArray[np.float64], kind: str | None, liked_above: float | None) -> None:
    if not len(values):
        return
    if kind in ("likes", "thumbs") and liked_above is not None:
        raise DataError(f"liked_above says nothing beside kind={kind!r}, got {liked_above:g}; leave it out")
    lowest, highest = values.min(), values.max()
    if kind == "counts" and liked_above is None:
        raise DataError(
            f"counts go from {lowest:g} to {highest:g}, half of them {np.median(values):g} or less; say above which "
            "count something is liked: liked_above=0 for whatever occurs (on the command line --liked-above)"
        )


def _refuse_no_likes(kept: NDArray[np.float64]) -> None:
    """Of stars, of which nothing else was said."""
    if not len(kept):
        return
    lowest, highest = kept.min(), kept.max()
    if lowest >= FEWEST_STARS and highest <= LIKED_ABOVE:
        raise DataError(
            f"ratings go from {lowest:g} to {highest:g}, so none is above 3 of 5 stars, and nothing is liked; say "
            "above which rating something is liked (liked_above, on the command line --liked-above), or what they "
            f"are: {_SAY}"
        )


def what_they_could_be(values: NDArray[np.float64], options: ReadingOptions, liked_above: float | None) -> str:
    """For numbers that are no stars, and of which nothing was said: what there is to say; else ""."""
    are_stars = not len(values) or (values.min() >= FEWEST_STARS and values.max() <= MOST_STARS)
    return "" if are_stars or options.kind is not None or liked_above is not None else f". Or what they are: {_SAY}"


def _once_a_pair(
    pairs: NDArray[np.int64], values: NDArray[np.float64], times: NDArray[np.float64] | None, how: str
) -> tuple[NDArray[np.int64] | None, NDArray[np.float64]]:
    """Of the rows of a pair the latest, the last among equal times; `how`: its value is its own, their mean or sum."""
    repeated = pd.Series(pairs).duplicated(keep=False).to_numpy()
    if not repeated.any():
        return None, values
    again = np.flatnonzero(repeated)
    order = again[np.lexsort((pairs[again],) if times is None else (times[again], pairs[again]))]
    is_first = np.append(True, pairs[order][1:] != pairs[order][:-1])
    latest = order[np.append(is_first[1:], True)]
    if how != "latest":
        starts = np.flatnonzero(is_first)
        sums = np.add.reduceat(values[order], starts)
        values = values.copy()
        values[latest] = sums if how == "sum" else sums / np.diff(np.append(starts, len(order)))
    stays = ~repeated
    stays[latest] = True
    rows = np.flatnonzero(stays)
    return rows, values[rows]
