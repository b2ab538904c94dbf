"""Files of ratings as they lie on a disk: plain, gzipped, inside a zip archive, in a folder beside a file of items."""

import gzip
import os
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from drr_tutorial.errors import DataError

TEXT_FORMS = (".csv", ".tsv", ".txt", ".dat", ".data", ".inter", ".item")
FORMS = (*TEXT_FORMS, ".parquet")
LAYOUTS = (("ratings.csv", "movies.csv"), ("ratings.dat", "movies.dat"))  # MovieLens from 20M on, and 1M and 10M
_KNOWN = "give a file whose name ends in .csv, .tsv, .csv.gz, .tsv.gz, .parquet, .zip, .txt, .dat or .inter"
BROKEN = (EOFError, zlib.error, zipfile.BadZipFile, gzip.BadGzipFile, NotImplementedError)


@dataclass(frozen=True)
class DataFile:
    """A file with a table, alone or inside a zip archive."""

    path: Path
    member: str = ""
    """Its name inside the archive `path`; "" where `path` is no archive."""

    @property
    def inner(self) -> str:
        """The table's own name, without folders and without .gz: ratings.csv."""
        name = PurePosixPath(self.member).name if self.member else self.path.name
        return name[:-3] if name.lower().endswith(".gz") else name

    @property
    def name(self) -> str:
        """What data of this file is called: mine for mine.csv.gz."""
        return PurePosixPath(self.inner).stem

    @property
    def form(self) -> str:
        """The ending that says how to read it, such as ".csv"."""
        return PurePosixPath(self.inner).suffix.lower()

    def __str__(self) -> str:
        return f"{self.path}/{self.member}" if self.member else str(self.path)

    @contextmanager
    def open(self) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
        """Its bytes, unpacked, and the file on the disk, whose position tells how much has been read.

        Raises `DataError` for an archive that is damaged, cut off or locked.
        """
        try:
            with self.path.open("rb") as disk, self._unpacked(disk) as stream:
                yield stream, disk
        except BROKEN as error:
            raise DataError(
                f"{self} is no whole archive ({str(error) or type(error).__name__}); get it again, or unpack it "
                "yourself"
            ) from error

    @contextmanager
    def _unpacked(self, disk: IO[bytes]) -> Iterator[Any]:
        gzipped = (self.member or self.path.name).lower().endswith(".gz")
        if not self.member:
            yield gzip.GzipFile(fileobj=disk) if gzipped else disk
            return
        with zipfile.ZipFile(disk) as archive:
            try:
                member = archive.open(self.member)
            except RuntimeError as error:  # a password is needed
                raise DataError(f"{self} cannot be unpacked ({error}); unpack it yourself") from error
            with member:
                yield gzip.GzipFile(fileobj=member) if gzipped else member


def find_tables(path: Path) -> tuple[DataFile, DataFile | None]:
    """The file of ratings, and that of the items which belongs to it, in a folder, a zip archive, or of a file.

    Raises `DataError` for what holds none, or more than one that could be meant.
    """
    if path.is_dir():
        names = sorted(found.name for found in path.iterdir() if found.is_file())
        return _chosen([DataFile(path / name) for name in names], path, "a folder")
    if path.suffix.lower() == ".zip":
        return _chosen([DataFile(path, name) for name in _members(path)], path, "an archive")
    file = DataFile(path)
    if file.form not in FORMS:
        raise DataError(f"{path} is a file whose name ends in {path.suffix!r}; {_KNOWN}")
    return file, _beside(file)


def find_items(place: str | Path) -> DataFile:
    """A table of items: a file, or the only one in a zip archive. Raises `DataError`."""
    path = Path(os.path.expanduser(place))
    if not os.path.isfile(path):
        what = "a folder" if os.path.isdir(path) else "not there"
        raise DataError(f"items must be a file with titles and genres, got {path}, which is {what}; give the file")
    if path.suffix.lower() != ".zip":
        if DataFile(path).form not in FORMS:
            raise DataError(f"{path} is a file whose name ends in {path.suffix!r}; {_KNOWN}")
        return DataFile(path)
    return _only([DataFile(path, name) for name in _members(path)], path, "an archive")


def _members(path: Path) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = [entry.filename for entry in archive.infolist() if not entry.is_dir()]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise DataError(f"{path} is no whole zip archive ({error}); get it again, or unpack it yourself") from error
    return [name for name in names if not name.startswith("__MACOSX/")]


def _chosen(files: Sequence[DataFile], path: Path, what: str) -> tuple[DataFile, DataFile | None]:
    by_place = {(PurePosixPath(file.member).parent, file.inner.lower()): file for file in files}
    inter = [file for file in files if file.form == ".inter"]
    layouts = [*LAYOUTS, *((file.inner, f"{file.name}.item") for file in inter[:1] if len(inter) == 1)]
    for ratings, items in layouts:
        places = [place for place, name in by_place if name == ratings.lower()]
        if len(places) == 1:
            return by_place[places[0], ratings.lower()], by_place.get((places[0], items.lower()))
    return _only(files, path, what), None


def _only(files: Sequence[DataFile], path: Path, what: str) -> DataFile:
    tables = [file for file in files if file.form in FORMS]
    if len(tables) == 1:
        return tables[0]
    found = ", ".join(file.member or file.path.name for file in tables[:5]) + (", ..." if len(tables) > 5 else "")
    many = f"more than one table ({found}) and no ratings.csv" if tables else "no ratings.csv and no other table"
    raise DataError(
        f"{path} is {what} with {many}; give one file with ratings (.csv, .tsv or .parquet). Where it holds a data set "
        "of MovieLens that has a name (ml-100k, ml-1m), set DRR_DATA_HOME to the folder around it, and give the name"
    )


def _beside(file: DataFile) -> DataFile | None:
    """The items of a file of ratings that has one of the usual names."""
    layouts = dict(LAYOUTS) | ({file.inner: f"{file.name}.item"} if file.form == ".inter" else {})
    items = layouts.get(file.inner.lower() if file.form != ".inter" else file.inner)
    place = None if items is None else file.path.with_name(items)
    return DataFile(place) if place is not None and place.is_file() else None
