"""Finding and fetching: order of the sources, checksums, atomic appearance, the error when nothing works."""

import functools
import hashlib
import http.server
import io
import multiprocessing
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from drr_tutorial.data import download, ncf
from drr_tutorial.data.load import load_ratings
from drr_tutorial.data.ratings import DataError

_REAL_CACHE_FOLDER = download.cache_folder  # before conftest.py puts another in its place


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder of this test, and no data home."""
    monkeypatch.delenv("DRR_DATA_HOME", raising=False)
    monkeypatch.setattr(download, "cache_folder", lambda: tmp_path / "cache")
    return tmp_path / "cache"


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """No server answers, and pip cannot reach an index."""

    def refuse(*_: object) -> Path:
        raise ConnectionError("no network in this test")

    def failing_pip(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(
            command, 1, stdout="", stderr="WARNING: x\nERROR: No matching distribution\n"
        )

    monkeypatch.setattr(download, "retrieve", refuse)
    monkeypatch.setattr(download.subprocess, "run", failing_pip)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A stand-in for GroupLens' server; the folder that it serves."""
    folder = tmp_path / "served"
    folder.mkdir()
    handler = functools.partial(QuietHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True).start()
        monkeypatch.setattr(download, "GROUPLENS_URL", f"http://127.0.0.1:{running.server_port}/")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield folder
        running.shutdown()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def fake_archive(folder: str = "ml-1m", names: tuple[str, ...] = ("ratings.dat", "movies.dat", "README")) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(f"{folder}/{name}", f"the content of {name}\n" * 20_000)
        archive.writestr("__MACOSX/ml-1m/._ratings.dat", "a Mac's leftovers")
        archive.writestr("../outside", "must not be written")
        archive.writestr(f"{folder}/../../outside", "must not be written")
    return content.getvalue()


def serve(monkeypatch: pytest.MonkeyPatch, server: Path, archive: bytes, md5: str | None = None) -> None:
    (server / "ml-1m.zip").write_bytes(archive)
    md5 = md5 or hashlib.md5(archive).hexdigest()
    monkeypatch.setitem(download.MOVIELENS, "ml-1m", replace(download.MOVIELENS["ml-1m"], md5=md5))


def put(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_text(name)
    return folder


def test_data_home_is_the_argument_then_the_variable_then_the_cache(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert download.data_home() == cache
    monkeypatch.setenv("DRR_DATA_HOME", str(tmp_path / "home"))
    assert download.data_home() == tmp_path / "home"
    assert download.data_home(tmp_path / "given") == tmp_path / "given"
    assert download.data_home("~").is_absolute()


def test_files_in_the_data_home_come_first_then_those_in_the_cache(cache: Path, tmp_path: Path, offline: None) -> None:
    in_cache = put(cache / "ml-1m", "ratings.dat", "movies.dat")
    assert download.find_movielens("ml-1m", home=tmp_path / "home") == in_cache
    in_home = put(tmp_path / "home" / "ml-1m", "ratings.dat", "movies.dat")
    assert download.find_movielens("ml-1m", home=tmp_path / "home") == in_home


def test_when_nothing_works_the_error_says_what_was_tried_and_what_to_do(
    cache: Path, tmp_path: Path, offline: None
) -> None:
    put(tmp_path / "home" / "ml-100k", "u.data")
    with pytest.raises(DataError) as caught:
        load_ratings("ml-100k", data_home=tmp_path / "home")
    lines = str(caught.value).split("\n")
    assert lines[0] == "ml-100k is not on this machine and could not be downloaded. Tried:"
    assert lines[1] == f"  - {tmp_path / 'home' / 'ml-100k'}: no u.item there"
    assert lines[2] == f"  - {cache / 'ml-100k'}: no u.data and no u.item there"
    assert lines[3].endswith("ml-100k.zip: ConnectionError: no network in this test")
    assert lines[4] == "  - recbole==1.2.1 by pip: DataError: ERROR: No matching distribution"
    assert f"unpack it so that {tmp_path / 'home' / 'ml-100k' / 'u.data'} and u.item beside it exist" in lines[5]
    assert "or set DRR_DATA_HOME to the folder that holds your ml-100k folder" in lines[5]


def test_ml_1m_has_no_second_source(cache: Path, offline: None) -> None:
    with pytest.raises(DataError) as caught:
        load_ratings("ml-1m")
    assert "recbole" not in str(caught.value)


def test_the_archive_is_unpacked_into_the_cache(cache: Path, server: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(monkeypatch, server, fake_archive())
    folder = download.find_movielens("ml-1m", progress=False)
    assert folder == cache / "ml-1m"
    assert sorted(path.name for path in folder.iterdir()) == ["README", "movies.dat", "ratings.dat"]
    assert (folder / "ratings.dat").read_text().startswith("the content of ratings.dat")
    assert sorted(path.name for path in cache.iterdir()) == [
        "ml-1m",
        "ml-1m.zip",
    ]  # nothing else, nothing outside
    assert not (cache.parent / "outside").exists()
    (server / "ml-1m.zip").unlink()
    assert download.find_movielens("ml-1m", progress=False) == folder  # nothing is fetched twice


@pytest.mark.parametrize(
    ("archive", "md5", "reason"),
    [
        (fake_archive()[:1000], download.MOVIELENS["ml-1m"].md5, "MD5 hash of downloaded file"),
        (fake_archive() + b"altered", download.MOVIELENS["ml-1m"].md5, "MD5 hash of downloaded file"),
        (b"", download.MOVIELENS["ml-1m"].md5, "MD5 hash of downloaded file"),
        (fake_archive()[:1000], None, "BadZipFile: File is not a zip file"),
        (fake_archive("ml-20m"), None, "DataError: the archive holds no ml-1m/ratings.dat"),
        (fake_archive(names=("ratings.dat",)), None, "DataError: the archive holds no ml-1m/movies.dat"),
    ],
    ids=["truncated", "altered", "empty", "no zip", "wrong", "incomplete"],
)
def test_a_bad_archive_is_refused_and_leaves_no_data_behind(
    cache: Path, server: Path, monkeypatch: pytest.MonkeyPatch, archive: bytes, md5: str | None, reason: str
) -> None:
    serve(monkeypatch, server, archive, md5)
    with pytest.raises(DataError, match=f"ml-1m.zip: .*{reason}"):
        download.find_movielens("ml-1m", progress=False)
    assert not (cache / "ml-1m").exists()
    assert {path.name for path in cache.iterdir()} <= {"ml-1m.zip"}
    good = fake_archive()
    serve(monkeypatch, server, good)
    assert (download.find_movielens("ml-1m", progress=False) / "movies.dat").is_file()


def test_a_server_without_the_file(cache: Path, server: Path) -> None:
    with pytest.raises(DataError, match="ml-1m.zip: HTTPError: 404"):
        download.find_movielens("ml-1m", progress=False)


def _find_in_process(cache: Path, url: str, md5: str, barrier: object, results: object) -> None:
    download.cache_folder = lambda: cache  # type: ignore[assignment]
    download.GROUPLENS_URL = url
    download.MOVIELENS["ml-1m"] = replace(download.MOVIELENS["ml-1m"], md5=md5)
    barrier.wait()  # type: ignore[attr-defined]
    folder = download.find_movielens("ml-1m", progress=False)
    results.put({path.name: path.read_bytes() for path in folder.iterdir()})  # type: ignore[attr-defined]


def test_processes_that_download_at_once_do_not_spoil_each_other(
    cache: Path, server: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(monkeypatch, server, fake_archive())
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(3), context.Queue()
    arguments = (cache, download.GROUPLENS_URL, download.MOVIELENS["ml-1m"].md5, barrier, results)
    processes = [context.Process(target=_find_in_process, args=arguments) for _ in range(3)]
    for process in processes:
        process.start()
    found = [results.get(timeout=60) for _ in processes]
    for process in processes:
        process.join(timeout=60)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert found[0] == found[1] == found[2]
    assert sorted(found[0]) == ["README", "movies.dat", "ratings.dat"]
    assert sorted(path.name for path in cache.iterdir()) == ["ml-1m", "ml-1m.zip"]


def test_a_slower_process_finds_the_folder_in_place(cache: Path, tmp_path: Path) -> None:
    files = download.MOVIELENS["ml-1m"]
    put(cache / "ml-1m", "ratings.dat")  # incomplete: what a crash between two files would leave
    unpacked = put(tmp_path / "scratch" / "ml-1m", "ratings.dat", "movies.dat")
    download._publish_folder(unpacked, cache / "ml-1m", files)
    assert sorted(path.name for path in (cache / "ml-1m").iterdir()) == ["movies.dat", "ratings.dat"]


@pytest.mark.network
def test_ml_100k_comes_by_pip_when_the_server_is_down(
    cache: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "retrieve", lambda *_: (_ for _ in ()).throw(ConnectionError("down")))
    place = download.find_movielens("ml-100k")
    assert place == cache / download.RECBOLE_WHEEL
    assert [path.name for path in cache.iterdir()] == [download.RECBOLE_WHEEL]
    assert len(load_ratings("ml-100k")) == 100_000
    assert "recbole" not in sys.modules
    place.write_bytes(place.read_bytes()[:-1])  # an altered wheel is fetched anew
    assert hashlib.sha256(download.find_movielens("ml-100k").read_bytes()).hexdigest() == download.RECBOLE_SHA256


@pytest.mark.parametrize("content", [b"another wheel", None], ids=["wrong", "missing"])
def test_a_wheel_with_another_checksum_is_refused(
    cache: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    def other_pip(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        if content:
            (Path(command[command.index("--dest") + 1]) / download.RECBOLE_WHEEL).write_bytes(content)
        return subprocess.CompletedProcess(command, 0, stdout="", stderr="")

    monkeypatch.setattr(download.subprocess, "run", other_pip)
    with pytest.raises(DataError, match=f"SHA-256 is not the pinned {download.RECBOLE_SHA256}"):
        download.fetch_wheel()
    assert list(cache.iterdir()) == []


def test_a_cache_that_cannot_be_written_is_a_reason_not_a_crash(
    cache: Path, server: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(monkeypatch, server, fake_archive())
    cache.write_text("a file where the folder should be")
    with pytest.raises(DataError, match="ml-1m is not on this machine"):
        download.find_movielens("ml-1m", progress=False)


def test_the_ncf_file_comes_from_the_data_home_else_from_its_authors(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, offline: None
) -> None:
    with pytest.raises(DataError, match="the NCF test file is not at .* failed .* no network .* put it there"):
        ncf.find_ncf_test_file()
    asked = []
    monkeypatch.setattr(download, "retrieve", lambda url, checksum, target, _: asked.append((url, checksum)) or target)
    assert ncf.find_ncf_test_file() == cache / "ncf" / "ml-1m.test.rating"
    assert asked == [(ncf.NCF_URL, f"sha256:{ncf.NCF_SHA256}")]
    in_home = put(tmp_path / "home" / "ncf", "ml-1m.test.rating") / "ml-1m.test.rating"
    assert ncf.find_ncf_test_file(home=tmp_path / "home") == in_home


def test_the_pinned_checksum_is_that_of_the_file_at_hand(data_home: Path) -> None:
    path = data_home / "ncf" / "ml-1m.test.rating"
    if not path.is_file():
        pytest.skip("DRR_DATA_HOME holds no ncf/ml-1m.test.rating")
    assert hashlib.sha256(path.read_bytes()).hexdigest() == ncf.NCF_SHA256


def test_who_has_no_home_still_has_a_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container whose user is a bare number: `~` means nothing there, and is no folder to make."""
    monkeypatch.undo()
    monkeypatch.setattr(download.pooch, "os_cache", lambda name: Path("~/.cache") / name)
    assert _REAL_CACHE_FOLDER().is_absolute()
    with pytest.raises(
        DataError, match=r"data_home must be a folder, got '~nobody-of-this-name/x'.*give the whole path"
    ):
        download.data_home("~nobody-of-this-name/x")


def test_without_data_and_network_one_hears_what_works_now(cache: Path, offline: None) -> None:
    with pytest.raises(DataError, match=r"(?s)ml-1m is not on this machine.*--dataset synthetic"):
        download.find_movielens("ml-1m", progress=False)
