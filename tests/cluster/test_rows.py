"""Rows of a study on a cluster are those of one machine, whatever happens to their processes and nodes."""

import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drr_tutorial.cluster import calls
from drr_tutorial.errors import ClusterError, RowError
from drr_tutorial.lab import cli
from drr_tutorial.lab.studies import run_study, unfinished
from drr_tutorial.storage import read_json
from tests.cluster import toy
from tests.cluster.conftest import TwoNodes

Figures = dict[str, Any]


def here(study: Any, folder: Path) -> Figures:
    """The result of the study on this machine, without Ray."""
    return dict(read_json(run_study(study, folder / "rows here", results=folder, progress=False)))


def figures(result: Figures) -> Figures:
    """Without times, memory and machine."""
    return {key: row["figures"] for key, row in result["rows"].items()} | result["summary"]


def test_rows_of_a_cluster_are_those_of_one_process(address: str, tmp_path: Path) -> None:
    study, rows = toy.study(toy.plain(3)), tmp_path / "rows"
    path = run_study(study, rows, results=tmp_path / "results", cluster=address, progress=False)
    found = read_json(path)
    assert figures(found) == figures(here(study, tmp_path))
    assert all(row["processor"] and row["peak memory MB"] > 10 for row in found["rows"].values())
    assert {row["figures"]["threads"] for row in found["rows"].values()} == {"1"}
    before = {place: place.stat().st_mtime_ns for place in rows.rglob("*.json")}
    assert run_study(study, rows, results=tmp_path / "results", cluster="127.0.0.1:1", progress=False), "none is left"
    assert before == {place: place.stat().st_mtime_ns for place in rows.rglob("*.json")}


def test_what_dies_once_is_computed_elsewhere_and_what_fails_stops_no_other(
    address: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    mark, last = tmp_path / "mark", tmp_path / "last"
    last.touch()
    deaths = {"dies": partial(toy.killed_once, 7, mark), "last": partial(toy.killed_while, 8, last)}
    study = toy.study({**deaths, "fails": partial(toy.fails_while, 9, last), **toy.plain(1)})
    with (
        pytest.MonkeyPatch.context() as patch,
        pytest.raises(RowError, match="2 rows failed, .*; the same command goe"),
    ):
        patch.setattr(calls, "TRIES", 2)
        run_study(study, tmp_path / "rows", results=tmp_path / "results", cluster=address, progress=False)
    said = capfd.readouterr().err
    assert mark.exists() and "toy: last: its process died 2 times" in said
    assert "toy: fails: " in said and "ArithmeticError: this row cannot be computed" in said
    assert unfinished(study, tmp_path / "rows") == ["last", "fails"]
    last.unlink()
    found = run_study(study, tmp_path / "rows", results=tmp_path / "results", cluster=address, progress=False)
    assert figures(read_json(found)) == figures(here(study, tmp_path))


def test_a_node_that_goes_in_the_middle(two_nodes: TwoNodes, address: str, tmp_path: Path) -> None:
    """Every processor has a row that waits, so the node that goes has two."""
    starts, gone = tmp_path / "starts", tmp_path / "gone"
    starts.mkdir()
    node = two_nodes.add_node(num_cpus=2)

    def remove() -> None:
        deadline = time.monotonic() + 60
        while not list(starts.glob(f"*-{node.node_id}")) and time.monotonic() < deadline:
            time.sleep(0.05)
        two_nodes.cluster.remove_node(node, allow_graceful=False)
        gone.touch()

    study = toy.study({f"row-{seed}": partial(toy.waits_until, seed, starts, gone) for seed in range(4)})
    watcher = threading.Thread(target=remove)
    watcher.start()
    found = run_study(study, tmp_path / "rows", results=tmp_path, cluster=address, progress=False)
    watcher.join()
    places = [path.name.split("-") for path in starts.iterdir()]
    died = {seed for seed, place in places if place == node.node_id}
    assert died and died <= {seed for seed, place in places if place != node.node_id}
    for seed in range(4):
        assert read_json(found)["rows"][f"row-{seed}"]["figures"] == toy.drawn(seed) | {"threads": "1"}


def write_invented_movielens(folder: Path, first: int) -> None:
    """As many users, items and ratings as there are, all of 3 stars but the first."""
    folder.mkdir(parents=True)
    user, place = np.divmod(np.arange(100_000), 106)
    item = (place + 13 * user) % 1682
    stars = np.where(np.arange(100_000) == 0, first, 3)
    rows = np.stack([user % 943 + 1, item + 1, stars, np.full(100_000, 880_000_000)], axis=1)
    np.savetxt(folder / "u.data", rows, fmt="%d", delimiter="\t")
    films = (f"{number}|A film (1990)|||" + "|0" * 19 for number in range(1, 1683))
    (folder / "u.item").write_text("\n".join(films) + "\n")


def test_a_node_with_other_data(two_nodes: TwoNodes, address: str, tmp_path: Path) -> None:
    for place, rating in (("here", 5), ("there", 1)):
        write_invented_movielens(tmp_path / place / "ml-100k", rating)
    node = two_nodes.add_node(num_cpus=1, env_vars={"DRR_DATA_HOME": str(tmp_path / "there")})
    try:
        with pytest.MonkeyPatch.context() as patch, pytest.raises(ClusterError, match="has other data than this mac"):
            patch.setenv("DRR_DATA_HOME", str(tmp_path / "here"))
            run_study(toy.study(toy.plain(1), ("ml-100k",)), tmp_path, results=tmp_path, cluster=address)
    finally:
        two_nodes.cluster.remove_node(node)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--cluster", "nowhere"], "cluster must be local or HOST:PORT, got 'nowhere'"),
        (["--cluster", "local", "--recheck"], "leave out --cluster local"),
        (["--cluster", "local", "--processes", "0"], "processes must be at least 1, got 0"),
    ],
)
def test_bad_input(arguments: list[str], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["results", "gamma", *arguments]) == 1
    said = capsys.readouterr().err
    assert text in said and "Traceback" not in said
