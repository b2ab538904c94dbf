"""Files are whole or not there: round trips, failures in the middle, full disks, strangers' files, two writers."""

import errno
import hashlib
import json
import multiprocessing
import os
import pickle
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import save_file

from drr_tutorial.storage import (
    StorageError,
    as_path,
    checksum,
    read_arrays,
    read_json,
    whole_file,
    whole_folder,
    write_arrays,
    write_json,
)

NEXT_STEP = "free some space, check the permissions, or choose another folder"
ARRAYS: dict[str, NDArray[Any]] = {
    "0-d": np.array(3.5, dtype=np.float32),
    "0-d int64": np.array(-(2**62)),
    "empty": np.zeros(0, dtype=np.float32),
    "empty 2-d": np.zeros((0, 4), dtype=np.int64),
    "bool": np.array([True, False, True]),
    "uint8": np.arange(5, dtype=np.uint8),
    "int32": np.arange(-3, 3, dtype=np.int32),
    "float32": np.array([np.inf, -0.0, 1e-45, np.nan], dtype=np.float32),
    "float64": np.linspace(0, 1, 7).reshape(7, 1, 1),
    "transposed": np.arange(12.0).reshape(3, 4).T,
    "strided": np.arange(20)[::-3],
}


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_arrays_come_back_as_they_were(tmp_path: Path) -> None:
    about = {
        "title": "Le Fabuleux Destin d'Amélie \u2013 天使 \U0001f3ac",
        "numbers": [1, 2.5, None, True],
        "deep": {"": {}},
    }
    write_arrays(tmp_path / "a.safetensors", ARRAYS, about)
    arrays, read = read_arrays(tmp_path / "a.safetensors")
    assert read == about
    assert arrays.keys() == ARRAYS.keys()
    for name, expected in ARRAYS.items():
        assert arrays[name].dtype == expected.dtype, name
        assert arrays[name].shape == expected.shape, name
        assert arrays[name].tobytes() == expected.tobytes(), name  # bit for bit: NaN and -0 too
    assert names_in(tmp_path) == ["a.safetensors"]


def test_no_arrays_at_all_come_back(tmp_path: Path) -> None:
    write_arrays(tmp_path / "a.safetensors", {}, {})
    assert read_arrays(tmp_path / "a.safetensors") == ({}, {})


def test_json_comes_back_and_is_readable_by_people(tmp_path: Path) -> None:
    value = {"name": "Amélie 天使", "list": [1, 2.5, None], "nested": {"a": False}}
    write_json(tmp_path / "new" / "folder" / "a.json", value)
    assert read_json(tmp_path / "new" / "folder" / "a.json") == value
    assert (tmp_path / "new" / "folder" / "a.json").read_text(encoding="utf-8").count("\n") > 5


def test_json_that_others_could_not_read_is_not_written(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", 1)
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a.json", float("nan"))
    assert read_json(tmp_path / "a.json") == 1


def test_a_file_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with whole_file(path) as temporary:
        temporary.write_text("half of the")
        assert not path.exists()
        assert temporary.parent == tmp_path  # so that the renaming is within one file system
        temporary.write_text("the whole text")
    assert path.read_text() == "the whole text"
    assert names_in(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("exception", [ZeroDivisionError, KeyboardInterrupt, OSError(errno.EIO, "a broken cable")])
def test_a_write_that_fails_in_the_middle_leaves_the_old_file(tmp_path: Path, exception: Any) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    expected = StorageError if isinstance(exception, OSError) else exception
    with pytest.raises(expected), whole_file(path) as temporary:
        stop_half_way(temporary, exception)
    assert path.read_text() == "old"
    assert names_in(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("exception", [ZeroDivisionError, KeyboardInterrupt, OSError(errno.EIO, "a broken cable")])
def test_a_folder_that_fails_in_the_middle_leaves_the_old_one(tmp_path: Path, exception: Any) -> None:
    write_old_folder(tmp_path / "model")
    expected = StorageError if isinstance(exception, OSError) else exception
    with pytest.raises(expected), whole_folder(tmp_path / "model") as temporary:
        stop_half_way(temporary / "b.txt", exception)
    assert_old_folder(tmp_path / "model")


def stop_half_way(path: Path, exception: BaseException) -> None:
    path.write_text("half of the n")
    raise exception


def write_old_folder(folder: Path) -> None:
    folder.mkdir()
    (folder / "a.txt").write_text("old")


def assert_old_folder(folder: Path) -> None:
    assert names_in(folder) == ["a.txt"]
    assert (folder / "a.txt").read_text() == "old"
    assert names_in(folder.parent) == [folder.name]


def test_a_folder_is_replaced_as_a_whole(tmp_path: Path) -> None:
    write_old_folder(tmp_path / "model")
    with whole_folder(tmp_path / "model") as temporary:
        (temporary / "b.txt").write_text("new")
        assert names_in(tmp_path / "model") == ["a.txt"]
    assert names_in(tmp_path / "model") == ["b.txt"]
    assert names_in(tmp_path) == ["model"]


@pytest.mark.parametrize("exception", [OSError(errno.EIO, "a broken cable"), KeyboardInterrupt()])
def test_a_folder_comes_back_when_the_last_renaming_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exception: BaseException
) -> None:
    write_old_folder(tmp_path / "model")
    replace = os.replace

    def fail_for_the_new_one(source: Path, target: Path) -> None:
        if Path(source).suffix == ".part":
            raise exception
        replace(source, target)

    monkeypatch.setattr(os, "replace", fail_for_the_new_one)
    with pytest.raises((StorageError, KeyboardInterrupt)), whole_folder(tmp_path / "model") as temporary:
        (temporary / "b.txt").write_text("new")
    assert_old_folder(tmp_path / "model")


WRITERS: dict[str, Callable[[Path], None]] = {
    "arrays": lambda path: write_arrays(path, {"a": np.arange(100_000)}, {}),
    "json": lambda path: write_json(path, list(range(100_000))),
}
writers = pytest.mark.parametrize("write", WRITERS.values(), ids=list(WRITERS))


def raise_no_space(*_: Any, **__: Any) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@writers
@pytest.mark.parametrize("where", ["writing", "renaming"])
def test_a_full_disk_keeps_the_old_file_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Path], None], where: str
) -> None:
    path = tmp_path / "a.file"
    path.write_text("old")
    with monkeypatch.context() as patch:
        if where == "writing":
            patch.setattr(Path, "write_bytes", raise_no_space)
            patch.setattr(Path, "write_text", raise_no_space)
        else:
            patch.setattr(os, "replace", raise_no_space)
        with pytest.raises(StorageError, match="No space left on device") as caught:
            write(path)
    assert_says_what_to_do(caught.value, path)
    assert caught.value.errno == errno.ENOSPC
    assert path.read_text() == "old"
    assert names_in(tmp_path) == ["a.file"]


def assert_says_what_to_do(error: StorageError, path: Path) -> None:
    assert f"cannot write {path}:" in str(error)
    assert "what was there before is unchanged" in str(error)
    assert NEXT_STEP in str(error)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_device_that_is_really_full(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(StorageError, match="No space left on device") as caught, whole_file(path):
        Path("/dev/full").write_text("more than there is room for")
    assert_says_what_to_do(caught.value, path)
    assert path.read_text() == "old"


@writers
def test_a_write_that_the_system_stops_half_way(tmp_path: Path, write: Callable[[Path], None]) -> None:
    path = tmp_path / "a.file"
    path.write_text("old")
    resource = pytest.importorskip("resource", reason="Windows has no limits of a process")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))  # bytes in a file; the write stops there
    try:
        with pytest.raises(StorageError, match="File too large") as caught:
            write(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert_says_what_to_do(caught.value, path)
    assert path.read_text() == "old"
    assert names_in(tmp_path) == ["a.file"]


@writers
@pytest.mark.parametrize("below", ["a regular file", "a folder below a regular file"])
def test_a_place_where_nothing_can_be_written(tmp_path: Path, write: Callable[[Path], None], below: str) -> None:
    (tmp_path / "file").write_text("old")
    path = tmp_path / "file" / "a" if below == "a regular file" else tmp_path / "file" / "folder" / "a"
    with pytest.raises(StorageError, match="exists|Not a directory") as caught:
        write(path)
    assert_says_what_to_do(caught.value, path)
    assert names_in(tmp_path) == ["file"]
    with pytest.raises(StorageError) as caught, whole_folder(path):
        pytest.fail("there is nowhere to write to")
    assert_says_what_to_do(caught.value, path)


@writers
def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Path], None]) -> None:
    def refuse(*_: Any, **__: Any) -> None:  # root may write everywhere, so a read-only folder would prove nothing
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    for call in ("mkdir", "write_bytes", "write_text"):
        monkeypatch.setattr(Path, call, refuse)
    path = tmp_path / "a.file"
    with pytest.raises(StorageError, match="Permission denied") as caught:
        write(path)
    assert_says_what_to_do(caught.value, path)
    with pytest.raises(StorageError, match="Permission denied") as caught, whole_folder(path):
        pytest.fail("there is nowhere to write to")
    assert_says_what_to_do(caught.value, path)
    assert names_in(tmp_path) == []


@pytest.mark.skipif(
    getattr(os, "geteuid", lambda: 0)() == 0, reason="root, and on Windows everybody, may write into a read-only folder"
)
def test_a_read_only_folder(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir(mode=0o555)
    with pytest.raises(StorageError, match="Permission denied") as caught:
        write_json(folder / "a.json", 1)
    assert_says_what_to_do(caught.value, folder / "a.json")


def test_a_folder_where_a_file_should_go(tmp_path: Path) -> None:
    write_old_folder(tmp_path / "a")
    with pytest.raises(StorageError, match="directory") as caught:
        write_json(tmp_path / "a", 1)
    assert_says_what_to_do(caught.value, tmp_path / "a")
    assert_old_folder(tmp_path / "a")


@writers
def test_a_full_disk_inside_a_folder_names_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Path], None]
) -> None:
    write_old_folder(tmp_path / "model")
    monkeypatch.setattr(Path, "write_bytes", raise_no_space)
    monkeypatch.setattr(Path, "write_text", raise_no_space)
    with (
        pytest.raises(StorageError, match="No space left on device") as caught,
        whole_folder(tmp_path / "model") as temporary,
    ):
        write(temporary / "new.file")
    assert_says_what_to_do(caught.value, tmp_path / "model")  # the temporary folder means nothing to the reader
    monkeypatch.undo()
    assert_old_folder(tmp_path / "model")


@pytest.mark.parametrize("read", [read_arrays, read_json])
def test_a_file_that_is_not_there(tmp_path: Path, read: Callable[[Path], Any]) -> None:
    with pytest.raises(StorageError, match="no file .*nowhere; check the folder's name, or train first"):
        read(tmp_path / "nowhere")


DAMAGED = "is not a whole safetensors file .*; it is damaged or was not written by drr_tutorial: write it again"


def whole_bytes(folder: Path) -> bytes:
    write_arrays(folder / "whole.safetensors", {"a": np.arange(1000), "b": np.zeros(3)}, {"format": 1})
    return (folder / "whole.safetensors").read_bytes()


@pytest.mark.parametrize("share", [0.0, 0.001, 0.01, 0.5, 0.999])
def test_a_truncated_file(tmp_path: Path, share: float) -> None:
    path, content = tmp_path / "a.safetensors", whole_bytes(tmp_path)
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(StorageError, match=DAMAGED) as caught:
        read_arrays(path)
    assert str(path) in str(caught.value)


def test_bytes_that_were_added(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(whole_bytes(tmp_path) + b"more")
    with pytest.raises(StorageError, match=DAMAGED):
        read_arrays(path)


@pytest.mark.parametrize("seed", range(5))
def test_random_bytes(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(np.random.default_rng(seed).bytes(5000))
    with pytest.raises(StorageError, match=DAMAGED):
        read_arrays(path)
    with pytest.raises(StorageError, match="is not readable JSON .*; it is damaged: write it again"):
        read_json(path)


@pytest.mark.parametrize(
    "text", ["", "{", '{"a": 1', "nothing", "[" * 100_000], ids=["empty", "brace", "cut", "word", "deep"]
)
def test_text_that_is_not_json(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(StorageError, match="is not readable JSON .*; it is damaged: write it again"):
        read_json(path)


class Payload:
    """A pickle of this makes a file when it is loaded."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return (open, (str(self.marker), "w"))


def test_a_pickle_is_refused_and_nothing_in_it_runs(tmp_path: Path) -> None:
    marker, path = tmp_path / "marker", tmp_path / "a.safetensors"
    path.write_bytes(pickle.dumps(Payload(marker)))
    pickle.loads(path.read_bytes()).close()
    assert marker.exists()  # so it would work, if anybody loaded it
    marker.unlink()
    with pytest.raises(StorageError, match=DAMAGED):
        read_arrays(path)
    with pytest.raises(StorageError, match="is not readable JSON"):
        read_json(path)
    assert not marker.exists()


@pytest.mark.parametrize("metadata", [None, {}, {"format": "pt"}])
def test_safetensors_of_somebody_else(tmp_path: Path, metadata: dict[str, str] | None) -> None:
    save_file({"a": np.zeros(3)}, tmp_path / "a.safetensors", metadata=metadata)
    with pytest.raises(StorageError, match="was not written by drr_tutorial: its description is missing"):
        read_arrays(tmp_path / "a.safetensors")


@pytest.mark.parametrize("about", ["", "not JSON", "{", "[" * 100_000], ids=["empty", "words", "cut", "deep"])
def test_a_description_that_is_not_json(tmp_path: Path, about: str) -> None:
    save_file({"a": np.zeros(3)}, tmp_path / "a.safetensors", metadata={"about": about})
    with pytest.raises(StorageError, match=DAMAGED):
        read_arrays(tmp_path / "a.safetensors")


def test_numbers_that_numpy_does_not_know(tmp_path: Path) -> None:
    header = json.dumps(
        {"a": {"dtype": "BF16", "shape": [1], "data_offsets": [0, 2]}, "__metadata__": {"about": "{}"}}
    ).encode()
    (tmp_path / "a.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + b"\0\0")
    with pytest.raises(StorageError, match=DAMAGED):
        read_arrays(tmp_path / "a.safetensors")


def test_a_folder_in_place_of_a_file(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=DAMAGED):
        read_arrays(tmp_path)
    with pytest.raises(StorageError, match="is not readable JSON"):
        read_json(tmp_path)


def write_often(path: Path, number: int) -> None:
    for _ in range(30):
        write_arrays(path, {"a": np.full(100_000, number)}, {"number": number})


@pytest.mark.skipif(sys.platform == "win32", reason="Windows replaces no file that another process is reading")
def test_two_processes_that_write_at_once_leave_one_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    write_often(path, 0)
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=write_often, args=(path, number)) for number in (1, 2)]
    for process in processes:
        process.start()
    while any(process.is_alive() for process in processes):
        assert_one_writers_work(path)  # at every moment
    for process in processes:
        process.join()
        assert process.exitcode == 0
    assert assert_one_writers_work(path) in (1, 2)
    assert names_in(tmp_path) == ["a.safetensors"]


def assert_one_writers_work(path: Path) -> int:
    arrays, about = read_arrays(path)
    assert (arrays["a"] == about["number"]).all()
    return int(about["number"])


KILL = "os.kill(os.getpid(), getattr(signal, 'SIGKILL', signal.SIGTERM))"  # on Windows, SIGTERM ends it as abruptly
KILLED_CODE = 15 if sys.platform == "win32" else -9
KILLED = f"""
import os, signal, sys
from pathlib import Path
from drr_tutorial.storage import whole_file
with whole_file(Path(sys.argv[1])) as temporary:
    temporary.write_text("half of the n")
    {KILL}
"""


def test_a_process_that_is_killed_while_it_writes_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    assert subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False).returncode == KILLED_CODE
    assert path.read_text() == "old"


KILLED_BETWEEN_RENAMINGS = f"""
import os, signal, sys
from pathlib import Path
from drr_tutorial.storage import whole_folder
replace = os.replace
def killed_at_the_second(source, target):
    if Path(source).suffix == ".part":
        {KILL}
    replace(source, target)
os.replace = killed_at_the_second
with whole_folder(Path(sys.argv[1])) as temporary:
    (temporary / "b.txt").write_text("new")
"""


def test_what_a_killed_process_set_aside_is_removed_by_the_next_write(tmp_path: Path) -> None:
    path, neighbour = tmp_path / "model", tmp_path / ".model.2.1-00000000.old"
    write_old_folder(path)
    neighbour.mkdir()  # it belongs to a folder of another name, model.2
    killed = subprocess.run([sys.executable, "-c", KILLED_BETWEEN_RENAMINGS, str(path)], check=False)
    assert killed.returncode == KILLED_CODE
    assert [name.rsplit(".", 1)[1] for name in names_in(tmp_path) if name != neighbour.name] == ["old", "part"]
    with whole_folder(path) as temporary:
        (temporary / "c.txt").write_text("newer")
    assert names_in(path) == ["c.txt"]
    assert [name for name in names_in(tmp_path) if name.endswith(".old")] == [neighbour.name]


def test_the_next_reader_may_read_what_was_written(tmp_path: Path) -> None:
    (tmp_path / "plain.txt").write_text("a file as everybody writes it")
    write_json(tmp_path / "a.json", 1)
    assert (tmp_path / "a.json").stat().st_mode == (tmp_path / "plain.txt").stat().st_mode
    (tmp_path / "plain").mkdir()
    with whole_folder(tmp_path / "model") as temporary:
        (temporary / "b.txt").write_text("new")
    assert (tmp_path / "model").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("place", [None, 5, 2.5, True, ["a"], b"a", {}])
def test_what_names_no_place(place: Any) -> None:
    with pytest.raises(
        TypeError, match="^a file or folder must be named by text or a Path, got .*; such as 'runs/first'$"
    ):
        as_path(place)


def test_what_names_a_place(tmp_path: Path) -> None:
    class Entry:
        def __fspath__(self) -> str:
            return str(tmp_path)

    assert as_path(str(tmp_path)) == as_path(tmp_path) == as_path(Entry()) == tmp_path  # type: ignore[arg-type]
    assert as_path("~") == Path.home()


def test_a_checksum_needs_little_memory(tmp_path: Path) -> None:
    path, content = tmp_path / "large", bytes(range(256)) * 40_000
    path.write_bytes(content)
    tracemalloc.start()
    try:
        assert checksum(path) == hashlib.sha256(content).hexdigest()
        assert tracemalloc.get_traced_memory()[1] < len(content) / 10
    finally:
        tracemalloc.stop()
