"""Files that are whole or not there: written beside their place, then renamed; arrays as safetensors, settings
as JSON.

Nothing is unpickled: safetensors holds plain numbers, so a file from a stranger can at worst be refused.
"""

import errno
import hashlib
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from drr_tutorial import __version__

ABANDONED = 3600  # seconds after which nobody is still writing a folder


class StorageError(OSError):
    """A file could not be written, read, or is not what it should be."""


def as_path(place: str | Path) -> Path:
    """A place on the disk as a `Path`, with ~ for the home folder. Raises `StorageError` where nobody has one,
    `TypeError` for what names no place.
    """
    if not isinstance(place, str | os.PathLike):
        raise TypeError(f"a file or folder must be named by text or a Path, got {place!r}; such as 'runs/first'")
    try:
        return Path(place).expanduser()
    except RuntimeError as error:
        raise StorageError(f"cannot tell what ~ means in {place} ({error}); give the path without ~") from error


def of_another_version(place: Path, about: Any, reason: object) -> StorageError:
    """The error for a file that can be read but not understood: who wrote it by its description `about`, who reads."""
    writer = about.get("version") if isinstance(about, dict) else None
    if writer == __version__:
        return StorageError(f"{place} is damaged or was altered ({reason}); write it again, or train anew")
    said = f"drr_tutorial {writer}" if isinstance(writer, str) else "a drr_tutorial that did not yet say its version"
    return StorageError(
        f"{place} was written by {said}; this is drr_tutorial {__version__}, which cannot read it ({reason}): read it "
        "with the version that wrote it, or train anew with this one"
    )


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yields a temporary path beside `path` to write to; renames it to `path` when all went well, else removes it.

    Raises `StorageError` when the disk is full or the folder cannot be written; what was at `path` stays.
    """
    temporary = _beside(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        with suppress(OSError):  # where nothing could be written, nothing is there
            temporary.unlink()


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """The same for a folder: what was at `path` is replaced as a whole, and stays when anything fails.

    A process that is killed between the two renamings leaves what was there as `.NAME.PROCESS-RANDOM.old` beside
    `path`; `last_whole` finds it, and the next folder that is written there whole removes it.
    """
    path = Path(os.path.abspath(path))
    if path.exists() and Path.cwd().is_relative_to(path):
        raise StorageError(f"{path} is where you work, so it cannot be replaced; give a folder inside it")
    temporary = _beside(path)
    old = temporary.with_suffix(".old")
    try:
        temporary.mkdir(parents=True)
        yield temporary
        if path.exists():
            os.replace(path, old)
        os.replace(temporary, path)
        _remove_leftovers(path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        if old.exists() and not path.exists():  # stopped between the two renamings, by whatever
            os.replace(old, path)
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def place_to_save(place: str | Path, files: Collection[str], what: str) -> Path:
    """The folder that a save of these files may replace as a whole: a new one, or one that holds nothing but a save.

    A link stays a link. Raises `StorageError` for a folder that holds anything else than `what`.
    """
    folder = as_path(place)
    folder = folder.resolve() if folder.is_symlink() else folder
    try:
        is_free = not folder.exists() or {path.name for path in folder.iterdir()} <= set(files)
    except NotADirectoryError:
        is_free = False
    except OSError as error:
        raise StorageError(f"cannot look into {folder} ({error}); check the permissions, or choose another") from error
    if not is_free:
        raise StorageError(f"{folder} holds something else than {what}; choose a new folder, nothing was changed")
    return folder


def last_whole(path: Path) -> Path:
    """`path`; or, where that is missing, what a process that was killed while it replaced the folder had set aside."""
    try:
        return path if path.exists() else next(_set_aside(path), path)
    except OSError:
        return path


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]], about: Mapping[str, Any]) -> None:
    """Write named arrays and a JSON-able description into one safetensors file. Raises `StorageError`."""
    contiguous = {name: np.ascontiguousarray(array).reshape(array.shape) for name, array in arrays.items()}
    data = save(contiguous, metadata={"about": json.dumps(about)})
    with whole_file(path) as temporary:
        temporary.write_bytes(data)


def read_arrays(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """What `write_arrays` wrote: arrays and description. Raises `StorageError` for anything else, executing nothing."""
    try:
        with safe_open(path, framework="numpy") as file:
            text = (file.metadata() or {}).get("about")
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        about = None if text is None else json.loads(text)
    except FileNotFoundError as error:
        raise StorageError(f"no file {path}; check the folder's name, or train first") from error
    except (SafetensorError, OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise StorageError(
            f"{path} is not a whole safetensors file ({error}); it is damaged or was not written by drr_tutorial: "
            "write it again"
        ) from error
    if about is None:
        raise StorageError(f"{path} was not written by drr_tutorial: its description is missing")
    return arrays, about


def checksum(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def checksums(folder: Path, files: Collection[str]) -> dict[str, str]:
    """SHA-256 of files in a folder, by name: what its description keeps for `require_unaltered`."""
    return {name: checksum(folder / name) for name in files}


def require_unaltered(folder: Path, files: Collection[str], kept: Mapping[str, str]) -> None:
    """Raises `StorageError` for a file that is not as it was written; what `kept` says nothing of is let pass."""
    for name in set(files) & set(kept):
        if (found := checksum(folder / name)) != kept[name]:
            raise StorageError(
                f"{folder / name} is damaged or was altered: its sha256 is {found}, expected {kept[name]}; save it "
                "again, or train anew"
            )


def write_json(path: Path, value: Any) -> None:
    """Write indented JSON. Raises `StorageError`."""
    text = json.dumps(value, indent=2, allow_nan=False) + "\n"
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")  # the same bytes on every system


def write_new_json(path: Path, value: Any) -> None:
    """The same for a file that is not there yet: of two processes at once, one gets it. Raises `StorageError`."""
    text = json.dumps(value, indent=2, allow_nan=False) + "\n"
    temporary = _beside(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(text, encoding="utf-8")
        _give_new_name(temporary, path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def _give_new_name(temporary: Path, path: Path) -> None:
    try:
        os.link(temporary, path)  # a renaming would replace what is there
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        if path.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from None
        os.replace(temporary, path)


def read_json(path: Path) -> Any:
    """Read JSON. Raises `StorageError` when there is none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise StorageError(f"no file {path}; check the folder's name, or train first") from error
    except (ValueError, OSError, RecursionError) as error:
        raise StorageError(f"{path} is not readable JSON ({error}); it is damaged: write it again") from error


def _beside(path: Path) -> Path:
    """A name in the same folder that no other process uses."""
    return path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.part")


def _remove_leftovers(path: Path) -> None:
    """What killed processes set aside or left unfinished; nobody asks for it once `path` is whole again."""
    unfinished = [found for found in _left(path, "part") if time.time() - found.stat().st_mtime > ABANDONED]
    for found in [*_set_aside(path), *unfinished]:
        shutil.rmtree(found, ignore_errors=True)


def _set_aside(path: Path) -> Iterator[Path]:
    return _left(path, "old")


def _left(path: Path, ending: str) -> Iterator[Path]:
    leftover = re.compile(rf"\.{re.escape(path.name)}\.\d+-[0-9a-f]{{8}}\.{ending}")
    return (found for found in list(path.parent.iterdir()) if leftover.fullmatch(found.name))


def cannot_write(path: Path, error: OSError) -> StorageError:
    """The error for a place that could not be written: which, why, and what to do."""
    if isinstance(error, StorageError) and error.errno is None:  # not about writing
        return error
    reason = error if error.errno is None else os.strerror(error.errno)
    return StorageError(
        error.errno,
        f"cannot write {path}: {reason}; what was there before is unchanged; "
        "free some space, check the permissions, or choose another folder",
    )
