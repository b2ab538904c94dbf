"""Reads text with separators piece by piece, so that memory grows with what is kept of a row, not with its letters.

Separators are commas, semicolons, tabs, "|" or "::", the first of them that the first line has, that of the file's
ending before others. Nothing is guessed of values: ids stay texts until all are known.
"""

import csv
import io
import os
import warnings
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import IO, Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drr_tutorial.data.columns import are_numbers, as_numbers, as_times
from drr_tutorial.data.options import SKIPPED
from drr_tutorial.data.roles import is_known
from drr_tutorial.data.sources import DataFile
from drr_tutorial.errors import DataError

CHUNK = 2**18  # rows
FIRST_ROWS = 100  # tell a header from data
_USUAL = {".csv": ",", ".tsv": "\t", ".inter": "\t", ".item": "\t"}
_SEPARATORS = ("::", "\t", ";", "|", ",")
_DOUBLE, _UNIT = b"::", "\x1f"  # the C parser of pandas knows separators of one letter only
_OPTIONS: dict[str, Any] = {
    "dtype": str,
    "index_col": False,
    "keep_default_na": False,
    "na_values": [""],
}


class Layout(NamedTuple):
    """How a text file is laid out."""

    separator: str
    names: list[str]
    """Of its columns; of a file without a header, what stands in the first row."""
    has_header: bool

    def options(self, encoding: str) -> dict[str, Any]:
        """For `pandas.read_csv`."""
        double = self.separator.encode() == _DOUBLE
        quoting = csv.QUOTE_NONE if double else csv.QUOTE_MINIMAL
        return {**_OPTIONS, "sep": _UNIT if double else self.separator, "quoting": quoting, "encoding": encoding}


def look_at(file: DataFile, *, has_header: bool | None = None, encoding: str = "utf-8-sig") -> Layout:
    """The layout of a text file. `has_header`: None for whether its first row has usual names, or, where the file's
    ending is neither .dat nor .data, in any case.
    """
    with file.open() as (stream, _):
        start = stream.read(2**16)
    line = next(iter(start.decode(encoding, errors="ignore").splitlines()), "")
    usual = _USUAL.get(file.form, "")
    separator = usual if usual and usual in line else next((one for one in _SEPARATORS if one in line), usual or ",")
    layout = Layout(separator, [], True)
    with _text(file, layout) as (stream, _):
        first = pd.read_csv(stream, header=None, nrows=1, **layout.options(encoding)).iloc[0]
    names = ["" if pd.isna(name) else str(name) for name in first]
    if has_header is None:
        has_header = is_known(names) or file.form not in (".dat", ".data")
    return Layout(separator, names, has_header)


def refuse_header(
    file: DataFile, layout: Layout, roles: Sequence[str], argument: str, *, encoding: str = "utf-8-sig"
) -> None:
    """`DataError` where roles are listed for a file that has a header, which would be taken for data: its first row
    holds no number, but has usual names or stands above a column of numbers.
    """
    with _text(file, layout) as (stream, _):
        rows = pd.read_csv(stream, header=None, nrows=FIRST_ROWS, **layout.options(encoding))
    numbers = rows.apply(lambda texts: are_numbers(texts) | texts.isna()).to_numpy()
    above_numbers = len(rows) > 1 and numbers[1:].all(axis=0).any()
    if numbers[0].any() or not (above_numbers or is_known(layout.names, roles)):
        return
    named = [(role, name) for role, name in zip(roles, layout.names, strict=False) if role != SKIPPED]
    option = " ".join(f"{role}={name}" for role, name in named)
    raise DataError(
        f"{file} has a header, {layout.names}, but {argument} lists roles, which is for files without one; say which "
        f"name is which: {argument}={dict(named)} (on the command line --{argument.replace('_', '-')} {option})"
    )


@dataclass
class _Coded:
    """A column of texts, each kept once."""

    codes: list[NDArray[np.int32]] = field(default_factory=list)
    known: dict[str, int] = field(default_factory=dict)

    def add(self, texts: pd.Series) -> None:
        codes, distinct = pd.factorize(texts)
        places = [self.known.setdefault(text, len(self.known)) for text in np.asarray(distinct, dtype=object).tolist()]
        self.codes.append(np.asarray([*places, -1], dtype=np.int32)[codes])  # -1, the last, is what is missing

    def whole(self) -> pd.Categorical:
        texts = pd.Index(np.asarray(list(self.known), dtype=object), dtype=object)
        return pd.Categorical.from_codes(_joined(self.codes, np.int32), categories=texts)  # type: ignore[arg-type]


@dataclass
class _Numbers:
    """A column of numbers, or of times."""

    what: str
    decimal: str = "."
    values: list[NDArray[np.float64]] = field(default_factory=list)
    rows: int = 0

    def add(self, texts: pd.Series) -> None:
        if self.decimal != ".":
            texts = texts.str.replace(self.decimal, ".", regex=False)
        convert = as_times if self.what == "timestamp" else as_numbers
        self.values.append(convert(_plain_numbers(texts), self.what, first_row=self.rows))
        self.rows += len(texts)

    def whole(self) -> NDArray[np.float64]:
        return _joined(self.values, np.float64)


def _plain_numbers(texts: pd.Series) -> Any:
    """Numbers where all are, read a few times as fast as by pandas; else the texts, as they are."""
    import pyarrow as pa  # slow to import

    try:
        numbers = pa.array(texts, type=pa.string(), from_pandas=True).cast(pa.float64()).to_numpy()
    except (pa.ArrowInvalid, ValueError):  # a text, or something that is missing
        return texts
    return texts if np.isnan(numbers).any() else numbers  # "NaN" is no number


def read_columns(
    file: DataFile, layout: Layout, roles: dict[str, int], numbers: Iterable[str], pieces: "Pieces"
) -> dict[str, Any]:
    """Role -> its column: numbers (n,) for those in `numbers`, seconds for timestamp, else categories of texts.

    `roles`: role -> position. Raises `DataError`, and what pandas raises of a damaged file.
    """
    decimal = "," if layout.separator == ";" else "."  # spreadsheets write 3,5 where columns end with semicolons
    kept: dict[str, _Coded | _Numbers] = {
        role: _Numbers(role, decimal if role == "rating" else ".") if role in {*numbers, "timestamp"} else _Coded()
        for role in roles
    }
    with closing(pieces(file, layout)) as chunks:  # the file, too, where a value is refused
        for chunk in chunks:
            for role, position in roles.items():
                kept[role].add(chunk[position])
    return {role: column.whole() for role, column in kept.items()}


@dataclass(frozen=True)
class Pieces:
    """Reads a text file, some rows at a time, with a progress bar where that takes more than a moment."""

    progress: bool = True
    encoding: str = "utf-8-sig"

    def __call__(self, file: DataFile, layout: Layout) -> Generator[pd.DataFrame]:
        """Tables of texts whose columns are called by their positions. Raises `DataError` for stray quotes."""
        from tqdm import tqdm

        size, head = os.path.getsize(file.path), 0 if layout.has_header else None
        bar = tqdm(
            total=size, unit="B", unit_scale=True, desc=file.inner, delay=1, leave=False, disable=not self.progress
        )
        with bar, _text(file, layout) as (stream, disk), warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # rows longer than the header
            options = layout.options(self.encoding) | {"header": head, "names": range(len(layout.names))}
            checked = False
            with pd.read_csv(stream, chunksize=CHUNK, **options) as chunks:
                for chunk in chunks:
                    if not checked and _has_lines_within(chunk):
                        _refuse_stray_quotes(file, layout, self.encoding)
                        checked = True
                    yield chunk
                    bar.update(disk.tell() - bar.n)


def _has_lines_within(texts: pd.DataFrame) -> bool:
    return any(column.str.contains("\n", regex=False).any() for _, column in texts.items())


def _refuse_stray_quotes(file: DataFile, layout: Layout, encoding: str) -> None:
    """A value of several lines may be meant, or rows that were swallowed by a quotation mark within a text."""
    with file.open() as (stream, _), io.TextIOWrapper(stream, encoding=encoding, newline="") as text:
        reader = csv.reader(text, delimiter=layout.separator, strict=True)
        try:
            for _row in reader:
                pass
        except csv.Error as error:
            raise DataError(
                f"{file}: a quotation mark within a text swallows rows up to line {reader.line_num} ({error}); "
                "quote the whole text, and write marks inside it twice"
            ) from error


@contextmanager
def _text(file: DataFile, layout: Layout) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """The file's bytes, with one letter for each double separator."""
    with file.open() as (stream, disk):
        double = layout.separator.encode() == _DOUBLE
        yield (io.BufferedReader(_Single(stream), 2**20) if double else stream), disk


class _Single(io.RawIOBase):
    """Bytes of another stream, in which "::" is one letter."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._left = b""

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer, as `io.RawIOBase` says."""
        if not self._left:
            block = self._stream.read(2**20)
            while block.endswith(b":") and (more := self._stream.read(1)):  # "::" may end in the next block
                block += more
            self._left = block.replace(_DOUBLE, _UNIT.encode())
        count = min(len(buffer), len(self._left))
        buffer[:count] = self._left[:count]
        self._left = self._left[count:]
        return count


def _joined(parts: list[NDArray[Any]], dtype: Any) -> NDArray[Any]:
    return np.concatenate(parts) if parts else np.zeros(0, dtype=dtype)
