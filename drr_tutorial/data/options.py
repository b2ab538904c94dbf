"""How a file or a table of your own is to be read: which column is what, what its numbers mean, and what becomes of a
pair that stands there twice.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self, get_args

import pandas as pd

from drr_tutorial.data.frames import Frame, as_frame, is_table

Kind = Literal["ratings", "likes", "counts", "thumbs"]
Duplicates = Literal["latest", "mean", "refuse"]
Columns = Mapping[str, str] | Sequence[str]
ROLES = ("user", "item", "rating", "timestamp", "title", "genres")
ITEM_ROLES = ("item", "title", "genres")
SKIPPED = "-"


@dataclass(frozen=True)
class ReadingOptions:
    """Raises `ValueError` for what is none of the values that an option can have."""

    columns: Columns | None = None
    """Role -> name of its column, such as {"user": "uid", "item": "book_id"}; for a text file without a header, the
    roles of its columns from left to right, "-" for one to skip. Roles: user, item, rating, timestamp, title, genres.
    """
    items: str | Path | Frame | None = None
    """A file or a table with titles and genres of the items."""
    item_columns: Columns | None = None
    """The same as `columns` for `items`; roles: item, title, genres."""
    kind: Kind | None = None
    """What the column of ratings holds. ratings: stars, or numbers liked above `liked_above`; likes: each row is a like
    (a click, a view, a purchase), and no such column is needed; counts: how often (plays, clicks), whole numbers, liked
    above `liked_above`, and without such a column the rows of a pair are counted; thumbs: 1 and -1, or 1 and 0. None:
    ratings.
    """
    duplicates: Duplicates | None = None
    """What becomes of a user who rates an item again: the latest rating counts (the last in the file among equal times,
    or without times), the mean of all at the time of the latest, or such data is refused. Of thumbs the mean is a
    like where more go up than down. None: counts are summed, of all else the latest counts.
    """

    def __post_init__(self) -> None:
        _require_one_of("kind", self.kind, (None, *get_args(Kind)))
        _require_one_of("duplicates", self.duplicates, (None, *get_args(Duplicates)))
        _check_columns("columns", self.columns, ROLES)
        _check_columns("item_columns", self.item_columns, ITEM_ROLES)
        if not isinstance(self.items, str | os.PathLike | None):
            if not is_table(self.items):
                raise ValueError(f"items must be a file or a table of pandas, got {type(self.items).__name__}")
            object.__setattr__(self, "items", as_frame(self.items, "items"))
        if self.item_columns is not None and self.items is None:
            raise ValueError("item_columns says how items is read, so it needs items: a file or a table")

    @property
    def merged_by(self) -> Literal["latest", "mean", "refuse", "sum"]:
        """What becomes of several rows of a pair."""
        return self.duplicates or ("sum" if self.kind == "counts" else "latest")

    @property
    def items_file(self) -> str | Path | None:
        """`items` where that is a file."""
        return Path(self.items) if isinstance(self.items, str | os.PathLike) else None

    def refuse_for(self, name: str) -> None:
        """`ValueError` if anything is said about the reading of a data set that is read in one way only."""
        if self != ReadingOptions():
            raise ValueError(
                f"columns, items, item_columns, kind and duplicates are for files and tables of your own; {name} is "
                "read in one way only: leave them out"
            )

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Self:
        """What `to_json` told of. Raises `ValueError` and `TypeError` for anything else."""
        return cls(**told)

    def to_json(self) -> dict[str, Any]:
        """What differs from the defaults, JSON-able. Raises `ValueError` where items are a table in memory."""
        if isinstance(self.items, pd.DataFrame):
            raise ValueError("items must be a file to be kept with a training, got a table")
        place = None if self.items_file is None else os.path.abspath(os.path.expanduser(self.items_file))
        found = {name: _plain(getattr(self, name)) for name in ("columns", "item_columns", "kind", "duplicates")}
        usual = ReadingOptions()
        return {name: value for name, value in {**found, "items": place}.items() if value != getattr(usual, name)}


def _require_one_of(name: str, value: Any, allowed: Sequence[Any]) -> None:
    if value not in allowed:
        words = ", ".join(repr(one) for one in allowed if one is not None)
        raise ValueError(f"{name} must be one of {words}, got {value!r}")


def _check_columns(argument: str, columns: Any, roles: Sequence[str]) -> None:
    if columns is None:
        return
    if not isinstance(columns, Mapping | Sequence) or isinstance(columns, str):
        raise ValueError(
            f"{argument} must be a mapping such as {{'user': 'uid'}}, or a list of roles, got {type(columns).__name__}"
        )
    unknown = [role for role in columns if role not in roles and (isinstance(columns, Mapping) or role != SKIPPED)]
    if unknown:
        raise ValueError(f"{argument} must speak of {', '.join(roles)}, got {unknown[0]!r}")
    if not isinstance(columns, Mapping):
        twice = [role for role in roles if list(columns).count(role) > 1]
        if twice:
            raise ValueError(f"{argument} must give each role to one column, got {twice[0]!r} twice")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    return value if isinstance(value, str) or value is None else list(value)
