"""The numbers of README and "Results at a glance" are those of the result files, and the README is short."""

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
GLANCE = (ROOT / "book" / "at_a_glance.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def figures() -> Any:
    spec = importlib.util.spec_from_file_location("readme_figures", ROOT / "book" / "_ext" / "readme_figures.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_figure_is_that_of_the_result_files(figures: Any) -> None:
    for page in (README, GLANCE):
        assert figures.refreshed(page) == page, "out of date: python book/_ext/readme_figures.py"


def test_the_picture_is_of_the_sessions_of_the_result_file(figures: Any) -> None:
    assert figures.of_sessions() in figures.PICTURE.read_text(encoding="utf-8"), "python book/_ext/readme_figures.py"


def test_every_place_that_is_made_is_shown(figures: Any) -> None:
    assert {found[2] for found in figures.MARKED.finditer(README + GLANCE)} == set(figures.PLACES)


def test_a_changed_figure_is_seen(figures: Any) -> None:
    changed = re.sub(r"(\| DRR \| 0\.)\d", r"\g<1>1", GLANCE, count=1)  # no figure of ours begins like this
    assert changed != GLANCE
    assert figures.refreshed(changed) == GLANCE


def test_every_method_stands_with_those_that_may_know_the_same(figures: Any) -> None:
    rows = [
        line.split("|")[1:-1]
        for line in GLANCE.split("<!-- figures: unseen -->")[1].split("<!-- end -->")[0].splitlines()
        if "/" in line
    ]
    cells = [[cell.strip() for cell in row] for row in rows]
    known = {information: {row[1] for row in cells if row[0] == information} for information in figures.LEARNS_FROM}
    likes, dislikes = known["likes"], known["likes and 80 % of the dislikes"]
    ours = {"DRR", "DRR before training"}
    assert likes - {"random"} - ours == {bar for bar in dislikes if not bar.startswith(("DRR", "the same vectors"))}
    assert ours <= likes and {"iALS", "popularity", "SLIM", "Mult-VAE"} < dislikes
    assert {row for row in dislikes if row.startswith("the same vectors")} == {
        f"the same vectors, {name}, no RL" for name in figures.WITHOUT_RL
    }


def test_no_measured_figure_is_typed_outside() -> None:
    outside = re.sub(r"<!-- figures: .*?<!-- end -->|```.*?```", "", README + GLANCE, flags=re.DOTALL)
    assert not re.findall(r"\b0\.\d{2,}", outside)


def test_a_visitor_reads_two_screens() -> None:
    assert len(README.splitlines()) <= 100
    assert len(README) <= 6500


def test_what_beats_us_stands_on_the_first_page(figures: Any) -> None:
    assert "**behind** by" in figures.verdicts()


def test_what_nobody_measured_is_said(figures: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = {data: dict(figures.tables(data)) for data in figures.DATA}
    del tables["ml-1m"]["unseen"]
    monkeypatch.setattr(figures, "tables", tables.__getitem__)
    assert ("MovieLens 1M", "unseen") in figures.missing()
    assert "`unseen` (MovieLens 1M)" in figures.verdicts().split("not measured by ")[1]
    assert "| MovieLens 1M | `unseen` | DRR-ave | | not measured | | |" in figures.standing()


def test_fewer_seeds_are_named(figures: Any) -> None:
    few = {
        name.partition(",")[0]
        for names in figures.LEARNS_FROM.values()
        for name in names
        for data in figures.DATA
        if 1 < len(figures.tables(data)["unseen"]["methods"][name]["HR@10"]["seeds"]) < 5
    }
    assert "Mult-VAE" in few
    assert {part.partition(" on ")[0] for part in re.findall(r"3 for ([^,)]+)", figures.seeds())} == few


def test_tables_that_are_older_than_the_code_are_named_until_they_are_made_anew(
    figures: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "older", lambda: {"fair-table": "ties counted as misses"})
    assert "`fair-table` wait" in figures.waiting() and "`fair-table`: ties counted as misses" in figures.reasons()
    monkeypatch.setattr(figures, "older", dict)
    assert (figures.waiting(), figures.reasons()) == ("", "")


def test_a_table_is_older_when_its_code_has_changed(figures: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    names = set(figures.read_json(figures.RESULTS / "waiting.json"))
    missing = {name for name in names if not (figures.RESULTS / f"{name}.json").is_file()}
    for changed, expected in (["metrics"], names), ([], missing):
        figures.older.cache_clear()
        monkeypatch.setattr(figures, "changed_since", lambda result, changed=changed: changed)
        assert set(figures.older()) == expected
    figures.older.cache_clear()
