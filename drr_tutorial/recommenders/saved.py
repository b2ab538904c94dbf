"""What a saved recommender consists of, and how a save names its class: for `Recommender.save` and `load`."""

from __future__ import annotations  # the class that is saved stands in `base`, which imports this module

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from drr_tutorial.storage import StorageError, of_another_version, read_arrays

if TYPE_CHECKING:
    from drr_tutorial.recommenders.base import Recommender

FORMAT = 2
MARKS = ("version", "format", "recommender", "fingerprint")  # by which the parts of a save know each other
FILES = ("recommender.json", "ratings.safetensors", "weights.safetensors")
# whose classes `load` knows, imported or not
HOMES = tuple(f"drr_tutorial.recommenders.{name}" for name in ("baselines", "dislikes_last", "drr", "gaussian"))


def class_named(name: str) -> type[Recommender]:
    """The class that a save means by a name. Raises `LookupError` for one that nobody has defined yet."""
    from drr_tutorial.recommenders.base import Recommender

    if name not in Recommender._classes:
        for module in HOMES:
            importlib.import_module(module)
    if name not in Recommender._classes:
        known = ", ".join(sorted(Recommender._classes))
        raise LookupError(f"it is of {name!r}, not one of {known}; import the module of a class of your own first")
    return Recommender._classes[name]


def name_to_load(recommender: Recommender) -> str:
    """The name by which `load` finds the class again. Raises `StorageError` where it would find another, or none."""
    cls = type(recommender)
    name = getattr(cls, "name", None)
    known = None if name is None else class_named(name)
    if known is None or (known.__module__, known.__qualname__) != (cls.__module__, cls.__qualname__):
        said = "it has no name" if known is None else f"its name {name!r} is that of {known.__name__}"
        raise StorageError(
            f"a {cls.__name__} cannot be saved, since {said}; give the class a name of its own, "
            f"as in: name = {cls.__name__!r}"
        )
    return str(name)


def _class_of(about: Any, folder: Path) -> type[Recommender]:
    """The class that a save names. Raises `StorageError` when this version cannot read it."""
    name = about.get("recommender") if isinstance(about, dict) else None
    if not isinstance(name, str) or about.get("format") != FORMAT:
        found = about.get("format") if isinstance(about, dict) else None
        raise of_another_version(folder, about, f"it is of format {found!r}, not {FORMAT}")
    try:
        return class_named(name)
    except LookupError as error:
        raise of_another_version(folder, about, error) from error


def _read_part(path: Path, about: dict[str, Any]) -> dict[str, NDArray[Any]]:
    arrays, of = read_arrays(path)
    if of != {name: about.get(name) for name in MARKS}:
        raise StorageError(f"{path} belongs to another save; save it again")
    return arrays
