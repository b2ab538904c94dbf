"""How a file of your own is read, as options; and what was read, as a command."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from drr_tutorial.data.load import read_ratings
from drr_tutorial.data.options import Columns, Duplicates, Kind, ReadingOptions

REPEATED = ("--columns", "--item-columns")


@dataclass(frozen=True)
class DataOptions:
    """Of the reading of a file of your own."""

    columns: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """Which column is what: --columns user=uid item=book_id; for a file without a header from left to right:
    --columns user item rating timestamp, with - for one to skip.
    """
    items: Path | None = None
    """A file with titles and genres of the items. Default: movies.csv beside ratings.csv, if it is there."""
    item_columns: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """Which of its columns is what: --item-columns item=isbn title=name."""
    kind: Kind | None = None
    """What the rows are. ratings: stars, or numbers that are liked above --liked-above; likes: clicks, views or
    purchases, no column of ratings is needed; counts: how often, liked above --liked-above; thumbs: 1 and -1, or 1 and
    0. Default: ratings.
    """
    duplicates: Duplicates | None = None
    """Which rating of a user who rates an item again counts: the latest, the mean, or none: refuse such a file.
    Default: the latest; counts are summed.
    """

    def refuse_beside(self, world: object | None) -> None:
        """`ValueError` for any of them beside a world."""
        if world is not None and self != DataOptions():
            raise ValueError("columns, items, kind and duplicates must be left out beside --env: a world has no file")

    def settings(self) -> ReadingOptions:
        """The same for `read_ratings`. Raises `ValueError`."""
        columns, of_items = _columns("--columns", self.columns), _columns("--item-columns", self.item_columns)
        return ReadingOptions(columns, self.items, of_items, self.kind, self.duplicates)


def data(
    source: Annotated[str, tyro.conf.Positional] = "ml-100k",
    /,
    options: Annotated[DataOptions, tyro.conf.arg(name="")] = DataOptions(),
    liked_above: float | None = None,
    quiet: bool = False,
) -> None:
    """Read a file of ratings and print what is in it: how many, on what scale, of what time, what was left out.

    Args:
        source: A file, a folder in MovieLens' layout, or the name of a data set.
        options: Of the reading.
        liked_above: A rating above this counts as liked. Default: above 3 of 5 stars.
        quiet: No progress bar.
    """
    print(read_ratings(source, options.settings(), liked_above=liked_above, progress=not quiet))


def _columns(option: str, given: Sequence[str]) -> Columns | None:
    """`role=name` pairs as a mapping; roles alone as they stand."""
    if not given:
        return None
    named = [one.partition("=") for one in given]
    if not any(equals for _, equals, _ in named):
        return list(given)
    bare = [role for role, equals, name in named if not equals or not name]
    if bare:
        raise ValueError(f"{option} must be role=name for every column, or roles from left to right, got {bare[0]!r}")
    roles = [role for role, _, _ in named]
    twice = [role for role in roles if roles.count(role) > 1]
    if twice:
        raise ValueError(f"{option} must name one column for each role, got {twice[0]!r} twice; leave one out")
    return {role: name for role, _, name in named}
