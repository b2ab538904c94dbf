"""Ids are ids: they come out as they went in, whole numbers or texts, or are refused; none is ever changed.

Whole numbers are int64, or uint64 where they are larger (hashes often are). Everything else is text, without blanks at
its ends. What is missing, empty, a truth value, or a number that is no whole number is no id.
"""

import re
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from drr_tutorial.errors import DataError, UnknownIdError

_WHOLE_NUMBER = re.compile(r"(?:0|-?[1-9][0-9]*)(\.0)?")
LETTER_BYTES, MOST_BYTES = 4, 2**30  # an array of texts gives each the room of the longest
_NUMBERS = (int, float, np.integer, np.floating, Decimal)
_TEXTS = (str, bytes)
_MISSING = (type(None), type(pd.NA), type(pd.NaT))


def as_ids(values: ArrayLike, what: str, *, from_text: bool = False) -> NDArray[Any]:
    """Ids (n,): int64 or uint64 where all are whole numbers, else objects of text; `what` names them in messages.

    With `from_text`, as from a text file, where nothing else is known of them, texts are taken for numbers where all of
    them are whole numbers in one form (1, 20 or 1.0, 20.0); "007" is a text.
    Raises `DataError` with the row for ids that are missing or empty, for numbers that are not whole or too large to be
    exact, and for dates and truth values.
    """
    codes, distinct = _coded(values, what, from_text)
    return distinct[codes]


def as_coded_ids(values: ArrayLike, what: str, *, from_text: bool = False) -> pd.Categorical:
    """The same ids (n,), each kept once: what many rows are held in."""
    codes, distinct = _coded(values, what, from_text)
    places, ids = pd.factorize(distinct)  # " a" and "a" have become one
    return pd.Categorical.from_codes(places[codes].astype(np.int32), categories=pd.Index(ids))


def index_ids(values: ArrayLike, what: str) -> tuple[NDArray[np.int32], NDArray[Any]]:
    """Contiguous indices (n,) and the ascending ids that they stand for."""
    codes, distinct = _coded(values, what)
    places, ids = pd.factorize(distinct, sort=True)
    found = np.asarray(ids)
    ascending = found if found.dtype.kind in "iu" else texts_as_array(found.tolist(), f"{what} id")
    return places.astype(np.int32)[codes], ascending


def _coded(values: ArrayLike, what: str, from_text: bool = False) -> tuple[NDArray[Any], NDArray[Any]]:
    """Of each row (n,) the place of its id among the distinct ids, of which some may be equal. Raises `DataError`."""
    try:
        codes, distinct = _factorized(values, what)
    except TypeError as error:
        raise DataError(f"{what} ids must be integers or strings ({error}); convert that column first") from error
    if len(codes) and codes.min() < 0:
        raise DataError(
            f"{np.count_nonzero(codes < 0)} missing values in {what}, the first in row {np.flatnonzero(codes < 0)[0]}; "
            "fill or drop"
        )
    found = np.asarray(distinct)
    return codes, _whole(found, what) if found.dtype.kind in "iuf" else _words(found, codes, what, from_text)


def _factorized(values: Any, what: str) -> tuple[NDArray[Any], Any]:
    """Codes, -1 for what is missing, and what they stand for."""
    if not isinstance(getattr(values, "dtype", None), pd.CategoricalDtype):
        return pd.factorize(_flat(values, what))
    coded = pd.Categorical(values)
    codes, there = coded.codes, np.zeros(len(coded.categories) + 1, dtype=np.bool_)
    there[codes] = True  # the last is for -1, what is missing
    places = np.append(np.cumsum(there[:-1]) - 1, -1)
    return places[codes], _flat(coded.categories[there[:-1]], what)


def of_each_kind(ids: NDArray[Any]) -> list[str]:
    """Of ids (n,) that are texts, the first of each kind: whole numbers such as 1, such as 2.0, and others. Where there
    are more than one, somebody may have meant numbers.
    """
    firsts: dict[str | None, str] = {}
    for text in ids.tolist() if ids.dtype.kind == "U" else []:
        match = _WHOLE_NUMBER.fullmatch(text)
        firsts.setdefault(None if match is None else match[1] or "", text)
    return list(firsts.values())


def texts_as_array(texts: list[str], what: str) -> NDArray[np.str_]:
    """Texts (n,), each of which takes as much memory as the longest. Raises `DataError` where that is too much."""
    longest = max(range(len(texts)), key=lambda place: len(texts[place]), default=0)
    if texts and LETTER_BYTES * len(texts) * len(texts[longest]) > MOST_BYTES:
        raise DataError(
            f"{what} {texts[longest][:40] + '...'!r} has {len(texts[longest]):,} letters; each of {len(texts):,} takes "
            f"as much memory as the longest, which is more than {MOST_BYTES // 2**20} MB together: shorten it"
        )
    return np.asarray(texts, dtype=np.str_)


def look_up(ids: ArrayLike, catalogue: NDArray[Any], what: str, name: str) -> NDArray[np.int32]:
    """Positions of `ids` in the ascending `catalogue`, compared in the catalogue's type ("42" finds 42).

    Raises `UnknownIdError` with those that are missing from `catalogue`, the `what` ids of the data `name`.
    """
    wanted = _one_by_one(ids)
    positions, found = find(wanted, catalogue)
    if not found.all():
        raise UnknownIdError(_unknown(wanted[~found].tolist(), catalogue, what, name))
    return positions


def find(ids: ArrayLike, catalogue: NDArray[Any]) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Positions (m,) of `ids` in the ascending `catalogue`, and which of them (m,) are there: others say nothing."""
    wanted = _one_by_one(ids)
    if len(catalogue) == 0 or wanted.size == 0:
        return np.zeros(len(wanted), dtype=np.int32), np.zeros(len(wanted), dtype=np.bool_)
    keys, possible = _in_type_of(catalogue, wanted)
    positions = np.minimum(np.searchsorted(catalogue, keys), len(catalogue) - 1)
    return positions.astype(np.int32), possible & (catalogue[positions] == keys)


def _flat(values: ArrayLike, what: str) -> NDArray[Any]:
    """One dimension of numbers, or of objects that can be ids or are missing."""
    column = _array(values)
    if column.ndim != 1 or column.dtype.kind not in "iufUSO":
        raise DataError(
            f"{what} ids must be integers or strings, one a row, got {column.dtype} of shape {column.shape}; "
            "convert that column first"
        )
    if column.dtype.kind in "iuf":
        return column
    column = column.astype(object)
    kinds = set(map(type, column.tolist()))  # before equal ones are put together: True equals 1
    strange = [k for k in kinds if not issubclass(k, (*_NUMBERS, *_TEXTS, *_MISSING)) or issubclass(k, bool | np.bool_)]
    if strange:
        names = ", ".join(sorted(kind.__name__ for kind in strange))
        raise DataError(f"{what} ids must be integers or strings, got {names}; convert that column first")
    return column


def _array(values: Any) -> NDArray[Any]:
    """An array of them; what a list holds stays what it is, large whole numbers and numbers beside words too."""
    if isinstance(values, np.ma.MaskedArray):
        plain: NDArray[Any] = values.data.astype(object)
        plain[np.ma.getmaskarray(values)] = None
        return plain
    return pd.Series(values, dtype=object).to_numpy() if isinstance(values, list | tuple) else np.asarray(values)


def _whole(numbers: NDArray[Any], what: str) -> NDArray[Any]:
    """The same numbers as int64 or, where they are larger, uint64."""
    if numbers.dtype.kind == "f":
        exact = _exact(numbers.dtype)
        bad = numbers[~(np.equal(np.floor(numbers), numbers) & (np.abs(numbers) < exact))]
        if len(bad):
            raise DataError(
                f"{what} ids must be integers or strings, got {numbers.dtype} such as {bad[0]}; floats do only where "
                f"they are whole and below {exact:.0f}: convert that column first"
            )
        return numbers.astype(np.int64)
    large = numbers.dtype.kind == "u" and len(numbers) > 0 and numbers.max() > np.uint64(np.iinfo(np.int64).max)
    return numbers.astype(np.uint64 if large else np.int64)


def _exact(dtype: np.dtype[Any]) -> float:
    """Up to here floats tell whole numbers apart."""
    return 2.0 ** (np.finfo(dtype).nmant + 1)


def _words(distinct: NDArray[Any], codes: NDArray[np.int64], what: str, from_text: bool) -> NDArray[Any]:
    """Distinct objects as whole numbers, where all of them are, else as texts."""
    values = distinct.tolist()
    if values and all(isinstance(value, _NUMBERS) for value in values):
        numbers = [_number(value) for value in values]
        if None in numbers:
            value = values[numbers.index(None)]
            raise DataError(
                f"{what} ids must be integers or strings, got {np.asarray(value).dtype} such as {value}; convert that "
                "column first"
            )
        return _narrow(numbers)
    texts = [_text(value) for value in values]
    _refuse_no_text(texts, values, codes, what)
    matches = [_WHOLE_NUMBER.fullmatch(text) for text in texts if text] if from_text else []
    if matches and all(matches) and len({match[1] for match in matches if match}) == 1:
        return _narrow([_number(text) for text in texts])
    return np.array(texts, dtype=object)


def _refuse_no_text(texts: list[str | None], values: list[Any], codes: NDArray[np.int64], what: str) -> None:
    bad = [place for place, text in enumerate(texts) if not text]
    if bad:
        row = np.flatnonzero(np.isin(codes, bad))[0]
        if texts[codes[row]] == "":
            raise DataError(f"{what} ids must not be empty, that of row {row} is; fill or drop")
        raise DataError(
            f"{what} ids must be text in UTF-8 without the character NUL, got {values[codes[row]]!r} in row {row}; "
            "correct it"
        )


def _text(value: Any) -> str | None:
    """An id as text; "" where it is empty, None for what is no text that can be kept."""
    if value is None or value is pd.NA or isinstance(value, bool | np.bool_) or value != value:
        return None
    try:
        text = (value.decode() if isinstance(value, bytes) else str(value)).strip()
        text.encode()
    except UnicodeError:
        return None
    return None if "\0" in text else text  # numpy would cut it there


def _number(value: Any) -> int | None:
    """The whole number that an id, a number or a text, stands for; None where it is none, or not exactly."""
    if isinstance(value, _TEXTS):
        text = _text(value) or ""
        return int(text.removesuffix(".0")) if _WHOLE_NUMBER.fullmatch(text) else None
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, Decimal):
        return int(value) if value.is_finite() and value == int(value) else None
    if isinstance(value, float | np.floating) and abs(float(value)) < _exact(np.asarray(value).dtype):
        return int(value) if value == int(value) else None
    return None


def _narrow(numbers: list[Any]) -> NDArray[Any]:
    """Python's whole numbers, of any size, as int64, as uint64, or as texts where neither holds them all."""
    for kind in (np.int64, np.uint64):
        limits = np.iinfo(kind)
        if all(limits.min <= number <= limits.max for number in numbers):
            return np.array(numbers, dtype=kind)
    return np.array([str(number) for number in numbers], dtype=object)


def _one_by_one(ids: Any) -> NDArray[Any]:
    """The ids (m,), of which one may stand alone, as they were given."""
    return np.atleast_1d(_array(ids)) if not isinstance(ids, str | bytes) else np.array([ids], dtype=object)


def _in_type_of(catalogue: NDArray[Any], wanted: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """`wanted` in the type of the catalogue, and which of them can be said in it.

    One by one where types differ: arrays would meet in floats, which take neighbours for equals.
    """
    is_text, limits = catalogue.dtype.kind == "U", None if catalogue.dtype.kind == "U" else np.iinfo(catalogue.dtype)
    if limits and wanted.dtype.kind in "iu":
        return wanted.astype(catalogue.dtype), (wanted >= limits.min) & (wanted <= limits.max)
    keys: list[Any] = [_text(value) if is_text else _number(value) for value in wanted.tolist()]
    possible = np.array([key is not None and (limits is None or limits.min <= key <= limits.max) for key in keys])
    kept = [key if can_be else catalogue[0] for key, can_be in zip(keys, possible, strict=True)]
    return np.array(kept, dtype=np.str_ if is_text else catalogue.dtype), possible


def _unknown(missing: list[Any], catalogue: NDArray[Any], what: str, name: str) -> str:
    plain = [value.item() if isinstance(value, np.generic) else value for value in missing[:3]]
    shown = ", ".join(map(repr, plain)) + (", ..." if len(missing) > 3 else "")
    span = f"from {catalogue[0]} to {catalogue[-1]}" if len(catalogue) else "none"
    return (
        f"unknown {what} {shown} in {name}, whose {len(catalogue)} {what} ids are {span}; "
        f"`ratings.{what}_ids` lists them"
    )
