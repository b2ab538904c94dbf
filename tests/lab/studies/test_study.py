"""Studies: rows are kept, taken up after kill -9, computed anew when their code changed; results can be traced; pages refuse old ones."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from joblib import parallel_config

from drr_tutorial.data.load import load_ratings
from drr_tutorial.errors import RowError
from drr_tutorial.lab import digests
from drr_tutorial.lab.pages import WAITING, changed_since, read_result, results_folder
from drr_tutorial.lab.studies import Row, find_studies, run_studies, run_study, runner, unfinished
from drr_tutorial.storage import StorageError, read_json
from tests.lab.studies import toy_study

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "rows"


def test_a_result_can_be_traced_and_holds_no_details(folder: Path, tmp_path: Path) -> None:
    toy = toy_study.study(Row("one", partial(toy_study.number, 1)), Row("more", partial(toy_study.number, 5), True))
    path = run_study(toy, folder, results=tmp_path, progress=False)
    result = read_json(path)
    assert path == tmp_path / "toy.json"
    assert result["summary"] == {"total": 1, "keys": ["one"]}
    assert result["command"] == "drr-tutorial results toy"
    assert result["data"] == {"synthetic": load_ratings("synthetic").fingerprint()}
    assert result["seeds"] == [0, 1]
    assert {"git revision", "versions", "machine", "seconds", "peak memory MB", "code"} <= result.keys()
    assert {"processor", "kernels", "threads of a row"} <= result["machine"].keys()
    (row,) = result["rows"].values()
    assert row["figures"] == {"value": 1, "threads": "1"}
    assert row["seconds"] >= 0 and (row["peak memory MB"] > 10 or sys.platform == "win32")  # which does not tell
    assert read_result("toy", tmp_path) == result


def test_full_adds_rows_and_says_so(folder: Path, tmp_path: Path) -> None:
    toy = toy_study.study(Row("one", partial(toy_study.number, 1)), Row("more", partial(toy_study.number, 5), True))
    result = read_json(run_study(toy, folder, results=tmp_path, full=True, processes=2, progress=False))
    assert result["summary"]["total"] == 6
    assert result["command"] == "drr-tutorial results toy --full"


def test_details_are_left_out_however_deep(folder: Path, tmp_path: Path) -> None:
    toy = toy_study.study(Row("one", partial(toy_study.nested, 1)))
    result = read_json(run_study(toy, folder, results=tmp_path, progress=False))
    assert result["summary"]["total"] == 1
    assert result["rows"]["one"]["figures"] == {"value": 1, "before": {"value": 0}}


def test_studies_may_share_rows(folder: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    small = toy_study.study(Row("one", partial(toy_study.number, 1, log)))
    large = dataclasses.replace(
        toy_study.study(Row("one", partial(toy_study.number, 1, log)), Row("two", partial(toy_study.number, 2, log))),
        name="large",
        shares="toy",
    )
    paths = run_studies([small, large], folder, results=tmp_path, progress=False)
    assert [read_json(path)["summary"]["total"] for path in paths] == [1, 3]
    assert sorted(log.read_text().split()) == ["1", "2"]
    assert unfinished(large, folder) == []


def test_finished_rows_are_taken_up(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "log"
    toy = toy_study.logging_study(log)
    first = read_json(run_study(toy, folder, results=tmp_path, progress=False))
    assert run_study(toy, folder, results=tmp_path, progress=False)
    assert log.read_text().split() == ["1", "2", "slow"]
    (folder / "toy" / "one.json").write_text('{"code key": "half a fi')
    assert unfinished(toy, folder) == ["one"]
    assert read_json(run_study(toy, folder, results=tmp_path, progress=False))["summary"] == first["summary"]
    assert log.read_text().split() == ["1", "2", "slow", "1"]
    monkeypatch.setattr(runner, "code_key", lambda modules: "another")
    assert unfinished(toy, folder) == ["one", "two", "slow"]


def test_a_row_rests_on_what_it_calls(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toy = toy_study.study(Row("own", partial(toy_study.number, 1)), Row("other", partial(toy_study.nested, 2)))
    run_study(toy, folder, results=folder, progress=False)
    assert unfinished(toy, folder) == []
    source = digests._source
    monkeypatch.setattr(digests, "_source", lambda name: source(name).replace("value - 1", "value - 2"))
    assert unfinished(toy, folder) == ["other"]


def started(folder: Path, tmp_path: Path) -> subprocess.Popen[bytes]:
    """A process that computes the study whose last row waits, once it has come to that row."""
    log, pid = tmp_path / "log", tmp_path / "slow-pid"
    (tmp_path / "wait").touch()
    code = (
        "from pathlib import Path; from drr_tutorial.lab.studies import run_study; from tests.lab.studies import toy_study\n"
        f"run_study(toy_study.logging_study(Path({str(log)!r})), Path({str(folder)!r}), results=Path({str(tmp_path)!r}))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.DEVNULL, start_new_session=True
    )
    deadline = time.monotonic() + 60
    while not (pid.exists() and pid.read_text()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return process


def is_running(pid: int) -> bool:
    """Not so if nothing but its entry is left, as where nobody asks how it ended."""
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes as Linux shows them")
def test_rows_end_with_the_command_that_waits_for_them(folder: Path, tmp_path: Path) -> None:
    process = started(folder, tmp_path)
    row = int((tmp_path / "slow-pid").read_text())
    assert is_running(row)
    process.kill()
    process.wait()
    deadline = time.monotonic() + 30
    while is_running(row) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(row), "it would take a minute by itself"


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="Windows knows no process group to kill at once")
def test_killed_and_taken_up(folder: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = started(folder, tmp_path)
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (tmp_path / "toy.json").exists()
    (tmp_path / "wait").unlink()
    toy = toy_study.logging_study(log)
    assert unfinished(toy, folder) == ["slow"]
    assert read_json(run_study(toy, folder, results=tmp_path, progress=False))["summary"]["total"] == 6
    assert log.read_text().split() == ["1", "2", "slow", "slow"]


def test_what_took_longest_last_time_goes_first(folder: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    rows = [
        Row(key, partial(toy_study.number, value, log)) for key, value in (("a", 1), ("b", 2), ("c", 3), ("new", 4))
    ]
    last_time = {"a": 3.0, "b": 1.0, "c": 20.0}
    (tmp_path / "toy.json").write_text(json.dumps({"rows": {key: {"seconds": s} for key, s in last_time.items()}}))
    run_study(toy_study.study(*rows), folder, results=tmp_path, progress=False)
    assert log.read_text().split() == ["4", "3", "1", "2"]


@pytest.mark.parametrize("text", ["", "[]", '{"rows": 3}', '{"rows": {"one": 5}}'])
def test_an_earlier_result_that_tells_nothing_stops_nothing(text: str, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "toy.json").write_text(text)
    assert read_json(run_study(toy_study.study(Row("one", partial(toy_study.number, 1))), folder, results=tmp_path))


def test_a_row_that_fails_stops_no_other(folder: Path, tmp_path: Path) -> None:
    """In a process of its own: where rows print their errors is settled when the first of a process runs."""
    code = (
        "from functools import partial; from pathlib import Path\n"
        "from drr_tutorial.lab.studies import Row, run_studies; from tests.lab.studies import toy_study as toy\n"
        "bad = toy.study(Row('fail', toy.fail), Row('one', partial(toy.number, 1)), name='bad')\n"
        "good = toy.study(Row('one', partial(toy.number, 1)), name='good')\n"
        f"run_studies([bad, good], Path({str(folder)!r}), results=Path({str(tmp_path)!r}), progress=False)"
    )
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert found.returncode != 0 and "ArithmeticError: this row cannot be computed" in found.stderr
    assert "RowError: 1 rows failed, and their errors stand above: bad: fail; the same command goes on" in found.stderr
    assert (tmp_path / "good.json").exists() and not (tmp_path / "bad.json").exists()
    bad = toy_study.study(Row("fail", toy_study.fail), Row("one", partial(toy_study.number, 1)), name="bad")
    assert unfinished(bad, folder) == ["fail"]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows kills in another way")
def test_a_row_that_is_killed_is_named_and_stops_no_other(folder: Path, tmp_path: Path) -> None:
    """As the system does with a process that takes too much memory."""
    toy = toy_study.study(Row("killed", toy_study.killed), Row("one", partial(toy_study.number, 1)))
    with pytest.raises(RowError, match=r"1 rows failed, .*: toy: killed; the same command goes on from there"):
        run_study(toy, folder, results=tmp_path, progress=False)
    assert unfinished(toy, folder) == ["killed"]


@pytest.fixture
def heard() -> Iterator[None]:
    """Ctrl-C is heard, also where a shell has started the tests in the background, deaf to it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heard")
@pytest.mark.parametrize("processes", [1, 2])
def test_an_interruption_starts_no_further_row(processes: int, folder: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    (tmp_path / "pid").write_text(str(os.getpid()))
    rows = [Row("stop", partial(toy_study.interrupted, log))]
    rows += [Row(f"later-{i}", partial(toy_study.number, i, log)) for i in range(8)]
    with pytest.raises(KeyboardInterrupt):
        run_study(toy_study.study(*rows), folder, results=tmp_path, processes=processes, progress=False)
    time.sleep(2)
    assert len(log.read_text().split()) < 5
    assert not (tmp_path / "toy.json").exists()


def test_rows_run_where_joblib_puts_them(folder: Path, tmp_path: Path) -> None:
    toy = toy_study.study(*(Row(f"row-{i}", partial(toy_study.number, i)) for i in range(3)))
    with parallel_config("loky"):
        result = read_json(run_study(toy, folder, results=tmp_path, processes=2, progress=False))
    assert result["summary"]["total"] == 3
    assert {row["figures"]["threads"] for row in result["rows"].values()} == {"1"}


@pytest.mark.parametrize("keys", [("a", "a"), ("a/b",), ("",), ("a b",)])
def test_keys_are_names_of_files(folder: Path, keys: tuple[str, ...]) -> None:
    rows = [Row(key, partial(toy_study.number, 1)) for key in keys]
    with pytest.raises(ValueError, match="keys of study 'toy' must be unique and fit for names of files"):
        run_study(toy_study.study(*rows), folder)


def test_processes_below_one(folder: Path) -> None:
    with pytest.raises(ValueError, match="processes must be at least 1, got 0"):
        run_study(toy_study.study(), folder, processes=0)


def test_pages_refuse_what_is_missing_or_old(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StorageError, match=r"no result file .*toy\.json; make it with: drr-tutorial results toy"):
        read_result("toy", tmp_path)
    toy = toy_study.study(Row("one", partial(toy_study.number, 1)))
    path = run_study(toy, folder, results=tmp_path, progress=False)
    assert changed_since(read_json(path)) == []
    source = digests._source
    monkeypatch.setattr(digests, "_source", lambda name: source(name).replace("sum(row", "min(row"))
    with pytest.raises(StorageError, match=r"changed: total\); make it with: drr-tutorial results toy"):
        read_result("toy", tmp_path)
    (tmp_path / "waiting.json").write_text(json.dumps({"another": "it takes hours"}))
    with pytest.raises(StorageError, match="changed: total"):
        read_result("toy", tmp_path)
    path.write_text(json.dumps({"figures": 1}))
    with pytest.raises(StorageError, match="changed: the form of result files"):
        read_result("toy", tmp_path)


def test_a_study_that_has_to_wait_is_shown_with_what_is_known_to_be_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_study(
        toy_study.study(Row("one", partial(toy_study.number, 1))), tmp_path / "rows", results=tmp_path, progress=False
    )
    (tmp_path / "waiting.json").write_text(json.dumps({"toy": "its hours are not here yet"}))
    read_result("toy", tmp_path)
    assert capsys.readouterr().out == "", "up to date: nothing to say"
    old = read_json(tmp_path / "toy.json")
    old["code"]["digests"] = {}
    (tmp_path / "toy.json").write_text(json.dumps(old))
    assert read_result("toy", tmp_path)["summary"]
    assert (
        capsys.readouterr().out
        == "The numbers of the study 'toy' are older than the code: its hours are not here yet\n"
    )


def test_whoever_waits_is_a_study() -> None:
    assert set(read_json(results_folder() / WAITING)) <= set(find_studies())
