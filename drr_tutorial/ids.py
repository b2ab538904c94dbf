"""Ids are ids: they come out as they went in, whole numbers or texts, or are refused; none is ever changed.

Whole numbers are int64, or uint64 where they are larger (hashes often are). Everything else is text, without blanks at
its ends. What is missing, empty, or a number that is no whole number is no id.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from drr_tutorial.errors import DataError, UnknownIdError

_WHOLE_NUMBER = r"-?(?:0|[1-9]\d*)(?:\.0)?"
_EXACT = 2.0**53  # floats tell whole numbers apart up to here


def as_ids(values: ArrayLike, what: str, *, from_text: bool = False) -> NDArray[Any]:
    """Ids (n,): int64 or uint64 where all are whole numbers, else objects of text; `what` names them in messages.

    With `from_text`, as from a file, texts that are whole numbers throughout are taken for numbers; "007" is a text.
    Raises `DataError` with the row for ids that are missing or empty, for numbers that are not whole, and for dates and
    truth values.
    """
    codes, distinct = pd.factorize(_flat(values, what))
    if len(codes) and codes.min() < 0:
        raise DataError(
            f"{np.count_nonzero(codes < 0)} missing values in {what}, the first in row {np.flatnonzero(codes < 0)[0]}; "
            "fill or drop"
        )
    found = np.asarray(distinct)
    cleaned = _whole(found, what) if found.dtype.kind in "iuf" else _words(found, codes, what, from_text)
    return cleaned[codes]


def index_ids(values: ArrayLike, what: str) -> tuple[NDArray[np.int32], NDArray[Any]]:
    """Contiguous indices (n,) and the ascending ids that they stand for."""
    codes, ids = pd.factorize(as_ids(values, what), sort=True)
    found = np.asarray(ids)
    return codes.astype(np.int32), found if found.dtype.kind in "iu" else np.asarray(found, dtype=np.str_)


def look_up(ids: ArrayLike, catalogue: NDArray[Any], what: str, name: str) -> NDArray[np.int32]:
    """Positions of `ids` in the ascending `catalogue`, compared in the catalogue's type ("42" finds 42).

    Raises `UnknownIdError` with those that are missing from `catalogue`, the `what` ids of the data `name`.
    """
    wanted = np.atleast_1d(_array(ids))
    if wanted.size == 0:
        return np.zeros(0, dtype=np.int32)
    comparable = wanted if wanted.dtype == catalogue.dtype else _in_type_of(catalogue, wanted)
    if comparable is None or len(catalogue) == 0:
        strange = [value for value in _single(ids) if not _is_in(catalogue, value)]
        raise UnknownIdError(_unknown(strange, catalogue, what, name))
    positions = np.minimum(np.searchsorted(catalogue, comparable), len(catalogue) - 1)
    missing = catalogue[positions] != comparable
    if missing.any():
        raise UnknownIdError(_unknown(wanted[missing].tolist(), catalogue, what, name))
    return positions.astype(np.int32)


def _array(values: ArrayLike) -> NDArray[Any]:
    """An array of them, in which large whole numbers have not become floats."""
    array = np.asarray(values)
    if array.dtype.kind == "f" and isinstance(values, list | tuple) and all(isinstance(v, int) for v in values):
        return np.asarray(values, dtype=object)
    return array


def _flat(values: ArrayLike, what: str) -> NDArray[Any]:
    """One dimension, of a kind that can be ids."""
    column = _array(values)
    if column.dtype.kind == "S":
        column = column.astype(np.str_)
    if column.ndim != 1 or column.dtype.kind not in "iufUO":
        raise DataError(
            f"{what} ids must be integers or strings, one a row, got {column.dtype} of shape {column.shape}; "
            "convert that column first"
        )
    return column.astype(object) if column.dtype.kind == "U" else column


def _whole(numbers: NDArray[Any], what: str) -> NDArray[Any]:
    """The same numbers as int64 or, where they are larger, uint64."""
    if numbers.dtype.kind == "f":
        if not (np.equal(np.floor(numbers), numbers) & (np.abs(numbers) < _EXACT)).all():
            raise DataError(f"{what} ids must be integers or strings, got {numbers.dtype}; convert that column first")
        return numbers.astype(np.int64)
    large = numbers.dtype.kind == "u" and len(numbers) > 0 and numbers.max() > np.uint64(np.iinfo(np.int64).max)
    return numbers.astype(np.uint64 if large else np.int64)


def _words(distinct: NDArray[Any], codes: NDArray[np.int64], what: str, from_text: bool) -> NDArray[Any]:
    """Distinct objects as whole numbers, where all of them are, else as texts."""
    kinds = {type(value) for value in distinct.tolist()}
    if kinds and all(issubclass(kind, int | np.integer) and kind is not bool for kind in kinds):
        return _narrow([int(value) for value in distinct])
    if not all(issubclass(kind, str | int | float | np.number | bytes) and kind is not bool for kind in kinds):
        names = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise DataError(f"{what} ids must be integers or strings, got {names}; convert that column first")
    texts = pd.Series([_text(value) for value in distinct.tolist()], dtype=object).str.strip()
    empty = np.flatnonzero(texts == "")
    if len(empty):
        row = np.flatnonzero(np.isin(codes, empty))[0]
        raise DataError(f"{what} ids must not be empty, that of row {row} is; fill or drop")
    if from_text and len(texts) and texts.str.fullmatch(_WHOLE_NUMBER).all():
        return _narrow([int(text) for text in texts.str.removesuffix(".0")])
    return texts.to_numpy(dtype=object)


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _narrow(numbers: list[int]) -> NDArray[Any]:
    """Python's whole numbers, of any size, as int64, as uint64, or as texts where neither holds them all."""
    for kind in (np.int64, np.uint64):
        limits = np.iinfo(kind)
        if all(limits.min <= number <= limits.max for number in numbers):
            return np.array(numbers, dtype=kind)
    return np.array([str(number) for number in numbers], dtype=object)


def _in_type_of(catalogue: NDArray[Any], wanted: NDArray[Any]) -> NDArray[Any] | None:
    """`wanted` in the type of the catalogue; None where one of them can't be, and so is not there.

    Number by number where types differ: arrays would meet in floats, which take neighbours for equals.
    """
    if catalogue.dtype.kind == "U":
        return np.char.strip(wanted.astype(np.str_))
    try:
        if wanted.dtype.kind == "b":
            return None
        exact = [int(value) for value in wanted.tolist()]
        if wanted.dtype.kind not in "UO" and any(a != b for a, b in zip(exact, wanted.tolist(), strict=True)):
            return None
        return np.array(exact, dtype=catalogue.dtype)
    except (TypeError, ValueError, OverflowError):
        return None


def _single(ids: ArrayLike) -> list[Any]:
    """The ids one by one, as given: beside a word, numpy has made words of the numbers too."""
    return list(ids) if isinstance(ids, list | tuple) else np.atleast_1d(np.asarray(ids)).tolist()


def _is_in(catalogue: NDArray[Any], value: Any) -> bool:
    comparable = _in_type_of(catalogue, np.atleast_1d(np.asarray(value)))
    return comparable is not None and bool(np.isin(comparable, catalogue).all())


def _unknown(missing: list[Any], catalogue: NDArray[Any], what: str, name: str) -> str:
    shown = ", ".join(repr(value) for value in missing[:3]) + (", ..." if len(missing) > 3 else "")
    span = f"from {catalogue[0]} to {catalogue[-1]}" if len(catalogue) else "none"
    return (
        f"unknown {what} {shown} in {name}, whose {len(catalogue)} {what} ids are {span}; "
        f"`ratings.{what}_ids` lists them"
    )
