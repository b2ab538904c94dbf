"""Lists by the command line: for all users into a file, with candidates, exclusions and a fallback."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from drr_tutorial import cli
from drr_tutorial.config import PRESETS
from drr_tutorial.data.ratings import Ratings
from drr_tutorial.recommenders.baselines import PopularityRecommender


@pytest.fixture(scope="module")
def run(synthetic: Ratings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as a training leaves it, with something quick in it."""
    folder = tmp_path_factory.mktemp("run")
    PopularityRecommender().fit(synthetic).save(folder / "agent")
    (folder / "config.json").write_text(PRESETS["default"].to_json())
    return folder


def test_lists_of_all_users(run: Path, tmp_path: Path, synthetic: Ratings, capsys: pytest.CaptureFixture[str]) -> None:
    for out in (tmp_path / "a.parquet", tmp_path / "a.csv"):
        assert cli.main(["recommend", str(run), "--all", "--out", str(out), "--k", "3", "--quiet"]) == 0
        assert capsys.readouterr().out == f"900 items for 300 users in {out}\n"
    first = pd.read_csv(tmp_path / "a.csv")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "a.parquet"), first, check_dtype=False)
    again = ["--exclude", str(tmp_path / "a.csv"), "--out", str(tmp_path / "b.csv")]
    assert cli.main(["recommend", str(run), "--all", "--k", "3", "--quiet", *again]) == 0
    second = pd.read_csv(tmp_path / "b.csv")
    assert pd.merge(first, second, on=["user_id", "item_id"]).empty and len(second) == 900


@pytest.mark.parametrize("text", ["", "\n\n", "item_id\n"])
def test_a_file_without_ids_excludes_nothing(
    text: str, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As on a day on which nothing is out of stock; but no candidates at all would be an empty shop."""
    out, user = tmp_path / "out.csv", ["recommend", str(run), "--user", "1", "--k", "3"]
    out.write_text(text)
    assert cli.main(user) == 0
    usual = capsys.readouterr().out
    assert cli.main([*user, "--exclude", str(out)]) == 0
    assert capsys.readouterr().out == usual
    assert cli.main([*user, "--candidates", str(out)]) == 1
    assert "candidates must hold items of the training data, got none" in capsys.readouterr().err


def test_ids_one_a_line(run: Path, tmp_path: Path, synthetic: Ratings, capsys: pytest.CaptureFixture[str]) -> None:
    stock = synthetic.item_ids[:40]
    (tmp_path / "stock.txt").write_text("\n".join(map(str, stock)))
    arguments = ["recommend", str(run), "--user", "new", "--fallback", "popular", "--k", "40"]
    assert cli.main([*arguments, "--candidates", str(tmp_path / "stock.txt")]) == 0
    shown = capsys.readouterr().out
    assert shown.count("popular") == 40


@pytest.mark.parametrize("separator", ",;\t|")
def test_a_table_of_pairs_by_any_separator(run: Path, tmp_path: Path, separator: str, synthetic: Ratings) -> None:
    first, again = tmp_path / "first.csv", tmp_path / "again.csv"
    assert cli.main(["recommend", str(run), "--all", "--k", "1", "--quiet", "--out", str(first)]) == 0
    shown = pd.read_csv(first)[["user_id", "item_id"]].head(3)
    shown.rename(columns={"user_id": "userId"}).to_csv(tmp_path / "not.csv", sep=separator, index=False)
    asked = ["--exclude", str(tmp_path / "not.csv"), "--out", str(again)]
    assert cli.main(["recommend", str(run), "--all", "--k", "1", "--quiet", *asked]) == 0
    differs = pd.read_csv(first)["item_id"] != pd.read_csv(again)["item_id"]
    assert np.flatnonzero(differs).tolist() == [0, 1, 2]


def test_a_link_to_the_lists_stays_a_link(run: Path, tmp_path: Path) -> None:
    (tmp_path / "place").mkdir()
    link, place = tmp_path / "lists.csv", tmp_path / "place" / "real.csv"
    place.write_text("old")
    link.symlink_to(place)
    assert cli.main(["recommend", str(run), "--all", "--k", "1", "--quiet", "--out", str(link)]) == 0
    assert link.is_symlink() and len(pd.read_csv(place)) == 300


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--all"], "--all and --out go together, as in: --all --out lists.parquet"),
        (["--user", "1", "--out", "a.csv"], "--all and --out go together"),
        (["--all", "--user", "1"], "give either --user ID or --liked ID ID ..., or --all --out FILE"),
        (["--all", "--out", "lists.xls"], "give a file whose name ends in .csv"),
        (["--user", "1", "--candidates", "nowhere.txt"], "nowhere.txt cannot be read"),
        (["--liked", "1", "--disliked", "1"], "liked_items must be different item ids"),
    ],
)
def test_what_does_not_go_together(
    run: Path, arguments: list[str], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["recommend", str(run), *arguments]) == 1
    assert text in capsys.readouterr().err
