"""Columns of a table, of whatever type they are, as numbers and as seconds since 1970."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drr_tutorial.errors import DataError

_LONGEST = 2.0**53  # seconds; up to here floats tell whole numbers apart


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


def as_seconds(values: Any, what: str = "timestamp", *, first_row: int = 0) -> NDArray[np.int64]:
    """Seconds since 1970 (n,) from numbers, from dates, or from texts such as 2024-03-01T12:30:00, UTC if not said.

    Raises `DataError` with the row for what is missing or none of these.
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
    return seconds.astype(np.int64)


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


def _dates(column: pd.Series, what: str, first_row: int) -> NDArray[np.int64]:
    dates = pd.to_datetime(column, utc=True, errors="coerce", format="ISO8601")
    bad = np.flatnonzero(dates.isna())
    if len(bad):
        raise DataError(
            f"{what} must be a number of seconds since 1970, or a date such as 2024-03-01T12:30:00, got "
            f"{column.iloc[bad[0]]!r} in row {first_row + bad[0]}; correct it"
        )
    return dates.dt.tz_convert(None).to_numpy(dtype="datetime64[s]").astype(np.int64)
