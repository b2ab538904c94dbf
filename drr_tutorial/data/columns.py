"""Columns of a table, of whatever type they are, as numbers and as seconds since 1970."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drr_tutorial.errors import DataError

_LONGEST = 2.0**53  # seconds; up to here floats tell whole numbers apart
_UNITS = {"seconds": 1e0, "milliseconds": 1e3, "microseconds": 1e6}
_SINCE, _UNTIL = 315_532_800, 4_102_444_800  # seconds: the years 1980 and 2100, in which logs are written


def as_numbers(values: Any, what: str, *, first_row: int = 0) -> NDArray[np.float64]:
    """Numbers (n,), infinities among them; `what` names them in messages, whose rows count from `first_row`.

    Raises `DataError` with the row for what is missing or no number.
    """
    column = _column(values, what, first_row)
    numbers = _numbers(column)
    bad = np.flatnonzero(np.isnan(numbers))
    if len(bad):
        row = first_row + bad[0]
        raise DataError(f"{what} must be a number, got {column.iloc[bad[0]]!r} in row {row}; correct it")
    return numbers


def as_seconds(values: Any, what: str = "timestamp") -> NDArray[np.int64]:
    """`as_times`, cut to whole seconds (n,)."""
    return np.floor(as_times(values, what)).astype(np.int64)


def as_times(values: Any, what: str = "timestamp", *, first_row: int = 0) -> NDArray[np.float64]:
    """Seconds since 1970 (n,), with their parts to the microsecond, from numbers, from dates, or from texts such as
    2024-03-01T12:30:00.250, UTC if not said.

    Raises `DataError` with the row for what is missing or none of these, and for numbers of which some can only be
    seconds and others milliseconds or microseconds.
    """
    column = _column(values, what, first_row)
    numbers = _numbers(column)
    if len(column) and np.isnan(numbers).all():
        return _dates(column, what, first_row)
    seconds = as_numbers(column, what, first_row=first_row)
    far = np.flatnonzero(~(np.abs(seconds) < _LONGEST))
    if len(far):
        row = first_row + far[0]
        raise DataError(f"{what} must be seconds since 1970, got {seconds[far[0]]} in row {row}; correct it")
    _refuse_two_units(seconds, what, first_row)
    return seconds


def _refuse_two_units(times: NDArray[np.float64], what: str, first_row: int) -> None:
    """Those that count from a start of their own fill what lies between the units, too, and are let pass."""
    if not len(times) or times.max() < 1000 * _SINCE:
        return
    edges = np.array([edge * unit for unit in _UNITS.values() for edge in (_SINCE, _UNTIL)])
    between = np.searchsorted(edges, times, side="right")  # odd: within the years of a unit
    rows = {name: np.flatnonzero(between == 2 * place + 1)[:1] for place, name in enumerate(_UNITS)}
    found = [(name, row[0]) for name, row in rows.items() if len(row)]
    if len(found) < 2 or np.isin(between, (2, 4)).any():
        return
    said = " and ".join(f"{name} (such as {times[row]:.0f} in row {first_row + row})" for name, row in found)
    raise DataError(f"{what} must be in one unit, got {said}; write all of them in seconds since 1970")


def are_numbers(texts: pd.Series) -> NDArray[np.bool_]:
    """Which of them (n,) say a number, or a date."""
    dates = pd.to_datetime(texts, utc=True, errors="coerce", format="ISO8601")
    found: NDArray[np.bool_] = (pd.to_numeric(texts, errors="coerce").notna() | dates.notna()).to_numpy()
    return found


def _column(values: Any, what: str, first_row: int) -> pd.Series:
    """One dimension, nothing missing; categories as what they stand for."""
    try:
        column = pd.Series(values).reset_index(drop=True)
    except (ValueError, TypeError) as error:
        raise DataError(f"{what} must be a column of one value a row ({error}); give a list or an array") from error
    missing = np.flatnonzero(column.isna())
    if len(missing):
        row = first_row + missing[0]
        raise DataError(f"{len(missing)} missing values in {what}, the first in row {row}; fill or drop")
    return column.astype(object) if isinstance(column.dtype, pd.CategoricalDtype) else column


def _numbers(column: pd.Series) -> NDArray[np.float64]:
    """NaN where there is no number."""
    if column.dtype.kind in "mMc":  # pandas makes nanoseconds of dates
        return np.full(len(column), np.nan)
    return pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)


def _dates(column: pd.Series, what: str, first_row: int) -> NDArray[np.float64]:
    dates = pd.to_datetime(column, utc=True, errors="coerce", format="ISO8601")
    bad = np.flatnonzero(dates.isna())
    if len(bad):
        raise DataError(
            f"{what} must be a number of seconds since 1970, or a date such as 2024-03-01T12:30:00, got "
            f"{column.iloc[bad[0]]!r} in row {first_row + bad[0]}; correct it"
        )
    exact = dates.dt.tz_convert(None).to_numpy()
    whole = exact.astype("datetime64[s]")
    rest: NDArray[np.float64] = (exact - whole) / np.timedelta64(1, "s")
    return whole.astype(np.int64) + rest
