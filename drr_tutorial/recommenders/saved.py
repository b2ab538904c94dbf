"""The files of a saved recommender, and how they know that they belong together."""

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from drr_tutorial.storage import StorageError, read_arrays

FORMAT = 2
MARKS = ("version", "format", "recommender", "fingerprint")  # by which the parts of a save know each other
FILES = ("recommender.json", "ratings.safetensors", "weights.safetensors")


def _read_part(path: Path, about: dict[str, Any]) -> dict[str, NDArray[Any]]:
    arrays, of = read_arrays(path)
    if of != {name: about.get(name) for name in MARKS}:
        raise StorageError(f"{path} belongs to another save; save it again")
    return arrays
