"""A file of one's own on the command line: what was read, and a training that reads it the same way again."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.lab import cli
from drr_tutorial.recommenders.base import Recommender
from drr_tutorial.training.runs import read_config, read_reading
from tests.cli.test_commands import SMALL

OWN = ["--columns", "user=uid", "item=book", "--items", "books.csv", "--item-columns", "item=isbn", "title=name"]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, synthetic: Ratings) -> Path:
    """A log of clicks with a row too many, and a file of books."""
    clicks = synthetic.positives()
    log = pd.DataFrame({"uid": clicks.users, "book": clicks.items, "n": 1})
    pd.concat([log, log[:1]]).to_csv(tmp_path / "shop.csv", index=False)
    names = [f"Book {item}" for item in range(synthetic.n_items)]
    pd.DataFrame({"isbn": np.arange(synthetic.n_items), "name": names}).to_csv(tmp_path / "books.csv", index=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "shop.csv"


def test_what_was_read_is_printed_and_nothing_else(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["data", "shop.csv", *OWN, "--kind", "likes"]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    lines = shown.out.splitlines()
    assert lines[:2] == ["shop.csv", "  columns  user: uid, item: book"]
    assert "  scale    each row is a like" in lines
    assert "  dropped  1 (the same user and item again: the latest counts)" in lines
    assert sorted(path.name for path in shop.parent.iterdir()) == ["books.csv", "shop.csv"]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ([], r"no column for user, item, rating among ['uid', 'book', 'n']"),
        (OWN, "--kind"),
        (["--columns", "user=uid", "item"], "--columns must be role=name for every column, or roles from left to"),
        (["--columns", "user=uid", "user=book"], "--columns must name one column for each role, got 'user' twice"),
        (["--columns", "user=uid", "item=uid"], "columns must give a column of its own to each of user, item,"),
        (["--columns", "usr=uid"], "columns must speak of user, item, rating, timestamp, title, genres, got 'usr'"),
        ([*OWN[:3], "--kind", "counts"], "counts go from 1 to 1, half of them 1 or less; say above which"),
        ([*OWN[:3], "--kind", "likes", "--items", "nowhere.csv"], "items must be a file with titles and genres, got"),
        ([*OWN, "--kind", "likes", "--duplicates", "refuse", "--liked-above", "3"], "liked_above says nothing beside"),
    ],
)
@pytest.mark.parametrize("command", ["data", "train"])
def test_what_will_not_do_is_one_line(
    command: str, arguments: list[str], text: str, shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = ["shop.csv"] if command == "data" else [*SMALL, "--dataset", "shop.csv", "--out", "run"]
    assert cli.main([command, *place, *arguments]) == 1
    shown = capsys.readouterr().err
    assert shown.startswith("drr-tutorial: error: ") and shown.count("\n") == 1
    assert text in shown
    assert not (shop.parent / "run").exists()


def test_a_training_reads_its_file_as_it_was_told(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["train", *SMALL, "--dataset", "shop.csv", *OWN, "--kind", "likes", "--out", "run"]
    assert cli.main(command) == 0
    n_rows = len(pd.read_csv(shop))
    assert f"shop: {n_rows - 1:,} ratings of " in capsys.readouterr().out.splitlines()[0]
    known = Recommender.load("run/agent").ratings
    assert known.titles.tolist() == [f"Book {item}" for item in known.item_ids]
    assert read_config("run").dataset == str(shop)
    assert read_reading("run").to_json() == {
        "columns": {"user": "uid", "item": "book"},
        "items": str(shop.parent / "books.csv"),
        "item_columns": {"item": "isbn", "title": "name"},
        "kind": "likes",
    }
    (shop.parent / "there").mkdir()
    monkeypatch.chdir(shop.parent / "there")
    assert cli.main(["evaluate", "../run", "--protocol", "full", "--baselines"]) == 0
    figure = json.loads(Path("../run/metrics.json").read_text())["reports"]["full"]["methods"][0]["metrics"]["HR@10"]
    assert f"{figure['mean']:.3f}" in capsys.readouterr().out
    assert cli.main(["train", "--resume", "../run", "--quiet", "--baselines"]) == 0
    assert cli.main(["train", "--resume", "../run", "--kind", "likes"]) == 1
    assert "--resume takes all settings from" in capsys.readouterr().err


def test_another_reading_is_another_training(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for kind in ("likes", "counts"):
        limit = ["--liked-above", "0"] if kind == "counts" else []
        command = ["train", *SMALL, "--baselines", "--dataset", "shop.csv", *OWN[:3], "--kind", kind, *limit]
        assert cli.main([*command, "--out", f"run-{kind}"]) == 0
    assert read_reading("run-likes") != read_reading("run-counts")


def test_a_world_has_no_file(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["train", "--env", "drr_tutorial/Planning-v0", "--kind", "likes"]) == 1
    assert "columns, items, kind and duplicates must be left out beside --env" in capsys.readouterr().err


def test_an_altered_reading_is_refused(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["train", *SMALL, "--baselines", "--dataset", "shop.csv", *OWN, "--kind", "likes", "--out", "run"]
    assert cli.main(command) == 0
    about = json.loads(Path("run/config.json").read_text())
    for altered in ({"kind": "nonsense"}, {"sort": 1}, 7):
        Path("run/config.json").write_text(json.dumps(about | {"reading": altered}))
        assert cli.main(["evaluate", "run"]) == 1
        assert "is damaged or was altered" in capsys.readouterr().err
