"""What was read: the ratings, and a table that says how many, on what scale, of what time, and what was left out."""

import dataclasses
import json
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

import numpy as np

from drr_tutorial.data.ids import of_each_kind
from drr_tutorial.data.item_table import ItemTable
from drr_tutorial.data.options import ReadingOptions
from drr_tutorial.data.ratings import Ratings

_KIND = {
    "likes": "each row is a like",
    "counts": "counts above {:g} are likes",
    "thumbs": "thumbs: 1 is a like",
}
_MERGED = {
    "latest": "the same user and item again: the latest counts",
    "mean": "the same user and item again: the mean counts",
    "sum": "the same user and item again: summed",
}
_WIDTH = 80  # characters of a line, as on a page of the book
_LATEST_YEAR = 253_402_300_799  # seconds since 1970: the end of year 9999


@dataclass(frozen=True, eq=False)
class Reading:
    """Ratings and how they were read; as text, a table."""

    ratings: Ratings
    where: str
    """The file, or what else was read."""
    columns: Mapping[str, str]
    """Role -> the column's own name."""
    n_rows: int
    """Rows of the file."""
    meaning: str = ""
    """What its numbers were taken for, where they are no ratings."""
    merged: str = ""
    """What became of rows with the same user and item."""
    items: str = ""
    """The file of items, "" for none."""
    n_unrated: int = 0
    """Items of that file that nobody rated: they are not in the catalogue."""
    unused: Sequence[str] = ()
    """Names of columns that were not read."""
    is_cut: bool = False
    """Whether the times had parts of seconds."""

    @classmethod
    def of(
        cls,
        ratings: Ratings,
        where: str,
        columns: Mapping[str, str],
        n_rows: int,
        options: ReadingOptions,
        liked_above: float | None,
        items: ItemTable | None,
    ) -> Self:
        """A reading by these options."""
        return cls(
            ratings,
            where,
            dict(columns),
            n_rows,
            meaning=_KIND.get(options.kind or "", "").format(liked_above if liked_above is not None else 0),
            merged=_MERGED.get(options.merged_by, "") if n_rows > len(ratings) else "",
            items="" if items is None else items.where,
            n_unrated=0 if items is None else items.n_unrated(ratings.item_ids),
        )

    @property
    def n_dropped(self) -> int:
        """Rows that are no row of the ratings."""
        return self.n_rows - len(self.ratings)

    def about(self) -> str:
        """All but the ratings, as JSON."""
        fields = [field.name for field in dataclasses.fields(self) if field.name != "ratings"]
        return json.dumps({name: getattr(self, name) for name in fields})

    def __str__(self) -> str:
        rows = [(name, text) for name, text in self._rows() if text]
        width = max(len(name) for name, _ in rows)
        return "\n".join([self.where, *(_wrapped(f"  {name:<{width}}  ", text) for name, text in rows)])

    def short(self) -> str:
        """The same in one line."""
        ratings = self.ratings
        said = [
            f"{ratings.name}: {len(ratings):,} ratings of {ratings.n_users:,} users and {ratings.n_items:,} items "
            f"({_percent(_density(ratings))} of all pairs)",
            f"{int(ratings.liked.sum()):,} liked",
            _span(ratings) or "no times",
            f"{self.n_dropped:,} of {self.n_rows:,} rows dropped ({self.merged})" if self.n_dropped else "",
        ]
        return "; ".join(part for part in said if part)

    def _rows(self) -> list[tuple[str, str]]:
        ratings = self.ratings
        return [
            ("columns", ", ".join(f"{role}: {name}" for role, name in self.columns.items())),
            ("unused", ", ".join(self.unused)),
            ("rows", f"{self.n_rows:,}" if self.n_dropped else ""),
            ("dropped", f"{self.n_dropped:,} ({self.merged})" if self.n_dropped else ""),
            ("ratings", f"{len(ratings):,}, {_percent(_density(ratings))} of all pairs of user and item"),
            ("users", _each(ratings.users, ratings.n_users)),
            ("items", _each(ratings.items, ratings.n_items)),
            ("ids", _mixtures(ratings)),
            ("scale", self._scale()),
            ("liked", f"{int(ratings.liked.sum()):,} ({_percent(float(ratings.liked.mean()))})"),
            ("times", self._times()),
            ("titles", self._titles()),
            ("source", self.items),
            ("unrated", f"{self.n_unrated:,} more items of that file, which nobody rated" if self.n_unrated else ""),
        ]

    def _scale(self) -> str:
        if self.meaning:
            return self.meaning
        values, scale = self.ratings.ratings, self.ratings.scale
        return f"from {values.min():g} to {values.max():g}; above {scale.liked_above:g} is liked"

    def _times(self) -> str:
        cut = "; they are kept in whole seconds, among which the order of rows counts" if self.is_cut else ""
        none = "none; leave-last-out and temporal splits need them, the others do without"
        return (_span(self.ratings) or none) + cut

    def _titles(self) -> str:
        ratings = self.ratings
        titled = int(np.count_nonzero(ratings.titles != ratings.item_ids.astype(np.str_)))
        genres = sum(map(bool, ratings.genres))
        if not titled and not genres:
            return "none; items=FILE gives a file with titles and genres (on the command line --items)"
        return f"of {titled:,} items, genres of {genres:,}"


def restored(ratings: Ratings, about: str) -> Reading:
    """The reading of these ratings that `Reading.about` told of."""
    told: dict[str, Any] = json.loads(about)
    return Reading(ratings, **told)


def _wrapped(head: str, text: str) -> str:
    """The text behind its head, in lines of at most `_WIDTH` characters; a word that is longer stays whole."""
    return textwrap.fill(
        text,
        _WIDTH,
        initial_indent=head,
        subsequent_indent=" " * len(head),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _density(ratings: Ratings) -> float:
    return len(ratings) / (ratings.n_users * ratings.n_items)


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _each(places: np.ndarray[Any, Any], count: int) -> str:
    """How many rows each has."""
    rows = np.bincount(places, minlength=count)
    return f"{count:,}, with {rows.min():,} to {rows.max():,} ratings each, half of them up to {int(np.median(rows)):,}"


def _mixtures(ratings: Ratings) -> str:
    """Which ids are texts though some of them could be numbers."""
    found = {"users": of_each_kind(ratings.user_ids), "items": of_each_kind(ratings.item_ids)}
    said = [
        f"those of {what} are texts, of more than one kind, such as {' and '.join(map(repr, kinds))}"
        for what, kinds in found.items()
        if len(kinds) > 1
    ]
    return "; ".join(said)


def _span(ratings: Ratings) -> str:
    if ratings.timestamps is None:
        return ""
    first, last = int(ratings.timestamps.min()), int(ratings.timestamps.max())
    if last > _LATEST_YEAR or first < -_LATEST_YEAR:
        return f"from {first:,} to {last:,}, which is too much for seconds since 1970; only their order counts"
    if first == last:
        return f"all the same, {_day(first)}"
    return f"{_day(first)} to {_day(last)}"


def _day(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, tz=UTC).date().isoformat()
    except (OverflowError, OSError, ValueError):  # before year 1, or a system that knows no times before 1970
        return f"{seconds:,} s"
