"""Lists from a trained agent, as a command: for one user, for somebody new, for all into a file."""

import gzip
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
import tyro

from drr_tutorial.cli.console import Folder
from drr_tutorial.cluster.lists import write_lists_on_cluster
from drr_tutorial.errors import DataError
from drr_tutorial.recommenders.base import Recommender
from drr_tutorial.recommenders.lists import Written, form_of
from drr_tutorial.storage import as_path
from drr_tutorial.training.runs import AGENT, read_config

Ids = tyro.conf.UseAppendAction[tuple[str, ...]]
Everybody = Annotated[bool, tyro.conf.arg(name="all"), tyro.conf.FlagCreatePairsOff]


@dataclass(frozen=True)
class ManyOptions:
    """Of lists of many users."""

    everybody: Everybody = False
    """Lists of all users, with --out."""
    out: Path | None = None
    """With --all, the file: .csv, .csv.gz, .tsv, .tsv.gz or .parquet; with --cluster, a new folder."""
    cluster: str | None = None
    """With --all, on a Ray cluster: local for this machine alone, HOST:PORT for a cluster that it belongs to, all of
    whose nodes see --out.
    """
    users: Path | None = None
    """With --cluster, whose lists: a Parquet file, or a folder of them, with a column user_id. Default: all users of
    the data.
    """

    def refuse_mixtures(self, *, one: bool) -> None:
        """`ValueError` for options that do not go together; `one`: a list for one person was asked for, too."""
        if one + self.everybody != 1:
            raise ValueError("give either --user ID or --liked ID ID ..., or --all --out FILE")
        if self.cluster is not None and self.out is None:
            raise ValueError("--cluster is for lists of all users, as in: --all --cluster local --out lists")
        if self.users is not None and self.cluster is None:
            raise ValueError(f"--users {self.users} goes with --cluster, as in: --all --cluster local --out lists")
        if self.everybody != (self.out is not None):
            raise ValueError("--all and --out go together, as in: --all --out lists.parquet")
        if self.out is not None and self.cluster is None:
            form_of(as_path(self.out))


def recommend(
    folder: Folder,
    /,
    user: str = "",  # None would be what the parser takes the text None for
    liked: Ids = (),
    disliked: Ids = (),
    many: Annotated[ManyOptions, tyro.conf.arg(name="")] = ManyOptions(),
    k: int = 10,
    candidates: Path | None = None,
    exclude: Path | None = None,
    exclude_seen: bool = True,
    fallback: Literal["no", "popular"] = "no",
    quiet: bool = False,
) -> None:
    """Recommend items to a user of the data, to somebody who likes some items, or to all users into a file.

    Args:
        folder: Folder of a finished training.
        user: The user's id in the data; --user=ID for one that begins with two dashes.
        liked: Item ids that somebody likes, latest last: --liked ID ID.
        disliked: And does not like.
        many: Of lists of many users.
        k: How many items; who has rated nearly everything gets what is left.
        candidates: File with the ids of all that may be recommended: one a line, or a table with a column item_id.
        exclude: File with the ids of what may not; with a column user_id, too, such as a file of lists: not to them.
        exclude_seen: Leave out what the user has rated, or what is liked.
        fallback: popular: who is unknown or likes nothing yet gets what most like, and the column source says so.
        quiet: No bar.
    """
    many.refuse_mixtures(one=_asks_for_one(user, (*liked, *disliked)))
    shared: Any = {"candidates": read_ids(candidates), "exclude": read_ids(exclude), "exclude_seen": exclude_seen}
    shared["fallback"] = None if fallback == "no" else fallback
    agent = _agent_in(folder)
    if many.out is not None:
        _write_many(agent, many, k, shared, progress=not quiet)
    elif user:
        _print_list(agent.recommend(user, k, **shared), k)
    else:
        _print_list(agent.recommend_for(liked, k, disliked_items=disliked, **shared), k)


def _write_many(agent: Recommender, many: ManyOptions, k: int, options: Any, *, progress: bool) -> None:
    """Write lists, and say how many there are."""
    assert many.out is not None
    if many.cluster is None:
        _print_written(agent.write_lists(many.out, k=k, progress=progress, **options), k)
        return
    found = write_lists_on_cluster(agent, many.out, many.users, k, cluster=many.cluster, progress=progress, **options)
    print(f"{found.rows:,} items for {found.users:,} users in {found.files} files in {found.path}")


def _asks_for_one(user: str, answered: tuple[str, ...]) -> bool:
    """`ValueError` where both a user of the data and somebody new are described."""
    if user and answered:
        raise ValueError("give either --user ID or --liked ID ID ..., or --all --out FILE")
    return bool(user) or bool(answered)


def _agent_in(folder: Path) -> Recommender:
    read_config(folder)  # which says so where it is the agent of a world
    return Recommender.load(as_path(folder) / AGENT)


def _print_list(found: pd.DataFrame, k: int) -> None:
    if len(found) < k:
        text = f"only {len(found)} items are left to recommend; --no-exclude-seen shows again what was rated"
        print(f"drr-tutorial: {text}", file=sys.stderr)
    print(found.to_string())


def read_ids(path: Path | None) -> list[str] | pd.DataFrame | None:
    """Ids, one a line; or a table of a file that has item_id (and user_id). An empty file has none. `DataError`."""
    if path is None:
        return None
    path = as_path(path)
    try:
        if path.name.lower().endswith(".parquet"):
            return pd.read_parquet(path)
        lines = pd.read_csv(path, sep=_separator(path), dtype=str, keep_default_na=False)
    except pd.errors.EmptyDataError:  # nothing is out of stock today
        return []
    except (OSError, ValueError, UnicodeError) as error:
        raise DataError(f"{path} cannot be read ({' '.join(str(error).split())}); give ids, one a line") from error
    if {"item_id", "item"} & set(lines.columns):
        return lines
    if len(lines.columns) > 1:
        raise DataError(f"{path} has no column item_id among {list(lines.columns)}; name it item_id")
    return [str(lines.columns[0]), *lines.iloc[:, 0].tolist()]


def _separator(path: Path) -> str:
    """What separates the names of the first line most often; a comma where there is one name."""
    opened = gzip.open if path.name.lower().endswith(".gz") else open
    with opened(path, "rt", encoding="utf-8-sig") as file:
        first = file.readline()
    return max(",;\t|", key=first.count)


def _print_written(written: Written, k: int) -> None:
    few = f"; {written.short:,} users have fewer than {k}, since little is left that they have not rated"
    print(f"{written.rows:,} items for {written.users:,} users in {written.path}{few if written.short else ''}")
