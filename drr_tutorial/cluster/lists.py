"""Lists for the users of a Parquet folder, by Ray Data: blocks of users are read, scored and written wherever there is
room, and neither all users nor all lists are ever in one place.

The agent travels once to each node; users and lists do not pass through the machine that asks. So both folders must be
seen by all nodes: on one machine that goes without saying, otherwise they lie on a disk in common.
"""

import errno
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from drr_tutorial.cluster.connect import connect, on_every_node, require_address, require_ray
from drr_tutorial.errors import ClusterError, DataError
from drr_tutorial.recommenders.base import Recommender
from drr_tutorial.recommenders.lists import CELLS, Options, Wish
from drr_tutorial.storage import StorageError, as_path, whole_folder

USER = "user_id"
UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)  # which no reading ends with


class ListsWritten(NamedTuple):
    """What `write_lists_on_cluster` wrote."""

    path: Path
    files: int
    users: int
    """Users that were asked for."""
    rows: int
    """Items in all lists together."""


def write_lists_on_cluster(
    recommender: Recommender,
    place: str | Path,
    users: str | Path | None = None,
    k: int = 10,
    *,
    cluster: str = "local",
    progress: bool = True,
    **options: Any,
) -> ListsWritten:
    """Lists as `Recommender.write_lists` gives them, for the column user_id of a Parquet file or folder (None: for all
    users of the training data), into a new folder of Parquet files in the order of the users; all or nothing.

    `cluster` as for `connect`; `options` are those of `recommend`. A user who stands in two places may get the list
    twice. Raises `DataError` for users that cannot be read or are unknown, `StorageError` for a folder that cannot be
    written, `ClusterError` where a node does not see the folders; and what `recommend` raises for its options.
    """
    require_address(cluster)
    require_ray()
    source = None if users is None else as_path(users).resolve()
    target = as_path(place).resolve()
    wish = Wish.of(recommender.ratings, k, Options(**options))  # type: ignore[typeddict-item]
    asked = None if source is None else _source(source)
    if target.exists():
        raise StorageError(f"{target} is there already; give the name of a new folder")
    with connect(cluster), whole_folder(target) as temporary:
        _require_seen([temporary] if source is None else [source, temporary])
        _write(recommender, None if asked is None else asked.files, temporary, wish.k, options, progress)
        files = sorted(temporary.glob("*.parquet"))
        rows = _rows(files)
    return ListsWritten(target, len(files), recommender.ratings.n_users if asked is None else asked.users, rows)


class Source(NamedTuple):
    """Parquet files of users."""

    files: list[str]
    """Those with rows."""
    users: int
    """Rows."""


def _source(place: Path) -> Source:
    """The files of a Parquet file or folder, each of which must have a column of users. Raises `DataError`."""
    from pyarrow import dataset

    with _read(place):
        found = sorted(dataset.dataset(place, format="parquet").get_fragments(), key=lambda file: file.path)
    rows, kinds = {}, {}
    for file in found:
        with _read(file.path):
            schema, count = file.physical_schema, file.count_rows()
        if USER not in schema.names:
            raise DataError(f"{file.path} has no column {USER} among {schema.names}; name it {USER}")
        if count > 0:
            rows[file.path] = count
            kinds[str(schema.field(USER).type)] = file.path
    if not rows:
        raise DataError(f"{place} has no users; give a Parquet file, or a folder of them, with a column {USER}")
    if len(kinds) > 1:
        said = ", ".join(f"{kind} in {path}" for kind, path in kinds.items())
        raise DataError(f"{place}: column {USER} must be of one type in all files, got {said}")
    return Source(list(rows), sum(rows.values()))


@contextmanager
def _read(place: object) -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{place} cannot be read ({error}); give a Parquet file, or a folder of them") from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Ray Data prints no plan of what it does, and no trace of an error that is raised anyway, for a while."""
    import ray.data  # which sets up its logger

    logger = logging.getLogger(ray.data.__name__)
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(before)


def _rows(files: Sequence[Path]) -> int:
    from pyarrow import parquet

    return sum(parquet.read_metadata(file).num_rows for file in files)


def _require_seen(places: Sequence[Path]) -> None:
    """`ClusterError` where a node has no such file or folder."""
    for node, missing in on_every_node(missing_places, [str(place) for place in places]).items():
        if missing:
            raise ClusterError(f"node {node} does not see {missing[0]}; give a folder on a disk that all nodes have")


def missing_places(places: Sequence[str]) -> list[str]:
    """Those that are not there, on the machine on which this runs."""
    return [place for place in places if not os.path.exists(place)]


class Lists:
    """Keeps an agent in a process of its own, and turns a batch of users into their lists."""

    def __init__(self, recommender: Any, k: int, options: Mapping[str, Any]) -> None:
        self.recommender: Recommender = require_ray().get(recommender)
        self.k, self.options = k, options

    def __call__(self, users: Any) -> Any:
        """Arrow table of users -> Arrow table of lists, as a Parquet file of `write_lists` has them."""
        import pyarrow as pa

        asked = users[USER].to_pylist()
        found = self.recommender.recommend_all(asked, self.k, progress=False, **self.options)
        columns = {
            name: found[name].to_numpy()
            if found[name].dtype.kind in "iuf"
            else pa.array(found[name].tolist(), "string")
            for name in found
        }
        return pa.table(columns)


def _write(
    recommender: Recommender,
    users: list[str] | None,
    target: Path,
    k: int,
    options: Mapping[str, Any],
    progress: bool,
) -> None:
    ray = require_ray()
    from pyarrow import ArrowException
    from ray.data import ActorPoolStrategy, DataContext

    context = DataContext.get_current().copy()
    context.execution_options.preserve_order = True
    context.enable_progress_bars = progress
    context.raise_original_map_exception = True  # not one of Ray's, which hides what the user can mend
    size = max(1, CELLS // max(1, recommender.ratings.n_items))
    cpus = int(ray.cluster_resources().get("CPU", 1))  # one of them reads and writes
    try:
        with DataContext.current(context), _quiet():
            _asked(recommender, users, size).map_batches(
                Lists,
                fn_constructor_args=(ray.put(recommender), k, dict(options)),
                batch_size=size,
                batch_format="pyarrow",
                compute=ActorPoolStrategy(min_size=1, max_size=max(1, cpus - 1)),
                num_cpus=0,  # what is read and written needs the CPUs, too: two are all there are on a small machine
            ).write_parquet(str(target))
    except (ray.exceptions.RayError, ArrowException) as error:
        raise _told(error, users) from error


def _told(error: Exception, users: list[str] | None) -> Exception:
    """An error from the cluster, without what Ray adds to its words: `OSError` where there is no room for lists."""
    cause = getattr(error, "cause", None)
    if isinstance(cause, OSError) and cause.errno in UNWRITABLE:
        return OSError(cause.errno, os.strerror(cause.errno))
    of = "" if users is None else f" for the users of {os.path.commonpath(users)}"
    lines = str(error if cause is None else cause).strip().splitlines()
    return DataError(f"no lists were written{of}: {lines[-1 if cause is None else 0]}")


def _asked(recommender: Recommender, users: list[str] | None, size: int) -> Any:
    """A data set of the users of some files, or of the training data in blocks of this many."""
    import ray.data

    if users is not None:
        return ray.data.read_parquet(users).select_columns([USER])
    import pyarrow as pa

    ids = recommender.ratings.user_ids
    blocks = [ids[start : start + size] for start in range(0, len(ids), size)]
    return ray.data.from_arrow(
        [pa.table({USER: block if block.dtype.kind in "iuf" else pa.array(block.tolist())}) for block in blocks]
    )
