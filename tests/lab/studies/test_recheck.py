"""Rechecked: rows are kept where some of them are the same when computed again, and only there."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from drr_tutorial.lab.pages import read_result
from drr_tutorial.lab.studies import Row, RowError, run_study, runner, unfinished
from drr_tutorial.lab.studies.recheck import AGAIN, _difference, _settled, _spread, recheck, recheck_by
from drr_tutorial.storage import read_json, write_json
from tests.lab.studies import toy_study


def test_rows_that_agree_are_kept_with_the_code_of_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log, folder = tmp_path / "log", tmp_path / "rows"
    toy = toy_study.logging_study(log)
    before = read_json(run_study(toy, folder, results=tmp_path, progress=False))
    monkeypatch.setattr(runner, "code_key", lambda modules: "another")
    assert len(unfinished(toy, folder)) == 3
    after = read_json(recheck(toy, folder, results=tmp_path, progress=False))
    assert unfinished(toy, folder) == []
    assert after["summary"] == before["summary"]
    (evidence,) = after["rechecked"]
    assert 1 <= len(evidence["rows computed again"]) <= AGAIN and evidence["git revision"]
    assert len(log.read_text().split()) == 3 + len(evidence["rows computed again"])
    monkeypatch.undo()
    assert read_result("toy", tmp_path) == after


def test_the_result_file_is_enough(tmp_path: Path) -> None:
    toy = toy_study.study(Row("one", partial(toy_study.number, 1)))
    before = read_json(run_study(toy, tmp_path / "rows", results=tmp_path, progress=False))
    after = read_json(recheck(toy, tmp_path / "none", results=tmp_path, progress=False))
    assert after.pop("rechecked")[0]["rows computed again"] == ["one"]
    assert after == before and not (tmp_path / "none").exists()


def test_a_row_that_differs_stops_it_and_changes_nothing(tmp_path: Path) -> None:
    toy = toy_study.study(Row("one", partial(toy_study.number, 1)))
    path = run_study(toy, tmp_path / "rows", results=tmp_path, progress=False)
    stored = read_json(path)
    stored["rows"]["one"]["figures"]["value"] = 1.0000001
    write_json(path, stored)
    before = path.read_bytes(), (tmp_path / "rows" / "toy" / "one.json").read_bytes()
    with pytest.raises(RowError, match="has other figures now: one; compute the study anew"):
        recheck(toy, tmp_path / "rows", results=tmp_path, progress=False)
    assert (path.read_bytes(), (tmp_path / "rows" / "toy" / "one.json").read_bytes()) == before


def test_rows_of_another_result_stay_as_they_are(tmp_path: Path) -> None:
    toy = toy_study.study(Row("one", partial(toy_study.number, 1)))
    run_study(toy, tmp_path / "rows", results=tmp_path, progress=False)
    place = tmp_path / "rows" / "toy" / "one.json"
    write_json(place, read_json(place) | {"code key": "alien"})
    before = place.read_bytes()
    recheck(toy, tmp_path / "rows", results=tmp_path, progress=False)
    assert place.read_bytes() == before


def test_rows_that_the_study_has_no_longer_leave_the_file(tmp_path: Path) -> None:
    two = toy_study.study(*(Row(key, partial(toy_study.number, 1)) for key in ("kept", "gone")))
    run_study(two, tmp_path / "rows", results=tmp_path, progress=False)
    one = toy_study.study(Row("kept", partial(toy_study.number, 1)))
    after = read_json(recheck(one, tmp_path / "rows", results=tmp_path, progress=False))
    assert list(after["rows"]) == ["kept"]


def test_on_another_processor_both_codes_are_computed_there(tmp_path: Path) -> None:
    toy = toy_study.study(*(Row(str(number), partial(toy_study.number, number)) for number in range(3)))
    stored = read_json(run_study(toy, tmp_path / "rows", results=tmp_path, progress=False))
    stored["rows"]["1"]["figures"]["value"] = 1.0000001  # as another processor has it
    write_json(tmp_path / "toy.json", stored)
    with pytest.raises(RowError, match="has no row like '0' of 'toy'; compute it with the code of before"):
        recheck(toy, tmp_path / "none", results=tmp_path, against=tmp_path / "elsewhere", progress=False)
    one = toy_study.study(Row("1", partial(toy_study.number, 1)))
    run_study(one, tmp_path / "old", results=tmp_path / "unread", progress=False)
    after = read_json(recheck(toy, tmp_path / "none", results=tmp_path, against=tmp_path / "old", progress=False))
    (evidence,) = after["rechecked"]
    assert evidence["rows computed again"] == ["1"] and evidence["on"] and evidence["beside the code of"]
    assert after["rows"]["1"]["figures"]["value"] == 1.0000001


def test_from_the_quickest_to_the_middle_one() -> None:
    rows = [Row(str(number), dict) for number in range(9)]
    kept = {row.key: {"seconds": 9 - number} for number, row in enumerate(rows)}
    assert [row.key for row in _spread(rows, kept)] == ["8", "6", "4"]
    assert [row.key for row in _spread(rows[:1], kept)] == ["0"]


def test_times_and_details_do_not_count() -> None:
    figures = {"a": 1, "fit seconds": 3.0, "of": [{"b": 2, "peak memory MB": 7, "detail": [1]}]}
    assert _settled(figures) == {"a": 1, "of": [{"b": 2}]}


def test_studies_that_saw_the_same_change_speak_for_another(tmp_path: Path) -> None:
    long = toy_study.study(Row("one", partial(toy_study.number, 1)))
    short, third = replace(long, name="short"), replace(long, name="third")
    for study in (long, short, third):
        written = read_json(run_study(study, tmp_path / "rows", results=tmp_path, progress=False))
        written["code"]["digests"]["number"] = "as it was" if study is not third else "as nobody had it"
        written["rows"]["one"]["code key"] = "old"
        write_json(tmp_path / f"{study.name}.json", written)
    with pytest.raises(RowError, match="'number' of 'toy' has not changed so in any of short that was rechecked"):
        recheck_by(long, [short], results=tmp_path)
    recheck(short, tmp_path / "none", results=tmp_path, progress=False)
    after = read_json(recheck_by(long, [short], tmp_path / "none", results=tmp_path))
    assert after["rechecked"][0]["by the rows computed again of"] == ["short"]
    assert after["rows"]["one"]["code key"] == runner.key_of(long.rows()[0].compute)
    assert read_result("toy", tmp_path) == after
    with pytest.raises(RowError, match="'number' of 'third' has not changed so"):
        recheck_by(third, [short, long], results=tmp_path)
    with pytest.raises(RowError, match="has not changed so in any of toy"):
        recheck_by(replace(long, name="third"), [long], results=tmp_path)


def test_a_change_is_what_went_and_what_came_whatever_else_has_the_name() -> None:
    alone = _difference(["sums", "a1", "b2"])
    assert alone == _difference(["sums", "c3+a1", "b2+c3"])
    assert alone != _difference(["sums", "a1", "a1+b2"])
    assert alone != _difference(["draws", "a1", "b2"])
    assert _difference(["sums", None, "b2"]) == _difference(["sums", "b2", "b2+b2"])
