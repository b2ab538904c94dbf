"""load_ratings: its names, and the parsed copy that makes the second time fast."""

import os
from pathlib import Path

import numpy as np
import pytest

from drr_tutorial.data import download, load
from drr_tutorial.data.load import DataError, Ratings, load_ratings
from drr_tutorial.storage import checksum, read_json, write_json
from tests.data.test_movielens import assert_same

CSV = "user,item,rating,title,genres\n1,2,3,Alien (1979),Horror|Sci-Fi\n2,3,4,,\n"


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small file of the reader's, and an empty cache folder."""
    monkeypatch.setattr(download, "cache_folder", lambda: tmp_path / "cache")
    (tmp_path / "mine.csv").write_text(CSV)
    return tmp_path / "mine.csv"


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Grows by one each time that a file is really read."""
    seen: list[Path] = []
    read = load.read_table
    monkeypatch.setattr(
        load, "read_table", lambda path, *args, **named: seen.append(path) or read(path, *args, **named)
    )
    return seen


def copies() -> list[Path]:
    return [path for path in download.cache_folder().rglob("*") if path.is_file()]


@pytest.mark.parametrize("source", ["ml-10m", "nowhere.csv", Path("nowhere.csv"), "", "ML-100K"])
def test_an_unknown_name_lists_the_names_and_says_how_to_give_a_file(source: str | Path, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        load_ratings(source or tmp_path / "no")
    assert "is neither a data set ('ml-100k', 'ml-1m', 'synthetic') nor a file" in str(caught.value)
    assert "columns user, item, rating" in str(caught.value)


def test_real_data_is_the_same_from_the_copy(ml_100k: Ratings, data_home: Path) -> None:
    assert_same(load_ratings("ml-100k", data_home=data_home), ml_100k)


def test_the_copy_is_used_while_the_source_is_unchanged(path: Path, readings: list[Path]) -> None:
    first, second = load_ratings(path), load_ratings(str(path))
    assert len(readings) == 1
    assert_same(first, second)
    assert second.genres == (("Horror", "Sci-Fi"), ())
    assert second.timestamps is None
    os.utime(path, (1, 1))
    load_ratings(path)
    assert len(readings) == 1  # the content counts, not the date


def test_the_copy_is_renewed_when_the_source_changes(path: Path, readings: list[Path]) -> None:
    load_ratings(path)
    before = path.stat()
    path.write_text(CSV.replace("2,3,4", "2,3,5"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # same size, same date, other content
    assert load_ratings(path).ratings.tolist() == [3, 5]
    assert len(readings) == 2
    assert len({copy.parent for copy in copies()}) == 1


def test_other_versions_of_the_copy_are_not_read(
    path: Path, readings: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    load_ratings(path)
    monkeypatch.setattr(load, "COPY_VERSION", load.COPY_VERSION + 1)
    load_ratings(path)
    assert len(readings) == 2


@pytest.mark.parametrize("name", ["users.npy", "ratings.npy", "titles.npy", "reading.json", "checksums.json"])
def test_a_broken_copy_is_ignored_and_rebuilt(path: Path, readings: list[Path], name: str) -> None:
    expected = load_ratings(path)
    (copy,) = (found for found in copies() if found.name == name)
    good = copy.read_bytes()
    rng = np.random.default_rng(0)
    damaged = [b"", good[:20], good[: len(good) // 2], good[:-2], b"\x80\x04N.", b"{}", np.zeros(3).tobytes()]
    for position in rng.choice(len(good), size=4, replace=False):
        damaged.append(good[:position] + bytes([good[position] ^ 0xFF]) + good[position + 1 :])
    for content in damaged:
        copy.write_bytes(content)
        assert_same(load_ratings(path), expected)
        assert copy.read_bytes() == good
    assert len(readings) == 1 + len(damaged)
    copy.unlink()
    assert_same(load_ratings(path), expected)


def test_the_columns_of_a_copy_stay_on_the_disk_and_cannot_be_written(path: Path, readings: list[Path]) -> None:
    first, again = load_ratings(path), load_ratings(path)
    assert len(readings) == 1
    for name in ("users", "items", "ratings", "user_ids", "item_ids", "titles"):
        column = getattr(again, name)
        np.testing.assert_array_equal(column, getattr(first, name))
        assert type(column) is np.ndarray and isinstance(column.base, np.memmap)
        with pytest.raises(ValueError, match="read-only"):
            column[:1] = column[:1]
    path.write_text(CSV.replace("2,3,4", "2,3,5"))
    assert load_ratings(path).ratings.tolist() == [3, 5]
    assert again.ratings.tolist() == [3, 4]  # what is mapped stays, though its files are gone


def test_a_copy_with_a_pickle_is_never_executed(path: Path, tmp_path: Path, readings: list[Path]) -> None:
    class Harmful:
        def __reduce__(self) -> tuple[object, ...]:
            return os.mkdir, (str(tmp_path / "harm"),)

    load_ratings(path)
    (titles,) = (found for found in copies() if found.name == "titles.npy")
    np.save(titles, np.array([Harmful(), None], dtype=object), allow_pickle=True)
    checksums = titles.with_name("checksums.json")
    write_json(checksums, read_json(checksums) | {titles.name: checksum(titles)})  # by somebody who knows how
    assert len(load_ratings(path)) == 2
    assert len(readings) == 2
    assert not (tmp_path / "harm").exists()


def test_a_cache_that_cannot_be_written_costs_speed_only(path: Path, readings: list[Path]) -> None:
    download.cache_folder().write_text("a file where the folder should be")
    assert len(load_ratings(path)) == len(load_ratings(path)) == 2
    assert len(readings) == 2


def test_a_full_disk_leaves_no_half_written_copy(
    path: Path, readings: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: Path, *_: object, **__: object) -> None:
        file.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(np, "save", full)
        assert len(load_ratings(path)) == 2
    assert copies() == []
    assert len(load_ratings(path)) == 2
    assert len({copy.parent for copy in copies()}) == 1


def test_a_file_without_permission(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:  # not by chmod: the superuser may read everything
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(DataError, match=r"mine.csv cannot be read \(Permission denied\); check its permissions"):
        load_ratings(path)


def test_broken_files_in_the_data_home_are_named(path: Path, tmp_path: Path) -> None:
    (tmp_path / "ml-1m").mkdir()
    (tmp_path / "ml-1m" / "ratings.dat").write_text("")
    (tmp_path / "ml-1m" / "movies.dat").write_text("")
    with pytest.raises(DataError, match=r"ratings\.dat is empty \(0 bytes\); replace the file, or remove it so that"):
        load_ratings("ml-1m", data_home=tmp_path)
    assert copies() == []
