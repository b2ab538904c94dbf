"""Times of a log: their order to the microsecond, their unit, and what is kept of them."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from drr_tutorial.data.columns import as_seconds, as_times
from drr_tutorial.data.load import load_ratings, read_ratings
from drr_tutorial.data.ratings import DataError

DAY = 1_700_000_000


def log(times: Any) -> pd.DataFrame:
    """A user rates an item anew in the first three rows: 1, 5, 2."""
    return pd.DataFrame({"user": [1, 1, 1, 2], "item": [1, 1, 1, 2], "rating": [1, 5, 2, 4], "timestamp": times})


@pytest.mark.parametrize(
    "times",
    [
        [DAY + 0.25, DAY + 0.75, DAY + 0.5, DAY],
        [DAY + 1e-6, DAY + 3e-6, DAY + 2e-6, DAY],
        [1000 * DAY + 1, 1000 * DAY + 3, 1000 * DAY + 2, 1000 * DAY],
        ["2024-03-01T12:30:00.1", "2024-03-01T12:30:00.3", "2024-03-01T12:30:00.25", "2024-03-01"],
        pd.to_datetime([1, 3, 2, 0], unit="us"),
    ],
    ids=["parts", "microseconds", "milliseconds", "texts", "dates"],
)
@pytest.mark.parametrize("form", ["table", "csv", "parquet"])
@pytest.mark.filterwarnings("ignore:.*rows are dropped")
def test_parts_of_a_second_decide_what_is_the_latest(times: Any, form: str, tmp_path: Path) -> None:
    source: Any = log(times)
    if form == "csv":
        source = tmp_path / "log.csv"
        log(times).to_csv(source, index=False)
    elif form == "parquet":
        source = tmp_path / "log.parquet"
        log(times).to_parquet(source)
    assert load_ratings(source).ratings.tolist() == [5, 4]


def test_what_is_kept_are_whole_seconds_and_that_is_said() -> None:
    found = read_ratings(log([0.25, 0.75, 0.5, -0.5]))
    assert found.ratings.timestamps is not None
    assert found.ratings.timestamps.tolist() == [0, -1]
    assert "kept in whole seconds, among which the order of rows counts" in " ".join(str(found).split())
    assert "whole seconds" not in str(read_ratings(log([1, 3, 2, 0])))


@given(st.lists(st.floats(-1e10, 1e10), min_size=1))
def test_seconds_are_the_floor_of_times(values: list[float]) -> None:
    times = as_times(values)
    np.testing.assert_array_equal(times, values)
    assert as_seconds(values).tolist() == [int(np.floor(value)) for value in values]


@pytest.mark.parametrize(
    ("times", "units"),
    [
        ([DAY, 1000 * DAY, DAY + 1], r"seconds \(such as 1700000000 in row 0\) and milliseconds .*row 1"),
        ([1000 * DAY, DAY], "seconds .*row 1.* and milliseconds .*row 0"),
        ([10**6 * DAY, 0, DAY], "seconds .*row 2.* and microseconds .*row 0"),
        ([1000 * DAY, 10**6 * DAY], "milliseconds .* and microseconds"),
    ],
)
def test_two_units_in_one_column_are_refused(times: list[int], units: str) -> None:
    with pytest.raises(DataError, match=f"timestamp must be in one unit, got {units}"):
        as_times(times)


@pytest.mark.parametrize(
    "times",
    [
        [0, DAY],  # 1970 for what is not known
        [1000 * DAY, 0],
        [1000 * DAY, 1001 * DAY],
        np.geomspace(1, 1e12, 40).astype(np.int64).tolist(),  # a counter of its own
        ["1970-01-01", "2200-01-01"],
        [],
    ],
    ids=str,
)
def test_one_unit_is_let_pass(times: list[Any]) -> None:
    assert len(as_times(times)) == len(times)


def test_two_units_are_found_across_pieces_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from drr_tutorial.data import delimited

    monkeypatch.setattr(delimited, "CHUNK", 2)
    log([DAY, DAY + 1, 1000 * DAY, DAY]).to_csv(tmp_path / "log.csv", index=False)
    with pytest.raises(DataError, match=r"log.csv: timestamp must be in one unit, .*1700000000000 in row 2"):
        load_ratings(tmp_path / "log.csv")
