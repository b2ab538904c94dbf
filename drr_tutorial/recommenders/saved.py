"""The files of a saved recommender, and how they know that they belong together."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from drr_tutorial.storage import StorageError, checksums, read_arrays, whole_folder, write_arrays, write_json

FORMAT = 2
MARKS = ("version", "format", "recommender", "fingerprint")  # by which the parts of a save know each other
ABOUT = "recommender.json"
PARTS = ("ratings.safetensors", "weights.safetensors")
FILES = (ABOUT, *PARTS)


def write_save(
    folder: Path, marks: Mapping[str, Any], more: Mapping[str, Any], *parts: Mapping[str, NDArray[Any]]
) -> None:
    """Write `marks` and `more` (JSON-able), and the arrays of each of `PARTS`, all or nothing, with checksums. Raises
    `StorageError`.
    """
    with whole_folder(folder) as temporary:
        for name, arrays in zip(PARTS, parts, strict=True):
            write_arrays(temporary / name, arrays, marks)
        write_json(temporary / ABOUT, {**marks, **more, "sha256": checksums(temporary, PARTS)})


def _read_part(path: Path, about: dict[str, Any]) -> dict[str, NDArray[Any]]:
    arrays, of = read_arrays(path)
    if of != {name: about.get(name) for name in MARKS}:
        raise StorageError(f"{path} belongs to another save; save it again")
    return arrays
