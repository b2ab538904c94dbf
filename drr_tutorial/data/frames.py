"""Tables in memory: of pandas, and what can be made one: of polars, DuckDB, pyarrow, Hugging Face's `datasets`."""

from typing import Any, Protocol

import pandas as pd


class SpeaksArrow(Protocol):
    """A table of polars, DuckDB, pyarrow, ...: by Arrow's C stream interface."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...


class GivesPandas(Protocol):
    """A table of Hugging Face's `datasets`, ..."""

    def to_pandas(self) -> Any:
        """The same as a table of pandas."""


Frame = pd.DataFrame | SpeaksArrow | GivesPandas


def is_table(source: Any) -> bool:
    """Whether `as_frame` takes it. A single column, which can be made a column of pandas, is none."""
    if isinstance(source, pd.DataFrame):
        return True
    speaks = hasattr(source, "__arrow_c_stream__") or hasattr(source, "to_pandas")
    return speaks and not is_column(source)


def is_column(source: Any) -> bool:
    """Whether it is a single column: of pandas or polars, which have a name and a type, or of pyarrow."""
    of_one = hasattr(source, "dtype") or hasattr(source, "type")
    return of_one and not (hasattr(source, "columns") or hasattr(source, "schema"))


def as_frame(source: Any, argument: str = "source") -> pd.DataFrame:
    """A table in memory as one of pandas. `TypeError` for one whose `to_pandas` makes no table."""
    if isinstance(source, pd.DataFrame):
        return source
    if not hasattr(source, "__arrow_c_stream__"):
        found = source.to_pandas()
        if not isinstance(found, pd.DataFrame):
            raise TypeError(f"{argument}.to_pandas() must give a table of pandas, got {type(found).__name__}")
        return found
    import pyarrow as pa  # slow to import

    frame: pd.DataFrame = pa.RecordBatchReader.from_stream(source).read_all().to_pandas()
    return frame
