"""Lists of a cluster are those of one process, whatever happens to its processes."""

import errno
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from drr_tutorial import cli
from drr_tutorial.cluster import lists as module
from drr_tutorial.cluster.connect import connect
from drr_tutorial.cluster.lists import _require_seen, write_lists_on_cluster
from drr_tutorial.config import PRESETS
from drr_tutorial.data.ratings import Ratings
from drr_tutorial.errors import ClusterError, DataError
from drr_tutorial.recommenders.base import Recommender
from drr_tutorial.recommenders.baselines import IALSRecommender
from drr_tutorial.storage import StorageError, whole_folder
from tests.cluster.conftest import TwoNodes
from tests.cluster.killing import KillOne


@pytest.fixture(scope="module")
def agent(synthetic: Ratings) -> Recommender:
    return IALSRecommender(8, n_iterations=3).fit(synthetic)


@pytest.fixture
def users(synthetic: Ratings, tmp_path: Path) -> Path:
    """Three files of users, in no order and with other columns, and one of nobody, whose ids have no type."""
    shuffled = np.random.default_rng(0).permutation(synthetic.user_ids)
    one, two, three = (pd.DataFrame({"user_id": part}) for part in np.array_split(shuffled, 3))
    frames = [pd.DataFrame({"user_id": []}), one.assign(country="x"), two.assign(age=3), three[["user_id"]]]
    return in_files(tmp_path / "users", *frames)


def in_files(folder: Path, *frames: pd.DataFrame) -> Path:
    folder.mkdir()
    for number, frame in enumerate(frames):
        frame.to_parquet(folder / f"{number}.parquet")
    return folder


def same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """To the last digits of the scores, which depend on how many users are scored at once."""
    pd.testing.assert_frame_equal(found, expected, rtol=1e-5, check_exact=False)


def test_lists_are_those_of_one_process(
    two_nodes: TwoNodes, agent: Recommender, users: Path, tmp_path: Path, synthetic: Ratings
) -> None:
    bought = pd.DataFrame({"user_id": synthetic.user_ids[:50], "item_id": synthetic.item_ids[:50]})
    options: Any = {"exclude": bought, "candidates": synthetic.item_ids[:200], "fallback": "popular"}
    out = tmp_path / "lists"
    with KillOne(two_nodes, "MapWorker") as killer:
        written = write_lists_on_cluster(agent, out, users, 5, cluster=two_nodes.address, progress=False, **options)
    assert killer.killed
    asked = pd.concat([pd.read_parquet(file) for file in sorted(users.iterdir())])["user_id"]
    agent.write_lists(tmp_path / "alone.parquet", asked, 5, progress=False, **options)
    same(pd.read_parquet(out), pd.read_parquet(tmp_path / "alone.parquet"))
    assert written == (out, len(list(out.iterdir())), synthetic.n_users, len(pd.read_parquet(out)))
    assert not list(tmp_path.glob(".*")), "nothing is left beside it"


def test_the_command_for_all_users_of_the_data(
    address: str, agent: Recommender, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    agent.save(tmp_path / "run" / "agent")
    (tmp_path / "run" / "config.json").write_text(PRESETS["default"].to_json())
    out = tmp_path / "lists"
    arguments = ["recommend", str(tmp_path / "run"), "--all", "--out", str(out), "--k", "3", "--quiet"]
    assert cli.main([*arguments, "--cluster", address]) == 0
    assert capsys.readouterr().out == f"900 items for 300 users in {len(list(out.iterdir()))} files in {out}\n"
    same(pd.read_parquet(out), agent.recommend_all(k=3, progress=False))


def test_users_who_are_unknown_and_folders_that_a_node_does_not_see(
    address: str, agent: Recommender, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    pd.DataFrame({"user_id": [10**6]}).to_parquet(tmp_path / "users.parquet")
    out = tmp_path / "lists"
    with pytest.raises(
        DataError, match=r"no lists were written for the users of \S+users.parquet: .*1000000.*lists them$"
    ):
        write_lists_on_cluster(agent, out, tmp_path / "users.parquet", cluster=address, progress=False)
    assert "Traceback" not in capfd.readouterr().err, "it is raised, and not printed as well"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["users.parquet"]
    with connect(address), pytest.raises(ClusterError, match=r"node \S+ does not see .*nowhere; give a folder on a di"):
        _require_seen([tmp_path, tmp_path / "nowhere"])


def test_files_that_only_their_rows_show_to_be_bad(address: str, agent: Recommender, tmp_path: Path) -> None:
    """Pages that are damaged, and columns beside that cannot be merged: one error that says which files were read."""
    number, text = pd.DataFrame({"user_id": [1], "x": [1]}), pd.DataFrame({"user_id": [2], "x": ["one"]})
    mixed = in_files(tmp_path / "mixed", number, text)
    damaged = in_files(tmp_path / "damaged", pd.DataFrame({"user_id": range(1, 21)}), number[["user_id"]])
    file = damaged / "0.parquet"
    data = file.read_bytes()
    file.write_bytes(data[:4] + b"\xff" * 40 + data[44:])
    for users in (mixed, damaged):
        with pytest.raises(DataError, match=f"no lists were written for the users of {users}: "):
            write_lists_on_cluster(agent, tmp_path / "lists", users, cluster=address, progress=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["damaged", "mixed"]


def test_a_disk_that_is_full(tmp_path: Path) -> None:
    """It is said of the folder that was asked for, not in Ray's words, and nothing is left behind."""
    full = OSError(
        errno.ENOSPC, "Error writing bytes to file. Detail: 'Failed to apply UDF transform after 1/1 attempts'"
    )
    failed, lists = DataError("a task failed"), tmp_path / "lists"
    failed.cause = full  # type: ignore[attr-defined]
    said = f"cannot write {lists}: No space left on device; what was there"
    with pytest.raises(StorageError, match=said), whole_folder(lists):
        raise module._told(failed, ["users.parquet"])
    assert not any(tmp_path.iterdir())
    failed.cause = OSError("damaged\nRay's advice")  # type: ignore[attr-defined]
    assert str(module._told(failed, None)) == "no lists were written: damaged"


def test_bad_input_is_refused_before_a_cluster_is_asked(agent: Recommender, users: Path, tmp_path: Path) -> None:
    pytest.importorskip("ray")

    def fails(error: type[Exception], text: str, **changes: Any) -> None:
        asked = {"place": tmp_path / "lists", "users": users, "cluster": "127.0.0.1:1", "progress": False}
        with pytest.raises(error, match=text):
            write_lists_on_cluster(agent, **(asked | changes))

    pd.DataFrame({"user": [1]}).to_parquet(tmp_path / "named.parquet")
    pd.DataFrame({"user_id": pd.Series([], dtype=int)}).to_parquet(tmp_path / "empty.parquet")
    (tmp_path / "text.parquet").write_text("user_id\n1\n")
    fails(ValueError, "cluster must be local or HOST:PORT", cluster="nowhere")
    fails(ClusterError, "no cluster answers at 127.0.0.1:1")
    fails(DataError, r"has no column user_id among \['user'\]; name it user_id", users=tmp_path / "named.parquet")
    fails(DataError, "has no users; give a Parquet file", users=tmp_path / "empty.parquet")
    fails(DataError, "cannot be read .*; give a Parquet file, or a folder", users=tmp_path / "text.parquet")
    fails(DataError, "cannot be read .*; give a Parquet file, or a folder", users=tmp_path / "nowhere")
    named, text = pd.DataFrame({"user_id": [1]}), pd.DataFrame({"user_id": ["one"]})
    unnamed = in_files(tmp_path / "unnamed", named, pd.DataFrame({"who": [2]}))
    fails(DataError, r"unnamed\S+1.parquet has no column user_id among \['who'\]", users=unnamed)
    kinds = in_files(tmp_path / "kinds", named, text)
    fails(DataError, r"must be of one type in all files, got int64 in \S+0.parquet, .*string in \S+1.pa", users=kinds)
    (kinds / "1.parquet").write_bytes(b"")
    fails(DataError, r"1.parquet cannot be read", users=kinds)
    fails(StorageError, "is there already; give the name of a new folder", place=users)
    fails(ValueError, "k must be", k=0)
    fails(TypeError, "'colour' is no option of lists", colour="red")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--user", "1", "--cluster", "local"], "--cluster is for lists of all users"),
        (["--all", "--out", "a.csv", "--users", "u.parquet"], "--users u.parquet goes with --cluster"),
        (["--all", "--out", "lists", "--cluster", "nowhere"], "cluster must be local or HOST:PORT"),
    ],
)
def test_what_does_not_go_together(
    agent: Recommender, arguments: list[str], text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    agent.save(tmp_path / "agent")
    (tmp_path / "config.json").write_text(PRESETS["default"].to_json())
    assert cli.main(["recommend", str(tmp_path), *arguments]) == 1
    assert text in capsys.readouterr().err
