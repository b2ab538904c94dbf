"""Lists from a trained agent, as a command: for one user, for somebody new, for all into a file."""

import gzip
import sys
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


def recommend(
    folder: Folder,
    /,
    user: str = "",  # None would be what the parser takes the text None for
    liked: Ids = (),
    disliked: Ids = (),
    everybody: Everybody = False,
    k: int = 10,
    out: Path | None = None,
    candidates: Path | None = None,
    exclude: Path | None = None,
    exclude_seen: bool = True,
    fallback: Literal["no", "popular"] = "no",
    cluster: str | None = None,
    users: Path | None = None,
    quiet: bool = False,
) -> None:
    """Recommend items to a user of the data, to somebody who likes some items, or to all users into a file.

    Args:
        folder: Folder of a finished training.
        user: The user's id in the data; --user=ID for one that begins with two dashes.
        liked: Item ids that somebody likes, latest last: --liked ID ID.
        disliked: And does not like.
        everybody: Lists of all users, with --out.
        k: How many items; who has rated nearly everything gets what is left.
        out: With --all, the file: .csv, .csv.gz, .tsv, .tsv.gz or .parquet.
        candidates: File with the ids of all that may be recommended: one a line, or a table with a column item_id.
        exclude: File with the ids of what may not; with a column user_id, too, such as a file of lists: not to them.
        exclude_seen: Leave out what the user has rated, or what is liked.
        fallback: popular: who is unknown or likes nothing yet gets what most like, and the column source says so.
        cluster: With --all, on a Ray cluster, for many users: local for this machine alone, HOST:PORT or
            ray://HOST:PORT. Then --out is a new folder of Parquet files, which all nodes must see.
        users: With --cluster, whose lists: a Parquet file, or a folder of them, with a column user_id. Default: all
            users of the data.
        quiet: No bar.
    """
    _refuse_mixtures(user, (*liked, *disliked), everybody, out, on_cluster=cluster is not None)
    if users is not None and cluster is None:
        raise ValueError(
            f"--users {users} goes with --cluster, as in: --all --cluster local --users {users} --out lists"
        )
    shared: Any = {"candidates": read_ids(candidates), "exclude": read_ids(exclude), "exclude_seen": exclude_seen}
    agent, otherwise = _agent_in(folder), None if fallback == "no" else fallback
    if out is not None and cluster is not None:
        found = write_lists_on_cluster(
            agent, out, users, k, cluster=cluster, fallback=otherwise, progress=not quiet, **shared
        )
        print(f"{found.rows:,} items for {found.users:,} users in {found.files} files in {found.path}")
    elif out is not None:
        _print_written(agent.write_lists(out, k=k, fallback=otherwise, progress=not quiet, **shared), k)
    elif user:
        _print_list(agent.recommend(user, k, fallback=otherwise, **shared), k)
    else:
        _print_list(agent.recommend_for(liked, k, disliked_items=disliked, fallback=otherwise, **shared), k)


def _agent_in(folder: Path) -> Recommender:
    read_config(folder)  # which says so where it is the agent of a world
    return Recommender.load(as_path(folder) / AGENT)


def _print_list(found: pd.DataFrame, k: int) -> None:
    if len(found) < k:
        text = f"only {len(found)} items are left to recommend; --no-exclude-seen shows again what was rated"
        print(f"drr-tutorial: {text}", file=sys.stderr)
    print(found.to_string())


def read_ids(path: Path | None) -> list[str] | pd.DataFrame | None:
    """Ids, one a line; or a table of a file that has item_id (and user_id). Raises `DataError`."""
    if path is None:
        return None
    path = as_path(path)
    try:
        if path.name.lower().endswith(".parquet"):
            return pd.read_parquet(path)
        lines = pd.read_csv(path, sep=_separator(path), dtype=str, keep_default_na=False)
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


def _refuse_mixtures(
    user: str, answered: tuple[str, ...], everybody: bool, out: Path | None, *, on_cluster: bool
) -> None:
    if bool(user) + bool(answered) + everybody != 1:
        raise ValueError("give either --user ID or --liked ID ID ..., or --all --out FILE")
    if everybody != (out is not None):
        raise ValueError("--all and --out go together, as in: --all --out lists.parquet")
    if on_cluster and out is None:
        raise ValueError("--cluster is for lists of all users, as in: --all --cluster local --out lists")
    if out is not None and not on_cluster:
        form_of(as_path(out))


def _print_written(written: Written, k: int) -> None:
    few = f"; {written.short:,} users have fewer than {k}, since little is left that they have not rated"
    print(f"{written.rows:,} items for {written.users:,} users in {written.path}{few if written.short else ''}")
