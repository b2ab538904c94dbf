"""Where MovieLens comes from: a folder of the reader's, GroupLens' archive, or a package on PyPI.

Sources are tried from near to far: the data home, earlier downloads in the cache folder, GroupLens' archive
and, for ml-100k, the copy that the PyPI package recbole carries, so that real data can be had wherever pip
works. Downloads must match a pinned checksum. A file appears under its name only when it is complete, so that
a crash, or a second process that downloads at the same time, leaves nothing half-written.
Source: Harper and Konstan (2015), The MovieLens Datasets, https://grouplens.org/datasets/movielens/.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from drr_tutorial.data.ratings import DataError

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", message="IProgress not found")  # tqdm's, in notebooks without widgets
    import pooch  # type: ignore[import-untyped]


@dataclass(frozen=True)
class MovieLensFiles:
    """Where one MovieLens set is found, and the counts by which its files are known."""

    ratings: str
    """Name of the file of ratings in the set's folder."""
    items: str
    """Name of the file of titles and genres beside it."""
    md5: str
    """Checksum of GroupLens' zip archive."""
    n_ratings: int
    n_users: int
    n_items: int
    """Items with at least one rating."""


MOVIELENS = {
    "ml-100k": MovieLensFiles("u.data", "u.item", "0e33842e24a9c977be4e0107933c0723", 100_000, 943, 1_682),
    "ml-1m": MovieLensFiles("ratings.dat", "movies.dat", "c4d9eecfca2ab87c1945afe126590906", 1_000_209, 6_040, 3_706),
}
GROUPLENS_URL = "https://files.grouplens.org/datasets/movielens/"
RECBOLE = "recbole==1.2.1"
RECBOLE_WHEEL = "recbole-1.2.1-py3-none-any.whl"
RECBOLE_SHA256 = "9c9948202011f37eb0a7c6768129313f00d6403ad221ec940d5e2d5d5f33a407"

_PIP_TIMEOUT = 300  # seconds; the wheel has 2 MB


def cache_folder() -> Path:
    """The platform's cache folder for this package: downloads and parsed copies; safe to delete.

    Below the folder for temporary files where nobody is at home: a user without a home folder, as in some containers.
    """
    place = Path(pooch.os_cache("drr_tutorial"))
    return place if place.is_absolute() else Path(tempfile.gettempdir()) / f"drr_tutorial-{_user()}"


def _user() -> str:
    """A name that no other user of this machine has, so that nobody is in another's way."""
    return str(os.getuid()) if hasattr(os, "getuid") else "home"


def data_home(given: Path | str | None = None) -> Path:
    """The folder that holds the reader's own copies: `given`, else DRR_DATA_HOME, else the cache folder."""
    chosen = given or os.environ.get("DRR_DATA_HOME")
    try:
        return Path(chosen).expanduser() if chosen else cache_folder()
    except RuntimeError as error:
        raise DataError(f"data_home must be a folder, got {str(chosen)!r} ({error}); give the whole path") from error


def find_movielens(name: str, *, home: Path | str | None = None, progress: bool = True) -> Path:
    """The folder with "ml-100k" or "ml-1m" in GroupLens' layout, or recbole's wheel (ml-100k only).

    Nothing is fetched when a copy is at hand. Raises `DataError` that lists every attempt when no source
    works.
    """
    files = MOVIELENS[name]
    tried: list[str] = []
    for folder in dict.fromkeys((data_home(home) / name, cache_folder() / name)):
        missing = [file for file in (files.ratings, files.items) if not os.path.isfile(folder / file)]
        if not missing:
            return folder
        tried.append(f"{folder}: no {' and no '.join(missing)} there")
    wheel = cache_folder() / RECBOLE_WHEEL
    if name == "ml-100k" and _has_sha256(wheel, RECBOLE_SHA256):
        return wheel
    fetchers: dict[str, Callable[[], Path]] = {GROUPLENS_URL + name + ".zip": lambda: _fetch_archive(name, progress)}
    if name == "ml-100k":
        fetchers[f"{RECBOLE} by pip"] = fetch_wheel
    for source, fetch in fetchers.items():
        try:
            return fetch()
        except (OSError, ValueError, zipfile.BadZipFile, subprocess.SubprocessError) as error:
            tried.append(f"{source}: {short(error)}")
    raise DataError(_nothing_worked(name, tried, data_home(home)))


def retrieve(url: str, checksum: str, target: Path, progress: bool, unpack: pooch.Unzip | None = None) -> Path:
    """Download to `target` unless it is there already with the right checksum ("md5:..." or "sha256:...")."""
    pooch.get_logger().setLevel("WARNING")
    pooch.retrieve(url, checksum, target.name, target.parent, processor=unpack, progressbar=progress)
    return target


def _fetch_archive(name: str, progress: bool) -> Path:
    """GroupLens' archive, checked and unpacked to `cache_folder()/name`."""
    folder, files = cache_folder() / name, MOVIELENS[name]
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{name}-") as scratch:
        unpack = pooch.Unzip([f"{name}/"], extract_dir=scratch)
        retrieve(f"{GROUPLENS_URL}{name}.zip", f"md5:{files.md5}", folder.with_suffix(".zip"), progress, unpack)
        _publish_folder(Path(scratch) / name, folder, files)
    return folder


def _publish_folder(unpacked: Path, folder: Path, files: MovieLensFiles) -> None:
    """Give the finished folder its name in one step; if another process was faster, its equal copy stays."""
    for name in (files.ratings, files.items):
        if not (unpacked / name).is_file():
            raise DataError(f"the archive holds no {folder.name}/{name}")
    try:
        os.replace(unpacked, folder)
    except OSError:
        for file in unpacked.iterdir():  # the folder exists, complete or not: put each file in its place
            os.replace(file, folder / file.name)


def fetch_wheel() -> Path:
    """recbole's wheel by pip, checked; it is read as a zip file and never imported or installed.

    Raises `DataError` with pip's last words when pip fails or brings anything else.
    """
    target = cache_folder() / RECBOLE_WHEEL
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".pip-") as scratch:
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
        ]
        command += ["--only-binary", ":all:", "--retries", "1", "--dest", scratch, RECBOLE]
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PIP_TIMEOUT, check=False)
        if done.returncode:
            raise DataError(done.stderr.strip().rpartition("\n")[2] or f"pip ended with status {done.returncode}")
        wheel = Path(scratch) / RECBOLE_WHEEL
        if not _has_sha256(wheel, RECBOLE_SHA256):
            raise DataError(f"pip brought a file whose SHA-256 is not the pinned {RECBOLE_SHA256}")
        os.replace(wheel, target)
    return target


def _has_sha256(path: Path, expected: str) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == expected
    except OSError:
        return False


def short(error: Exception) -> str:
    """The error in one line of at most about 200 characters."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:200]}{'...' if len(text) > 200 else ''}"


def _nothing_worked(name: str, tried: list[str], home: Path) -> str:
    files = MOVIELENS[name]
    return (
        f"{name} is not on this machine and could not be downloaded. Tried:\n"
        + "".join(f"  - {attempt}\n" for attempt in tried)
        + f"To put it there by hand: download {GROUPLENS_URL}{name}.zip with a browser and unpack it so that "
        f"{home / name / files.ratings} and {files.items} beside it exist, or set DRR_DATA_HOME to the "
        f"folder that holds your {name} folder.\n"
        "What works now, without any download: an invented world, load_ratings('synthetic') or, on the command line, "
        "--dataset synthetic."
    )
